"""The rate limit: fixed windows per key, in bounded memory."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.engine.server.rate_limits import windows
from fieldstone.engine.server.rate_limits.allowance import Allowance
from fieldstone.engine.server.rate_limits.limiter import RateLimiter
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits
from tests.apis import PRINCIPAL
from tests.clock import Clock


def taken(limiter: RateLimiter, key: UUID | None = None) -> Allowance:
    return limiter._windows.take((key or _KEY).int, limiter._limit)


_KEY = uuid4()


def test_operations_are_granted_up_to_the_limit_and_again_in_the_next_window() -> None:
    clock = Clock(1_000_000.25)
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
    of_key = windows.Windows(length=60, clock=Clock(1_000_000.25))
    assert of_key.take(_KEY.int, 5, 3).granted
    assert of_key.take(_KEY.int, 5, 3) == Allowance(limit=5, remaining=2, reset=1_000_060.25, granted=False)
    assert of_key.take(_KEY.int, 5, 2).granted


def test_each_key_has_its_own_window() -> None:
    limiter = RateLimiter(limit=1, window=60, clock=Clock(1_000_000.25))
    assert taken(limiter, key=uuid4()).granted
    assert taken(limiter, key=uuid4()).granted


def test_a_limit_of_zero_counts_nothing() -> None:
    assert RateLimiter(limit=0, window=60).take_now(PRINCIPAL, NO_LIMITS) == b""


async def test_the_lines_of_the_fast_path_are_the_headers_of_the_ordinary_one() -> None:
    clock = Clock(1_000_000.25)
    limiter, principal = RateLimiter(limit=3, window=60, clock=clock), replace(PRINCIPAL, rate_key=uuid4())
    told = [limiter.take_now(principal, RoleLimits(rate=limit)) for limit in (None, 7, None, None)]
    clock.now += 60
    told.append(limiter.take_now(principal, NO_LIMITS))
    expected = [(3, 2, 1_000_061), (7, 5, 1_000_061), (3, 0, 1_000_061), None, (3, 2, 1_000_121)]
    text = b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: %d\r\nx-ratelimit-reset: %d\r\n"
    assert told == [None if one is None else text % one for one in expected]
    headers: list[tuple[bytes, bytes]] = []
    await limiter.count(principal, headers=headers)
    assert b"".join(b"%b: %b\r\n" % header for header in headers) == text % (3, 1, 1_000_121)


async def test_a_role_has_a_limit_of_its_own() -> None:
    limits = {"viewer": RoleLimits(rate=1), "batch": RoleLimits(rate=1_000), "other": RoleLimits()}
    limiter = RateLimiter(limit=10, window=60, clock=Clock(1_000_000.25), find_limits=lambda one: limits[str(one.role)])
    for role, limit in ("viewer", 1), ("batch", 1_000), ("other", 10):
        principal, headers = replace(PRINCIPAL, role=role, rate_key=uuid4()), list[tuple[bytes, bytes]]()
        await limiter.count(principal, headers=headers)
        assert headers[0] == (b"x-ratelimit-limit", b"%d" % limit)
        lines = limiter.take_now(principal, limits[role])
        assert (lines is None) == (limit == 1)
        assert lines is None or b"x-ratelimit-limit: %d\r\n" % limit in lines


async def test_all_of_a_workspace_share_its_limit() -> None:
    limiter = RateLimiter(limit=3, workspace_limit=4, window=60, clock=Clock(1_000_000.25))
    one, other = replace(PRINCIPAL, rate_key=uuid4()), replace(PRINCIPAL, rate_key=uuid4())
    elsewhere = replace(PRINCIPAL, workspace_id=uuid4())
    headers: list[tuple[bytes, bytes]] = []
    for principal in (one, one, other):
        await limiter.count(principal, headers=headers)
    # The window that has less left is told.
    assert headers[:2] == [(b"x-ratelimit-limit", b"4"), (b"x-ratelimit-remaining", b"1")]
    assert limiter.take_now(other, NO_LIMITS)
    with pytest.raises(RateLimitExceeded, match="The workspace has used its 4 operations"):
        await limiter.count(one, headers=headers)
    assert headers[0] == (b"x-ratelimit-limit", b"4")
    await limiter.count(elsewhere)
    # The refused operation was not counted for its key.
    limiter.give_back(other)
    assert limiter.take_now(one, NO_LIMITS)
    with pytest.raises(RateLimitExceeded, match="The key has used its 3 operations"):
        await limiter.count(one)


async def test_what_is_told_is_whole_seconds_that_never_lie_too_early() -> None:
    clock = Clock(1_000_000.25)
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    taken(limiter)
    refused = taken(limiter)
    assert dict(refused.headers()) == {
        b"x-ratelimit-limit": b"1",
        b"x-ratelimit-remaining": b"0",
        b"x-ratelimit-reset": b"1000061",
    }
    assert limiter.retry_after(refused) == 60
    with pytest.raises(RateLimitExceeded) as error:
        await limiter.count(replace(PRINCIPAL, rate_key=_KEY))
    assert error.value.extensions == {"resetAt": 1_000_060_250}


def test_a_clock_that_is_set_back_does_not_lock_a_key_out() -> None:
    clock = Clock(1_000_000.25)
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    taken(limiter)
    clock.now -= 86_400
    assert taken(limiter).granted


def test_memory_is_bounded_by_forgetting_the_oldest_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_MOST", 10)
    clock = Clock(1_000_000.25)
    limiter = RateLimiter(limit=1, window=60, clock=clock)
    for number in range(100):
        clock.now += 0.001
        taken(limiter, key=UUID(int=number))
    assert list(limiter._windows._windows) == list(range(90, 100))
    clock.now += 61
    taken(limiter, key=_KEY)
    assert list(limiter._windows._windows) == [_KEY.int]
