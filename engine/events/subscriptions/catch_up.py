"""Brings subscribers up to date who are behind: the log is what waits for a slow reader, not memory."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.log.reader import Bounds, EventLog, expired
from fieldstone.engine.events.subscriptions.group import Delivery, Sets, Subscriber, SubscriptionGroup, build_sets
from fieldstone.sql.errors import DatabaseUnavailable, Serialization

_LOG = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds after which a database that was away is asked again."""

# A statement that takes too long is no such thing: it would take too long again, and all others would wait for it.
PASSING = (DatabaseUnavailable, Serialization)
"""The errors after which the same is tried again."""


class Feed(Protocol):
    """What reads for a group and hands out what it has read."""

    @property
    def frontier(self) -> int:
        """The position from which on everybody is served together."""
        ...

    async def read(
        self, group: SubscriptionGroup, after: int, upto: int, sets: Sets
    ) -> tuple[list[Delivery], int] | None:
        """Return the events behind `after`, and up to where that is all; None where the group cannot be served."""
        ...

    def hand_out(self, group: SubscriptionGroup, found: Iterable[Delivery], sets: Sets) -> set[Subscriber]:
        """Offer them to the members, and return those who had no room for all."""
        ...

    def fail(self, group: SubscriptionGroup, errors: list[ApiError]) -> None:
        """End all subscriptions of a group."""
        ...

    def prune(self, group: SubscriptionGroup) -> None:
        """Forget a group that nobody is left in."""
        ...


class CatchUp:
    """The work for those behind: one task for each group that has any.

    Args:
        feed: reads and hands out.
        log: tells what is still kept.
        counters: counted in.
        report: logs an error of ours, and returns what its subscribers are told.
    """

    def __init__(
        self, feed: Feed, log: EventLog, counters: HubCounters, report: Callable[[BaseException], ApiError]
    ) -> None:
        self._feed = feed
        self._log = log
        self._counters = counters
        self._report = report
        self._room = asyncio.Event()
        self._tasks: dict[SubscriptionGroup, asyncio.Task[None]] = {}

    def notice_room(self) -> None:
        """Go on: a queue that was full has room again, or somebody has left."""
        self._room.set()

    def chase(self, group: SubscriptionGroup) -> None:
        """See to it that those behind in a group are brought up to date."""
        if group not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._run(group), name="catch up")
            self._tasks[group] = task
            task.add_done_callback(lambda done: self._end(group, done))
        self._room.set()

    async def close(self) -> None:
        """End all of it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, group: SubscriptionGroup, done: "asyncio.Task[None]") -> None:
        del self._tasks[group]
        if not done.cancelled() and (error := done.exception()) is not None:
            self._feed.fail(group, [self._report(error)])
        elif group.behind and not done.cancelled():
            self.chase(group)

    async def _run(self, group: SubscriptionGroup) -> None:
        while group.behind:
            ready = [member for member in group.behind if member.sink.has_room]
            if not ready:
                self._room.clear()
                await self._room.wait()
                continue
            try:
                await self._step(group, ready)
            except PASSING as error:
                _LOG.warning("missed events are delivered later: %s", error)
                await asyncio.sleep(PAUSE)

    async def _step(self, group: SubscriptionGroup, ready: list[Subscriber]) -> None:
        feed = self._feed
        low = min(member.position for member in ready)
        if low < feed.frontier:
            sets = build_sets(ready)
            read = await feed.read(group, low, feed.frontier, sets)
            if read is None:
                return
            found, examined = read
            bounds = await self._log.bounds()
            if bounds.first > low + 1:
                # Retention has overtaken them while they did not read.
                self._give_up(group, ready, bounds)
                return
            full = feed.hand_out(group, found, sets)
            self._counters.caught_up += 1
            for member in ready:
                if member not in full and member.group is group:
                    member.position = max(member.position, examined)
        for member in ready:
            if member.group is group and member.position >= feed.frontier:
                group.add(member, live=True)

    def _give_up(self, group: SubscriptionGroup, ready: Iterable[Subscriber], bounds: Bounds) -> None:
        for member in [one for one in ready if one.position + 1 < bounds.first and one.group is group]:
            group.remove(member)
            member.sink.fail([expired(member.position, bounds)])
        self._feed.prune(group)
