"""Brings lagging subscribers up to date: events wait for a slow reader in the log, not in memory."""

import asyncio
from collections.abc import Callable, Iterable

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.delivery.reader import Reader, Wanted
from fieldstone.engine.events.log.reader import Bounds, EventLog, refuse_resuming
from fieldstone.engine.events.subscriptions.group import Subscriber, SubscriptionGroup, build_sets

EndMember = Callable[[Subscriber, list[ApiError]], None]
"""Ends a subscription with errors."""


class CatchUp:
    """One kind of work for groups.

    Args:
        reader: reads events and hands them out.
        log: tells the bounds of the kept events.
        end: called for subscribers whose events are not kept any more.
    """

    def __init__(self, reader: Reader, log: EventLog, end: EndMember) -> None:
        self._reader = reader
        self._log = log
        self._end = end
        self._room = asyncio.Event()

    def notice_room(self) -> None:
        """Go on: a full queue has room again, or another subscriber lags."""
        self._room.set()

    async def step(self, group: SubscriptionGroup) -> None:
        """Deliver some of the events that lagging subscribers have missed; make those live that have all.

        Raises:
            DatabaseError: the log cannot be read.
        """
        ready = [member for member in group.behind if member.sink.has_room]
        if not ready:
            self._room.clear()
            await self._room.wait()
            return
        low = min(member.position for member in ready)
        if low < group.frontier:
            sets = build_sets(ready)
            found = await self._reader.read(group, lambda: Wanted(after=low, upto=group.frontier, sets=sets))
            bounds = await self._log.bounds()
            if bounds.first > low + 1:
                # Retention has overtaken them while they did not read.
                self._give_up(group, ready, bounds)
                return
            full = await self._reader.hand_out(group, found)
            for member in ready:
                if member not in full and member.group is group:
                    member.position = max(member.position, found.upto)
        for member in ready:
            if member.group is group and member.position >= group.frontier:
                group.place(member, live=True)

    def _give_up(self, group: SubscriptionGroup, ready: Iterable[Subscriber], bounds: Bounds) -> None:
        for member in [one for one in ready if one.position + 1 < bounds.first and one.group is group]:
            self._end(member, [refuse_resuming(member.position, bounds, group.key.positions)])
