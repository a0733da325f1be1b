"""The backoff: pauses that grow to a limit, with jitter."""

import asyncio

import pytest

from fieldstone.sql.concurrency.backoff import EVEN, Backoff, pause_after


def test_a_pause_doubles_up_to_the_longest() -> None:
    pauses = [pause_after(number, first=0.1, longest=1.0, spread=EVEN) for number in (1, 2, 3, 4, 5, 100)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert pause_after(10_000, first=1.0, spread=EVEN) == 2.0**30


def test_the_jitter_stays_within_its_bounds_and_differs() -> None:
    pauses = [pause_after(3, first=1.0, spread=(0.5, 1.0)) for _ in range(200)]
    assert min(pauses) >= 2.0
    assert max(pauses) <= 4.0
    assert len(set(pauses)) > 100


async def test_a_success_begins_with_the_first_pause_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    backoff = Backoff(0.01, longest=0.03, spread=EVEN)
    for _ in range(3):
        await backoff.wait()
    assert backoff.failures == 3
    backoff.reset()
    await backoff.wait()
    assert waited == [0.01, 0.02, 0.03, 0.01]
