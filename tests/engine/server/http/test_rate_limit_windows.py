"""The rate limit: fixed windows per key, in bounded memory."""

from uuid import UUID, uuid4

import pytest

from fieldstone.engine.server.http import rate_limit
from fieldstone.engine.server.http.rate_limit import Allowance, RateLimiter


class Clock:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now = 1_000_000.25

    def __call__(self) -> float:
        return self.now


def taken(limiter: RateLimiter, operations: int = 1, key: UUID | None = None) -> Allowance:
    allowance = limiter.take(key or _KEY, operations)
    assert allowance is not None
    return allowance


_KEY = uuid4()


def test_operations_are_granted_up_to_the_limit_and_again_in_the_next_window() -> None:
    clock = Clock()
    limiter = RateLimiter(limit=3, window=60, clock=clock)
    assert [taken(limiter).remaining for _ in range(3)] == [2, 1, 0]
    refused = taken(limiter)
    assert (refused.granted, refused.remaining, refused.reset) == (False, 0, 1_000_060.25)
    clock.now += 59.75
    assert not taken(limiter).granted
    assert limiter.retry_after(refused) == 1
    clock.now += 0.25
    assert taken(limiter) == Allowance(limit=3, remaining=2, reset=1_000_120.25, granted=True)


def test_a_batch_is_granted_as_a_whole_or_not_at_all() -> None:
    limiter = RateLimiter(limit=5, window=60, clock=Clock())
    assert taken(limiter, 3).granted
    assert taken(limiter, 3) == Allowance(limit=5, remaining=2, reset=1_000_060.25, granted=False)
    assert taken(limiter, 2).granted


def test_each_key_has_its_own_window() -> None:
    limiter = RateLimiter(limit=1, window=60, clock=Clock())
    assert taken(limiter, key=uuid4()).granted
    assert taken(limiter, key=uuid4()).granted


def test_a_limit_of_zero_counts_nothing() -> None:
    assert RateLimiter(limit=0, window=60).take(_KEY) is None


def test_what_is_told_is_whole_seconds_that_never_lie_too_early() -> None:
    clock = Clock()
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    taken(limiter)
    refused = taken(limiter)
    assert dict(refused.headers()) == {
        b"x-ratelimit-limit": b"1",
        b"x-ratelimit-remaining": b"0",
        b"x-ratelimit-reset": b"1000061",
    }
    assert limiter.retry_after(refused) == 60
    assert limiter.refusal(refused).extensions == {"resetAt": 1_000_060_250}


def test_a_clock_that_is_set_back_does_not_lock_a_key_out() -> None:
    clock = Clock()
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    taken(limiter)
    clock.now -= 86_400
    assert taken(limiter).granted


def test_memory_is_bounded_by_forgetting_the_oldest_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_KEYS", 10)
    clock = Clock()
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    for number in range(100):
        clock.now += 0.001
        taken(limiter, key=UUID(int=number))
    assert list(limiter._windows) == list(range(90, 100))
    clock.now += 61
    taken(limiter, key=_KEY)
    assert list(limiter._windows) == [_KEY.int]
