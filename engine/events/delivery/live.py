"""Delivers new events to live subscribers, which have all earlier ones."""

from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.delivery.reader import Reader, Wanted
from fieldstone.engine.events.subscriptions.group import SubscriptionGroup


class LiveDelivery:
    """The work of the groups whose subscribers have all earlier events.

    Args:
        reader: reads events and hands them out.
        counters: the hub's.
    """

    def __init__(self, reader: Reader, counters: HubCounters) -> None:
        self._reader = reader
        self._counters = counters

    async def step(self, group: SubscriptionGroup) -> None:
        """Deliver some of the events that are due; a subscriber without room for them falls behind.

        Raises:
            DatabaseError: they cannot be read.
        """

        def choose() -> Wanted:
            # From here on, a subscriber that joins is not among these sets unless it joins behind the frontier.
            group.frontier = max(group.frontier, group.due)
            return Wanted(after=group.cursor, upto=group.due, sets=group.live_sets())

        found = await self._reader.read(group, choose)
        # The log keeps the rest for those whose queue is full.
        for member in await self._reader.hand_out(group, found):
            if member.group is group:
                group.place(member, live=False)
                self._counters.demoted += 1
        group.move(found.upto)
