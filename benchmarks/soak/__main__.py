"""A soak: reads, writes, sockets and a field each second, while PostgreSQL is killed twice.

    python -m benchmarks.soak [--seconds 600]

It ends with 1 where an operation failed after the documented retry, an event was lost or came twice, the log has an
error, or the server's memory grows: by half a MiB a minute at most once its caches are full, which
is judged in the second half of a run of five minutes or more, and to 300 MiB at most in any.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.process_usage import process_usage
from benchmarks.soak.load import KEPT, PLANS, change, fill_caches, read, write
from benchmarks.soak.memory import Sample, slope
from benchmarks.soak.retry import RetryingClient, Tally
from benchmarks.soak.server import Soaked, soaked
from benchmarks.soak.sockets import Subscriber, come_and_go

_READERS, _WRITERS, _SUBSCRIBERS, _VISITORS = 3, 2, 4, 2
_KILLS = (0.2, 0.4)
"""When PostgreSQL is killed, as shares of the time."""
_LONG_ENOUGH = 300.0
"""Seconds from which the growth of the memory is judged, for which all caches have to be full."""
_STEEPEST = 0.5
_MOST_MEMORY = 300.0
_PATIENCE = 60.0


@dataclass(slots=True)
class Findings:
    """The observations: samples of the server's memory, ids that were acknowledged, and the subscribers."""

    tally: Tally = field(default_factory=Tally)
    samples: list[Sample] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    kills: int = 0


async def soak(server: Soaked, seconds: float) -> Findings:
    """Return the observations of so many seconds."""
    found, is_over = Findings(), asyncio.Event()
    clients = [RetryingClient(server.url, server.key, found.tally) for _ in range(_READERS + _WRITERS + 1)]
    found.subscribers = [Subscriber(server.url, server.key, found.tally) for _ in range(_SUBSCRIBERS)]
    following = [asyncio.create_task(one.run()) for one in found.subscribers]
    try:
        await fill_caches(clients[0], KEPT + PLANS if seconds >= _LONG_ENOUGH else PLANS + PLANS // 2)
        await asyncio.gather(*(one.is_listening.wait() for one in found.subscribers))
        readers, writers, changer = clients[:_READERS], clients[_READERS:-1], clients[-1]
        async with asyncio.TaskGroup() as group:
            for client in readers:
                group.create_task(read(client, is_over))
            for client in writers:
                group.create_task(write(client, is_over, found.created.append))
            group.create_task(change(changer, is_over))
            for _ in range(_VISITORS):
                group.create_task(come_and_go(server.url, server.key, found.tally, is_over))
            await _watch(server, found, seconds)
            is_over.set()
        await _until_heard(found)
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        for client in clients:
            await client.close()
    return found


async def _watch(server: Soaked, found: Findings, seconds: float) -> None:
    """Measure each second, and kill PostgreSQL when it is time."""
    begin = time.monotonic()
    kills = [share * seconds for share in _KILLS]
    while (at := time.monotonic() - begin) < seconds:
        found.samples.append(Sample(at=at, memory=process_usage(server.process.pid).memory))
        if kills and at >= kills[0]:
            kills.pop(0)
            server.kill_postmaster()
            found.kills += 1
        await asyncio.sleep(1)


async def _until_heard(found: Findings) -> None:
    """Return when each subscriber has heard of all companies, or it is too late for that."""
    created = set(found.created)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for one in found.subscribers:
                await one.until_heard(created)


def judge(found: Findings, complaints: Sequence[str], seconds: float) -> list[str]:
    """Return the failures, a sentence each."""
    wrong = []
    if failures := found.tally.failures:
        wrong.append(f"{len(failures)} operations failed, the first: {failures[0]}")
    created = set(found.created)
    for number, one in enumerate(found.subscribers):
        lost, twice = len(created - one.heard.keys()), sum(count > 1 for count in one.heard.values())
        if lost or twice:
            wrong.append(f"subscriber {number} has not heard of {lost} companies, and of {twice} more than once")
    if complaints:
        wrong.append(f"the log has {len(complaints)} errors, the first: {complaints[0]}")
    if found.kills < len(_KILLS):
        wrong.append(f"PostgreSQL was killed {found.kills} times only")
    if (most := max(sample.memory for sample in found.samples)) > _MOST_MEMORY:
        wrong.append(f"the server had {most:.0f} MiB, more than {_MOST_MEMORY:.0f}")
    if seconds >= _LONG_ENOUGH and (steepness := slope(_second_half(found, seconds))) > _STEEPEST:
        wrong.append(f"the server's memory grew by {steepness:.2f} MiB a minute, more than {_STEEPEST}")
    return wrong


def _second_half(found: Findings, seconds: float) -> list[Sample]:
    return [sample for sample in found.samples if sample.at >= seconds / 2]


def describe(found: Findings, seconds: float) -> str:
    """Return the closing figures, a line each."""
    memory, tally = [sample.memory for sample in found.samples], found.tally
    steepness = slope(_second_half(found, seconds))
    sockets = ", ".join(str(one.sockets) for one in found.subscribers)
    lines = [
        f"{seconds:.0f} s, PostgreSQL killed {found.kills} times",
        *(f"{count:>8,} {kind}" for kind, count in sorted(tally.answered.items())),
        f"{len(tally.failures):>8,} failed",
        f"{tally.retries:>8,} sent again; the longest operation took {tally.longest:.1f} s with that",
        f"{len(found.created):>8,} companies told to {len(found.subscribers)} subscribers, over {sockets} sockets",
        f"memory in MiB: {memory[0]:.1f} at the start, {max(memory):.1f} at most, {memory[-1]:.1f} at the end",
        f"        {steepness:+.2f} a minute in the second half",
        "        " + " ".join(f"{value:.1f}" for value in memory[:: max(1, len(memory) // 10)]),
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the soak, print its figures, and return the process's status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    seconds = parser.parse_args().seconds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("the soak was stopped"))
    with soaked() as server:
        found = asyncio.run(soak(server, seconds))
        complaints = server.complaints()
    print(describe(found, seconds))
    wrong = judge(found, complaints, seconds)
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
