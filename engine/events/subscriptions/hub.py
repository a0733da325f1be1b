"""The hub: reads the log once for all subscribers of this process and hands each its events, in log order.

What is new is looked at once; each group that it may concern runs one statement. Who joins at an older position, and
whose queue is full, is brought up to date beside the others, see catch_up.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.log.reader import EventLog, expired
from fieldstone.engine.events.subscriptions.catch_up import PASSING, PAUSE, CatchUp
from fieldstone.engine.events.subscriptions.group import Delivery, Sets, Sink, Subscriber, SubscriptionGroup
from fieldstone.engine.events.subscriptions.subscription import GroupKey, Refused, Subscription, SubscriptionRequest
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.workspaces.api_keys import Principal
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError, ResponseTooLarge, StaleSchema
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds after which the log is looked at without a hint."""
LONGEST_LOOK = 2_000
"""Events that are delivered in one go."""
_AT_ONCE = 4
"""Statements that run side by side: the rest of the pool is for requests."""


class Subscribable(Protocol):
    """The API that subscriptions are made by."""

    async def subscribe(self, principal: Principal, operation: SubscriptionRequest) -> Subscription:
        """Return the subscription that an operation is under the current snapshot, or raise Refused."""

    async def refresh(self, workspace_id: UUID) -> None:
        """Have the newest model of a workspace be the current one."""


class Hub:
    """The subscribers of one process.

    Args:
        database: where the log is.
        api: makes subscriptions anew when the model has changed.
        report: logs an error of ours, and returns what its subscribers are told.
        interval: seconds between looks at the log that nobody asked for.

    Attributes:
        frontier: up to this position the present look reaches: who joins behind it is served with the others.
    """

    def __init__(
        self,
        database: Database,
        api: Subscribable,
        *,
        report: Callable[[BaseException], ApiError],
        interval: float = INTERVAL,
    ) -> None:
        self.wake = Wake()
        self.counters = HubCounters()
        self.log = EventLog(database)
        self._database = database
        self._api = api
        self._report = report
        self._interval = interval
        self._groups: dict[GroupKey, SubscriptionGroup] = {}
        self._changed: dict[UUID, Snapshot] = {}
        self._cursor = 0
        self.frontier = 0
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._catch_up = CatchUp(self, self.log, self.counters, report)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    @property
    def members(self) -> int:
        """How many subscribers there are."""
        return sum(len(group.live) + len(group.behind) for group in self._groups.values())

    def serves(self, workspace_id: UUID) -> bool:
        """Whether anybody is subscribed in a workspace."""
        return any(key.workspace_id == workspace_id for key in self._groups)

    def notice_room(self) -> None:
        """Go on with those who are behind: a queue that was full has room again."""
        self._catch_up.notice_room()

    def notice_snapshot(self, _before: Snapshot | None, snapshot: Snapshot) -> None:
        """Hold the subscriptions of a workspace against its new model, before the next event is delivered."""
        self._changed[snapshot.workspace.id] = snapshot
        self.wake()

    async def subscribe(self, subscription: Subscription, sink: Sink) -> Subscriber:
        """Begin to deliver to a subscriber.

        Raises:
            BadUserInput: what it wants to resume after is not in the log any more, or was never.
            DatabaseError: nobody can tell.
        """
        bounds = await self.log.bounds()
        after = subscription.after
        if after is not None and not bounds.holds_all_after(after):
            raise expired(after, bounds)
        member = Subscriber(subscription=subscription, sink=sink, position=bounds.last if after is None else after)
        if not self._groups and self.frontier == self._cursor:
            # Nobody was here, so nothing was read meanwhile.
            self._cursor = self.frontier = max(self._cursor, bounds.last)
        self._join(member)
        self.wake()
        return member

    def leave(self, member: Subscriber) -> None:
        """Deliver nothing more to a subscriber."""
        group = member.group
        if group is not None:
            group.remove(member)
            self.prune(group)
            self._catch_up.notice_room()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self.wake.forget()
                more = False
                try:
                    more = await self._deliver()
                except PASSING as error:
                    _LOG.warning("events are delivered later: %s", error)
                    await asyncio.sleep(PAUSE)
                if not more:
                    await self.wake.wait(self._interval)
        finally:
            await self._catch_up.close()

    def end(self, errors: list[ApiError]) -> None:
        """End all subscriptions."""
        for group in list(self._groups.values()):
            self.fail(group, errors)

    async def _deliver(self) -> bool:
        """Deliver what is new, as much as one look takes; return whether there may be more."""
        await self._revise()
        if not self._groups:
            return False
        census = await self.log.census(self._cursor, LONGEST_LOOK)
        self.counters.looks += 1
        if census is None:
            return False
        # From here on, who joins is not among the sets of this look unless it joins behind it.
        self.frontier = max(self.frontier, census.upto)
        concerned = [
            group
            for group in self._groups.values()
            if group.live and (group.key.object_id, group.key.action) in census.happened
        ]
        results = await asyncio.gather(
            *(self._advance(group, census.upto) for group in concerned), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._cursor = max(self._cursor, census.upto)
        return True

    async def _advance(self, group: SubscriptionGroup, upto: int) -> None:
        """Deliver to the live members of a group, from the hub's cursor on."""
        after = self._cursor
        while after < upto and group.live:
            sets = group.live_sets()
            read = await self.read(group, after, upto, sets)
            if read is None:
                return
            found, after = read
            for member in self.hand_out(group, found, sets):
                # Its queue is full: the log keeps the rest for it.
                member.position = max(member.position, self._cursor)
                group.add(member, live=False)
                self.counters.demoted += 1
                self._catch_up.chase(group)

    def hand_out(self, group: SubscriptionGroup, found: Iterable[Delivery], sets: Sets) -> set[Subscriber]:
        """Offer what was found to the members of the sets, and return those that had no room for all."""
        full: set[Subscriber] = set()
        delivered = 0
        for delivery in found:
            position, payload = delivery.position, delivery.payload
            for number in delivery.numbers:
                for member in sets.members[number - 1]:
                    if position <= member.position or member.group is not group or member in full:
                        continue
                    if member.sink.offer(position, payload):
                        member.position = position
                        delivered += 1
                    else:
                        full.add(member)
        self.counters.delivered += delivered
        return full

    async def read(
        self, group: SubscriptionGroup, after: int, upto: int, sets: Sets
    ) -> tuple[list[Delivery], int] | None:
        """Read for a group; None where it cannot be served, which its members have been told."""
        try:
            return await self._attempt(group, after, upto, sets)
        except StaleSchema as error:
            # The model has moved, and we may not have heard of it.
            await self._replan(group, error)
        except PASSING:
            raise
        except DatabaseError as error:
            self._give_up(group, error)
        return None

    async def _attempt(self, group: SubscriptionGroup, after: int, upto: int, sets: Sets) -> tuple[list[Delivery], int]:
        while True:
            try:
                async with self._slots:
                    self.counters.statements += 1
                    return await group.read(self._database, after, upto, sets)
            except ResponseTooLarge:
                if upto - after <= 1:
                    raise
                upto = after + (upto - after) // 2

    async def _replan(self, group: SubscriptionGroup, error: StaleSchema) -> None:
        """Renew a group's subscriptions under the newest model; those that it leaves as they are cannot be served."""
        await self._api.refresh(group.key.workspace_id)
        for member in [*group.live, *group.behind]:
            await self._renew(member)
            if (renewed := member.group) is not None and renewed.key == group.key:
                self._give_up(renewed, error)

    def _give_up(self, group: SubscriptionGroup, error: DatabaseError) -> None:
        self.fail(group, [describe(error, None, (group.key.key,)) or self._report(error)])

    def fail(self, group: SubscriptionGroup, errors: list[ApiError]) -> None:
        """End all subscriptions of a group."""
        for member in [*group.live, *group.behind]:
            group.remove(member)
            member.sink.fail(errors)
        self.prune(group)

    def _join(self, member: Subscriber) -> None:
        subscription = member.subscription
        group = self._groups.get(subscription.group)
        if group is None:
            group = SubscriptionGroup(key=subscription.group, depends=subscription.depends)
            self._groups[subscription.group] = group
        group.add(member, live=member.position >= self.frontier)
        if group.behind:
            self._catch_up.chase(group)

    def prune(self, group: SubscriptionGroup) -> None:
        """Forget a group that nobody is left in."""
        if group.is_empty and self._groups.get(group.key) is group:
            del self._groups[group.key]

    async def _revise(self) -> None:
        """Renew the subscriptions that a change of the model touched."""
        while self._changed:
            workspace_id, snapshot = next(iter(self._changed.items()))
            for group in list(self._groups.values()):
                if group.key.workspace_id == workspace_id and not _holds(group.depends, snapshot):
                    for member in [*group.live, *group.behind]:
                        await self._renew(member)
            if self._changed[workspace_id] is snapshot:
                del self._changed[workspace_id]

    async def _renew(self, member: Subscriber) -> None:
        """Make a subscription anew under the current model, or end it with the reason why it cannot be."""
        subscription = member.subscription
        try:
            renewed = await self._api.subscribe(subscription.principal, subscription.operation)
        except Refused as refused:
            self.leave(member)
            member.sink.fail(refused.errors)
            return
        except MetadataError as error:
            self.leave(member)
            member.sink.fail([BadUserInput(f"The workspace is gone: {error}.")])
            return
        group = member.group
        if group is None:
            return
        is_live = member in group.live
        if is_live:
            member.position = max(member.position, self._cursor)
        group.remove(member)
        self.prune(group)
        member.subscription = renewed
        self._join(member)


def _holds(depends: Mapping[UUID, Object], snapshot: Snapshot) -> bool:
    return all(snapshot.objects.get(key) is object_ for key, object_ in depends.items())
