"""The live queries of one process: which of them an event concerns, and when their statements run."""

from collections.abc import Callable
from uuid import UUID

from fieldstone.engine.errors import ApiError, QueryTooComplex
from fieldstone.engine.events.delivery.renewal import Renewal
from fieldstone.engine.events.delivery.subscribable import Subscribable
from fieldstone.engine.events.delivery.work import GroupWork, Judge, Watch, unwatched
from fieldstone.engine.events.live.boundaries import Boundaries, ReadClock
from fieldstone.engine.events.live.execution import Execution
from fieldstone.engine.events.live.group import LiveGroup, LiveMember
from fieldstone.engine.events.live.registry import LiveRegistry
from fieldstone.engine.events.log.reader import Census
from fieldstone.engine.events.subscriptions.live_query import AnySubscription, LiveQuery
from fieldstone.metadata.access.view import still_hold
from fieldstone.metadata.model import Snapshot


class LiveQueries:
    """The live queries of one process.

    Args:
        api: makes them again when the model has changed.
        judge: decides about groups whose statements fail.
        execution: runs the statements.
        read_clock: see `Boundaries`.
        most_groups: groups of one workspace.
        end: ends a live query with errors.
    """

    def __init__(
        self,
        api: Subscribable,
        judge: Judge[LiveGroup],
        execution: Execution,
        read_clock: ReadClock,
        *,
        most_groups: int,
        end: Callable[[LiveMember, list[ApiError]], None],
        watch: Watch = unwatched,
    ) -> None:
        self.registry = LiveRegistry(most_groups, self.run_soon)
        self.boundaries = Boundaries(lambda: self.registry, read_clock)
        self._api = api
        self._waiting = execution.waiting
        renewal = Renewal[LiveMember](api, end=end, rejoin=self._rejoin)
        self._work = GroupWork[LiveGroup](
            "live queries", judge, is_left=lambda group: group.has_work, step=execution.step, watch=watch
        )
        self._renewal = GroupWork[LiveGroup](
            "renewed live queries",
            judge,
            is_left=lambda group: group.is_retired and not group.is_empty,
            step=renewal.step,
            watch=watch,
        )

    def join(self, member: LiveMember) -> None:
        """Answer a new member at once; its group's other members are told if the answer is another one.

        Raises:
            QueryTooComplex: the workspace has as many groups as it may have.
        """
        group = self.registry.find(member.subscription)
        group.join(member)
        if self._api.has_moved(group.key.workspace_id, member.subscription.principal.role, group.depends):
            # The model changed while the live query was made.
            self._retire(group)
            return
        self.run_soon(group)
        if group.changes_each is not None:
            self.boundaries.wake()

    def leave(self, member: LiveMember) -> None:
        """Send a member nothing more, and end a statement that runs for it alone."""
        group = member.group
        if group is not None:
            group.remove(member)
            member.place.leave()
            self._tidy(group)

    def run_soon(self, group: LiveGroup) -> None:
        """Have the statement of a group run as soon as it is the group's turn."""
        group.cancel_timer()
        group.is_due = True
        self._work.start(group)

    def note(self, census: Census) -> None:
        """Have the groups run that the events concern, each when its interval has passed since the first of them."""
        for object_id, last in census.touched.items():
            for group in self.registry.reading(object_id):
                if last > group.covered and not group.is_due and _concern(census, object_id, group):
                    group.run_within(group.key.interval)

    def notice_snapshot(self, snapshot: Snapshot) -> None:
        """Renew the live queries of a workspace that its new model touches."""
        for group in self.registry.of(snapshot.workspace.id):
            if not all(still_hold(group.depends, snapshot, role) for role in group.roles):
                self._retire(group)

    def renew(self, workspace_id: UUID) -> None:
        """Make all live queries of a workspace again."""
        for group in self.registry.of(workspace_id):
            self._retire(group)

    async def close(self) -> None:
        """End all statements that are under way."""
        for group in self.registry:
            group.cancel_timer()
        for work in (self._work, self._renewal):
            await work.close()

    def _rejoin(self, member: LiveMember, query: AnySubscription) -> None:
        group = member.group
        if group is None or not isinstance(query, LiveQuery):
            return
        group.remove(member)
        member.subscription = query
        try:
            self.join(member)
        except QueryTooComplex as error:
            member.place.leave()
            member.sink.fail([error])
        self._tidy(group)

    def _retire(self, group: LiveGroup) -> None:
        """Move the members of a group to groups under the current snapshot."""
        if group.is_retired:
            return
        self.registry.unlist(group)
        group.is_retired = True
        group.cancel_timer()
        self._work.stop(group)
        self._renewal.start(group)

    def _tidy(self, group: LiveGroup) -> None:
        """End work that no member of a group waits for any more, and forget an empty group."""
        if group.is_empty:
            self._work.stop(group)
            self._renewal.stop(group)
            self._waiting.forget(group)
            self.registry.drop(group)


def _concern(census: Census, object_id: UUID, group: LiveGroup) -> bool:
    """Return whether the events of an object may change a group's answer."""
    if group.anchored is not None and group.anchored.object_id == object_id:
        for name, value in group.anchored.values.items():
            # A group that has joined since then asked for no values yet.
            if (seen := census.values.get((object_id, name))) is not None and value not in seen:
                return False
    changed = census.changed.get(object_id)
    return changed is None or not changed.isdisjoint(group.reads[object_id])
