"""Counts of rate limits in memory that processes share."""

import asyncio
import fcntl
import os
import random
import signal
from collections.abc import Iterator

import pytest

from fieldstone.engine.server.cli.supervisor.board import make_shared_file
from fieldstone.engine.server.rate_limits import count_table
from fieldstone.engine.server.rate_limits.count_table import COUNTS_SIZE
from fieldstone.engine.server.rate_limits.leases import Leases
from fieldstone.engine.server.rate_limits.shared_counts import SharedCounts

HOUR = 3_600.0


@pytest.fixture
def file() -> int:
    return make_shared_file("test", COUNTS_SIZE)


async def test_counts_begin_with_nothing_and_end_with_their_time(file: int) -> None:
    now = [1_000.0]
    counts = SharedCounts(file, clock=lambda: now[0])
    assert [await counts.incr("a", 10, 3), await counts.incr("a", 10, 4), await counts.incr("b", 10)] == [3, 7, 1]
    assert await counts.incr("a", 10, -5) == 2
    now[0] += 11
    assert await counts.incr("a", 10, 1) == 1


async def test_many_keys_keep_their_counts(file: int) -> None:
    counts = SharedCounts(file)
    for turn in range(1, 3):
        assert {await counts.incr(f"key {number}", 3_600) for number in range(20_000)} == {turn}


async def test_a_full_set_drops_the_count_that_ends_first(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_table, "_SETS", 1)
    counts = SharedCounts(file)
    for number in range(9):
        await counts.incr(f"{number}", 100 + number)
    assert [await counts.incr("8", 200), await counts.incr("1", 200)] == [2, 2]
    assert await counts.incr("0", 200) == 1


def test_processes_grant_the_limit_together_and_no_more(file: int) -> None:
    """Four real processes, each with some hundred keys, spend more than there is."""
    pipes = [_spend_elsewhere(file, number) for number in range(4)]
    granted = [os.read(pipe, 100) for pipe in pipes]
    for pipe in pipes:
        os.close(pipe)
    assert sum(map(int, granted)) == 10 * 100


def _spend_elsewhere(file: int, seed: int) -> int:
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            os.write(theirs, b"%d" % asyncio.run(_spend(file, seed)))
        finally:
            os._exit(0)
    os.close(theirs)
    return ours


async def _spend(file: int, seed: int) -> int:
    leases = Leases(SharedCounts(file), length=100 * HOUR, workers=4)
    turns = [number for number in range(10) for _ in range(150)]
    random.Random(seed).shuffle(turns)  # noqa: S311 - an order
    granted = 0
    for number in turns:
        granted += (await leases.take(number, 100)).granted
    assert leases.counters.failed == 0
    return granted


@pytest.fixture
def held(file: int) -> Iterator[int]:
    """The file, whose lock a process holds that does nothing more."""
    ready, told = os.pipe()
    if (holder := os.fork()) == 0:
        fcntl.lockf(file, fcntl.LOCK_EX)
        os.write(told, b"1")
        signal.pause()
        os._exit(0)
    os.close(told)
    os.read(ready, 1)
    os.close(ready)
    yield file
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)


async def test_while_a_process_is_paused_with_the_lock_each_has_its_share(held: int) -> None:
    leases = Leases(SharedCounts(held), length=HOUR, workers=4)
    granted = [(await leases.take(7, 100)).granted for _ in range(50)]
    assert sum(granted) == 25
    assert leases.is_away
