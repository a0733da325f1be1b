"""A group of live queries: one statement, its newest answer, and the members that have not been sent it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.quotas import Place
from fieldstone.engine.events.subscriptions.live_query import Anchored, LiveKey, LiveQuery
from fieldstone.engine.planner.live_queries import ObjectReads
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.roles.role import RoleReference
from fieldstone.sql.plan.operands import TimeUnit


class LiveAnswer(NamedTuple):
    """An answer: JSON text as the GraphQL specification has it.

    Attributes:
        position: the events up to it are covered, as clients see it; empty if it answers for no events.
        digest: a hash of the data, by which equal answers are known.
    """

    position: str
    payload: str
    digest: bytes


Take = Callable[[], LiveAnswer | None]
"""Returns the newest answer at the moment at which it is sent; None where nothing is to be sent any more."""


class LiveSink(Protocol):
    """The queue of a live query's answers."""

    def announce(self, take: Take) -> None:
        """Send an answer when the client has read all earlier messages; the next call follows that of `take`."""

    def fail(self, errors: list[ApiError]) -> None:
        """End the live query with errors."""


@dataclass(slots=True, eq=False, kw_only=True)
class LiveMember:
    """A client's live query.

    Attributes:
        subscription: its request.
        place: its share of the workspace's quota.
        seen: the digest of the answer that it was sent last.
        is_announced: an answer waits to be sent: the newest at that moment.
        group: None after it has left.
    """

    subscription: LiveQuery
    sink: LiveSink
    place: Place
    seen: bytes = b""
    is_announced: bool = False
    group: "LiveGroup | None" = None


@dataclass(slots=True, eq=False, kw_only=True)
class LiveGroup:
    """Live queries that have one answer.

    Attributes:
        reads: the columns that the statement reads, by the id of their object.
        anchored: an object, and the columns that have one value in all records of it which the statement reads.
        changes_each: the smallest unit of time at whose start the answer may change without a write.
        depends: the objects that the statement depends on.
        roles: those of all members that it has had: under each of them the dependencies must hold.
        is_due: the statement is to run as soon as it is the group's turn.
        is_slow: the statement has taken longer than other groups should wait for.
        is_retired: the model has changed: the members are moving to other groups.
        covered: the position that the statement which ran last has covered.
        answer: the newest answer, as long as it waits for members.
        run_soon: has the statement run.
    """

    key: LiveKey
    reads: ObjectReads
    anchored: Anchored | None
    changes_each: TimeUnit | None
    depends: Dependencies
    run_soon: Callable[["LiveGroup"], None]
    members: dict[LiveMember, None] = field(default_factory=dict)
    roles: set[RoleReference] = field(default_factory=set)
    is_due: bool = False
    is_slow: bool = False
    is_retired: bool = False
    covered: int = 0
    answer: LiveAnswer | None = None
    _waiting: int = 0
    _timer: asyncio.TimerHandle | None = None

    def __iter__(self) -> Iterator[LiveMember]:
        """Go through the present members."""
        return iter(list(self.members))

    @property
    def is_empty(self) -> bool:
        """Return whether the group has no member left."""
        return not self.members

    @property
    def has_work(self) -> bool:
        """Return whether the statement is to run now."""
        return self.is_due and bool(self.members) and not self.is_retired

    @property
    def is_awaited(self) -> bool:
        """Return whether the answer waits for a member."""
        return bool(self._waiting)

    def run_within(self, seconds: float) -> None:
        """Have the statement run after so many seconds at most; an earlier time that was set before stays."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self.run_soon, self)

    def begin(self) -> None:
        """Note that the statement runs now, which covers all events that were noted before."""
        self.is_due = False
        self.cancel_timer()

    def cancel_timer(self) -> None:
        """Forget the time that was set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def join(self, member: LiveMember) -> None:
        """Add a member."""
        member.group = self
        self.roles.add(member.subscription.principal.role)
        self.members[member] = None

    def remove(self, member: LiveMember) -> None:
        """Remove a member; an answer that was announced to it is not sent any more."""
        member.group = None
        self.members.pop(member, None)
        if member.is_announced:
            member.is_announced = False
            self._one_less()
        if not self.members:
            self.cancel_timer()

    def announce(self, answer: LiveAnswer, member: LiveMember) -> bool:
        """Announce an answer to a member that has not seen it; return whether it was."""
        if member.group is not self or member.is_announced or member.seen == answer.digest:
            return False
        member.is_announced = True
        self.answer = answer
        self._waiting += 1
        member.sink.announce(lambda: self._take(member))
        return True

    def _take(self, member: LiveMember) -> LiveAnswer | None:
        """Return the newest answer for a member that is about to be sent it."""
        if member.group is not self or not member.is_announced:
            return None
        member.is_announced = False
        answer = self.answer
        self._one_less()
        if answer is None:
            # It has made room for others.
            self.run_soon(self)
            return None
        if answer.digest == member.seen:
            return None
        member.seen = answer.digest
        return answer

    def _one_less(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self.answer = None
