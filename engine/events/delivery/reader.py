"""Reads events for a group, with a ticket of its workspace, and hands them out to its members."""

import asyncio
from collections.abc import Callable, Iterable

from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.delivery.tickets import Tickets
from fieldstone.engine.events.subscriptions.group import LONGEST_REACH, Delivery, Sets, Subscriber, SubscriptionGroup
from fieldstone.sql.errors import ResponseTooLarge, StatementTimeout
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen

TIME_LIMIT = 2.0
"""Seconds after which a group has to wait for one of the tickets that are for slow ones."""
_SHORTER = 16
"""A range that took too long is tried again with this part of it."""
_OFFERS = 1_000
"""Results that are handed out before others get their turn: a millisecond or two."""


@frozen
class Wanted:
    """The events behind `after` up to `upto`, for these sets."""

    after: int
    upto: int
    sets: Sets


@frozen
class Found:
    """The events of a range that some of the sets want, up to `upto`."""

    deliveries: list[Delivery]
    upto: int
    sets: Sets


class Reader:
    """The reader of all groups.

    Args:
        database: where the log is.
        tickets: how many statements run at once.
        counters: counted in.
    """

    def __init__(self, database: Database, tickets: Tickets, counters: HubCounters) -> None:
        self._database = database
        self._tickets = tickets
        self._counters = counters

    async def read(self, group: SubscriptionGroup, choose: Callable[[], Wanted]) -> Found:
        """Return the events of a range, or of its beginning.

        The range is chosen when the ticket has come, so that nothing is read for subscribers that have left meanwhile.

        Raises:
            DatabaseError: they cannot be read.
        """
        loop = asyncio.get_running_loop()
        while True:
            slow = group.is_slow
            async with self._tickets.hold(group.key.workspace_id, slow=slow or group.is_held_up(self._database)):
                wanted = choose()
                after, sets = wanted.after, wanted.sets
                upto = min(wanted.upto, after + group.reach)
                self._counters.statements += 1
                begun = loop.time()
                try:
                    found, reached = await group.read(
                        self._database, after, upto, sets, limit=None if slow else TIME_LIMIT
                    )
                except ResponseTooLarge:
                    if upto - after <= 1:
                        raise
                    group.reach = (upto - after) // 2
                    continue
                except StatementTimeout:
                    self._counters.overdue += 1
                    if slow and upto - after <= 1:
                        raise
                    if slow:
                        group.reach = max(1, (upto - after) // _SHORTER)
                    group.is_slow = True
                    continue
                group.is_slow = slow and loop.time() - begun > TIME_LIMIT / 2
                group.reach = min(2 * group.reach, LONGEST_REACH)
                return Found(deliveries=found, upto=reached, sets=sets)

    async def hand_out(self, group: SubscriptionGroup, found: Found) -> set[Subscriber]:
        """Offer the results to the members of the sets, and return those that had no room for all."""
        full: set[Subscriber] = set()
        offers = 0
        for delivery in found.deliveries:
            for member in _wanting(found.sets, delivery.numbers):
                offers += 1
                if offers % _OFFERS == 0:
                    await asyncio.sleep(0)
                if delivery.position <= member.position or member.group is not group or member in full:
                    continue
                if member.sink.offer(delivery.shown, delivery.payload):
                    member.position = delivery.position
                    self._counters.delivered += 1
                else:
                    full.add(member)
        return full


def _wanting(sets: Sets, numbers: bytes) -> Iterable[Subscriber]:
    for number in numbers.split(b","):
        yield from sets.members[int(number) - 1]
