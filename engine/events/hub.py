"""The hub: reads the log once for all subscribers of this process, and has each group read the events that concern it.

Each group has a cursor of its own and is read for at its own pace, with tickets of its workspace: no group waits for
the events of another. A subscriber that joins at an older position, or whose queue is full, catches up beside them.
See `fieldstone.engine.events.delivery`.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.delivery.catch_up import CatchUp
from fieldstone.engine.events.delivery.live import LiveDelivery
from fieldstone.engine.events.delivery.reader import Reader
from fieldstone.engine.events.delivery.registry import Registry
from fieldstone.engine.events.delivery.renewal import Renewal
from fieldstone.engine.events.delivery.subscribable import Subscribable
from fieldstone.engine.events.delivery.tickets import Tickets
from fieldstone.engine.events.delivery.work import PAUSE, GroupWork, Watch, unwatched
from fieldstone.engine.events.live.execution import Execution
from fieldstone.engine.events.live.group import LiveGroup, LiveMember, LiveSink
from fieldstone.engine.events.live.queries import LiveQueries
from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.events.log.epochs import find_position
from fieldstone.engine.events.log.reader import Census, EventLog, refuse_resuming
from fieldstone.engine.events.model_watchers import ModelMember, ModelWatchers
from fieldstone.engine.events.quotas import Place, QuotaLimits, Quotas, owner_of
from fieldstone.engine.events.subscriptions.group import Sink, Subscriber, SubscriptionGroup
from fieldstone.engine.events.subscriptions.live_query import AnySubscription, LiveQuery
from fieldstone.engine.events.subscriptions.model_watch import ModelWatch
from fieldstone.engine.events.subscriptions.subscription import Subscription
from fieldstone.engine.events.subscriptions.tail import TailKey
from fieldstone.metadata.access.view import still_hold
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError, StaleSchema
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between reads of the log without a hint."""
LONGEST_LOOK = 2_000
"""Events that one read of the log takes in."""
_FEWEST_TICKETS = 3
"""One for a workspace's slow statements, one for its others, and one for other workspaces."""

AnyGroup = SubscriptionGroup | LiveGroup
AnyMember = Subscriber | LiveMember | ModelMember


class ClientSink(Sink, LiveSink, Protocol):
    """The queue of a subscriber, which takes results and announcements of answers."""


class Hub:
    """The subscribers of one process.

    Args:
        database: where the log is. At most half of its connections are used, but three: the rest is for requests.
        api: makes subscriptions again when the model has changed.
        report: logs an internal error, and returns the error for its subscribers.
        limits: the quotas of subscribers.
        live_poll: seconds after which live queries are answered again without an event; 0: they are not.
        watch: wraps the steps of the works.

    Attributes:
        position: the events up to it have been noted in their groups.
        registry: the groups of event subscriptions.
        live: the live queries.
        models: the subscribers to changes of the model.
    """

    def __init__(
        self,
        database: Database,
        api: Subscribable,
        *,
        report: Callable[[BaseException], ApiError],
        limits: QuotaLimits | None = None,
        live_poll: float = 0,
        watch: Watch = unwatched,
    ) -> None:
        self.wake = Wake()
        self.counters = HubCounters()
        self._database = database
        self.log = EventLog(database)
        self.quotas = Quotas(limits or QuotaLimits())
        self.position = 0
        self._reach = BatchSize(LONGEST_LOOK)
        self._api = api
        self._report = report
        self.registry = Registry()
        self.models = ModelWatchers()
        total = max(_FEWEST_TICKETS, database.stats().limit // 2)
        tickets = Tickets(total)
        reader = Reader(database, tickets, self.counters)
        self._waiting = CatchUp(reader, self.log, self._end_member)
        renewal = Renewal[Subscriber](api, end=self._end_member, rejoin=self._rejoin)
        self._delivery = LiveDelivery(reader, self.counters)
        self._live = GroupWork[SubscriptionGroup](
            "live events", self, is_left=lambda group: group.has_news, step=self._deliver, watch=watch
        )
        self._catch_up = GroupWork[SubscriptionGroup](
            "missed events",
            self,
            is_left=lambda group: bool(group.behind) and not group.is_retired,
            step=self._chase,
            watch=watch,
        )
        self._renewal = GroupWork[SubscriptionGroup](
            "renewed subscriptions",
            self,
            is_left=lambda group: group.is_retired and not group.is_empty,
            step=renewal.step,
            watch=watch,
        )
        execution = Execution(
            database,
            tickets,
            total,
            self.counters,
            poll=live_poll,
            position=lambda: self.position,
        )
        self.live = LiveQueries(
            api,
            self,
            execution,
            self.log.clock,
            most_groups=self.quotas.limits.live_queries,
            end=self._end_member,
            watch=watch,
        )

    @property
    def groups(self) -> int:
        """Return the number of groups of event subscriptions."""
        return len(self.registry)

    @property
    def members(self) -> int:
        """Return the number of subscribers."""
        events = sum(len(group.live) + len(group.behind) for group in self.registry)
        return events + sum(len(group.members) for group in self.live.registry) + len(self.models)

    def serves(self, workspace_id: UUID) -> bool:
        """Return whether a workspace has subscribers."""
        rooms = (self.registry, self.live.registry, self.models)
        return any(room.serves(workspace_id) for room in rooms)

    def notice_room(self) -> None:
        """Go on with lagging subscribers: a full queue has room again."""
        self._waiting.notice_room()

    def notice_snapshot(self, before: Snapshot | None, snapshot: Snapshot) -> None:
        """Renew the subscriptions of a workspace that its new model touches, before their next event is delivered."""
        self.models.notice_snapshot(before, snapshot)
        for group in self.registry.of(snapshot.workspace.id):
            # A tail is about all objects: to look whether each is the same would take longer than to renew its members.
            is_tail = isinstance(group.key, TailKey)
            if is_tail or not all(still_hold(group.depends, snapshot, role) for role in group.roles):
                self._retire(group)
        self.live.notice_snapshot(snapshot)

    def served(self) -> list[UUID]:
        """Return the workspaces that have subscribers to their records."""
        return list({group.key.workspace_id for group in (*self.registry, *self.live.registry)})

    def renew(self, workspace_id: UUID) -> None:
        """Make all subscriptions to the records of a workspace again: a document of theirs may be refused by now."""
        for group in self.registry.of(workspace_id):
            self._retire(group)
        self.live.renew(workspace_id)

    async def subscribe(self, subscription: AnySubscription, sink: ClientSink, place: Place | None = None) -> AnyMember:
        """Begin to deliver to a subscriber, whose place was taken already where the operation was counted before.

        Raises:
            BadUserInput: the position to resume after is not in the log any more, or was never.
            QueryTooComplex: a quota of its workspace is used up.
            DatabaseError: the log cannot be read.
        """
        place = place or self.quotas.admit(owner_of(subscription.principal), 0)
        try:
            place.resize(subscription.size)
            if isinstance(subscription, ModelWatch):
                return self.models.join(subscription, sink, place)
            if isinstance(subscription, LiveQuery):
                return await self._subscribe_live(subscription, sink, place)
            position = await self._begin(subscription)
        except BaseException:
            place.leave()
            raise
        member = Subscriber(subscription=subscription, sink=sink, position=position, place=place)
        self._join(member)
        self.wake()
        return member

    async def _subscribe_live(self, query: LiveQuery, sink: LiveSink, place: Place) -> LiveMember:
        await self._begin()
        member = LiveMember(subscription=query, sink=sink, place=place)
        self.live.join(member)
        return member

    def leave(self, member: AnyMember) -> None:
        """Deliver nothing more to a subscriber, and end a statement that runs for it alone."""
        if isinstance(member, LiveMember):
            self.live.leave(member)
            return
        if isinstance(member, ModelMember):
            self.models.leave(member)
            return
        group = member.group
        if group is not None:
            group.remove(member)
            member.place.leave()
            self._tidy(group)
            self._waiting.notice_room()

    async def run(self) -> None:
        """Read the log until cancelled."""
        pause = LogPause()
        while True:
            self.wake.forget()
            more = False
            try:
                more = await self._look()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.warning("events are noticed later: %s", error)
                await asyncio.sleep(PAUSE)
            if not more:
                await self.wake.wait(INTERVAL)

    async def close(self) -> None:
        """End all deliveries that are under way."""
        for work in (self._live, self._catch_up, self._renewal):
            await work.close()
        await self.live.close()

    def end(self, errors: list[ApiError]) -> None:
        """End all subscriptions."""
        groups: list[AnyGroup] = [*self.registry, *self.live.registry]
        for group in groups:
            self._fail(group, errors)
        for member in self.models:
            self._end_member(member, errors)

    async def answers(self) -> bool:
        """Return whether the database serves others."""
        try:
            await self.log.bounds()
        except DatabaseError:
            return False
        return True

    async def replan(self, group: AnyGroup, error: StaleSchema) -> None:
        """Renew a group whose statement names a dropped table or column, or end it.

        Raises:
            DatabaseError: the model cannot be read.
        """
        if not group.is_retired:
            await self._api.refresh(group.key.workspace_id)
        if not group.is_retired:
            self.give_up(group, error)

    def give_up(self, group: AnyGroup, error: BaseException) -> None:
        """End all subscriptions of a group."""
        known = describe(error, None, (group.key.key,)) if isinstance(error, DatabaseError) else None
        self._fail(group, [known or self._report(error)])

    async def _begin(self, subscription: Subscription | None = None) -> int:
        """Return the position that a subscriber begins behind."""
        after = None
        if subscription is not None and subscription.after is not None:
            key = subscription.group
            given = key.positions.read(subscription.after, "after")
            after = await find_position(self._database, key.workspace_id, key.positions, given)
        bounds = await self.log.bounds()
        if subscription is not None and after is not None and not bounds.holds_all_after(after):
            raise refuse_resuming(after, bounds, subscription.group.positions)
        if not self._has_groups:
            # Without subscribers the log was not read meanwhile.
            self.position = max(self.position, bounds.last)
        return bounds.last if after is None else after

    @property
    def _has_groups(self) -> bool:
        return bool(len(self.registry) or len(self.live.registry))

    async def _look(self) -> bool:
        """Note the new events in their groups, as many as one look takes in; return whether there may be more."""
        if not self._has_groups:
            return False
        after = self.position
        with self._reach.tried() as reach:
            census = await self.log.census(after, reach, self.live.registry.anchoring())
        self.counters.looks += 1
        if census is None:
            return False
        await self._meet_objects(census)
        self.position = max(self.position, census.upto)
        for (object_id, action), last in census.happened.items():
            for group in self.registry.about(census.homes[object_id], object_id, action):
                group.note(last, after=after)
                self._live.start(group)
        self.live.note(census)
        return True

    async def _meet_objects(self, census: Census) -> None:
        """Renew the tails whose model is older than an object of the events, with the newest model.

        Their members go on behind the present position, and so get the first events of the object, too.
        """
        for object_id, home in census.homes.items():
            if late := self.registry.tails_without(home, object_id):
                with suppress(UnknownObject):  # The workspace is gone, which renewals find as well.
                    await self._api.refresh(home)
                for group in late:
                    self._retire(group)

    async def _deliver(self, group: SubscriptionGroup) -> None:
        await self._delivery.step(group)
        self._start(group)

    async def _chase(self, group: SubscriptionGroup) -> None:
        await self._waiting.step(group)
        self._live.start(group)

    def _start(self, group: SubscriptionGroup) -> None:
        """Start the delivery to all members of a group, new ones included."""
        self._live.start(group)
        if group.behind:
            self._catch_up.start(group)
            self._waiting.notice_room()

    def _join(self, member: Subscriber) -> None:
        subscription = member.subscription
        group = self.registry.find(subscription, position=self.position)
        group.join(member)
        if self._api.has_moved(group.key.workspace_id, member.subscription.principal.role, group.depends):
            # The model changed while the subscription was made.
            self._retire(group)
        else:
            self._start(group)

    def _rejoin(self, member: Subscriber, subscription: AnySubscription) -> None:
        group = member.group
        if group is not None and isinstance(subscription, Subscription):
            group.remove(member)
            member.subscription = subscription
            self._join(member)
            self._tidy(group)

    def _retire(self, group: SubscriptionGroup) -> None:
        """Move the members of a group to groups under the current snapshot."""
        if group.is_retired:
            return
        self.registry.unlist(group)
        if group.cursor >= group.due:
            group.move(self.position)
        group.is_retired = True
        self._live.stop(group)
        self._catch_up.stop(group)
        self._renewal.start(group)

    def _end_member(self, member: AnyMember, errors: list[ApiError]) -> None:
        self.leave(member)
        member.sink.fail(errors)

    def _fail(self, group: AnyGroup, errors: list[ApiError]) -> None:
        for member in group:
            self._end_member(member, errors)

    def _tidy(self, group: SubscriptionGroup) -> None:
        """End work that no member of a group waits for any more, and forget an empty group."""
        if not group.live:
            self._live.stop(group)
        if not group.behind:
            self._catch_up.stop(group)
        if group.is_empty:
            self._renewal.stop(group)
            self.registry.drop(group)
