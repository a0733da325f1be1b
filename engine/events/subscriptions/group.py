"""A group: subscriptions that one statement serves, each with its place in the log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, assert_never

from fieldstone.engine.errors import ApiError, NotFound
from fieldstone.engine.events.quotas import Place
from fieldstone.engine.events.subscriptions.subscription import AnyKey, GroupKey, Subscription
from fieldstone.engine.events.subscriptions.tail import TailKey, read_sets
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.roles.role import RoleReference
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen

MOST_SET_BYTES = 1 << 20
"""The most bytes of a group's parameter sets, which each of its statements carries; a single set may have more."""

LONGEST_REACH = 1 << 32
"""The most positions that one statement reads: as good as all."""


class Sink(Protocol):
    """The bounded queue of a subscriber's results."""

    @property
    def has_room(self) -> bool:
        """Return whether the queue takes another result."""

    def offer(self, position: str, payload: str) -> bool:
        """Take a result, JSON text as the GraphQL specification has it; return False where the queue is full."""

    def fail(self, errors: list[ApiError]) -> None:
        """End the subscription with errors."""


@dataclass(slots=True, eq=False, kw_only=True)
class Subscriber:
    """A subscriber.

    Attributes:
        position: the events up to it were delivered, or do not concern the subscriber.
        place: its share of the workspace's quota.
        group: None after it has left.
    """

    subscription: Subscription
    sink: Sink
    position: int
    place: Place
    group: "SubscriptionGroup | None" = None

    @property
    def begin(self) -> str:
        """Return the position behind which its events are still to come, as clients see it."""
        return self.subscription.group.positions.write(self.position)

    @property
    def is_sealed(self) -> bool:
        """Whether its client is told no numbers."""
        return self.subscription.group.positions.sealed

    def advance(self, noted: int) -> bool:
        """Move to the position up to which it was offered all of its events; return whether that is a later one.

        Args:
            noted: the position up to which the events have been noted in their groups.
        """
        group, before = self.group, self.position
        if group is not None and self in group.live:
            is_idle = group.cursor >= group.due and not group.is_retired
            self.position = max(before, noted if is_idle else group.cursor)
        return self.position > before


@frozen
class Delivery:
    """One event for the subscribers whose sets have these numbers, decimal from 1 with commas between them.

    Attributes:
        shown: its position as clients see it.
    """

    position: int
    shown: str
    numbers: bytes
    payload: str


@frozen
class Sets:
    """The subscribers of each parameter set; `text` is the parameter of the statement, with the sets in this order."""

    members: tuple[tuple[Subscriber, ...], ...]
    text: bytes


@dataclass(slots=True, eq=False, kw_only=True)
class SubscriptionGroup:
    """Subscribers that share a statement.

    Attributes:
        depends: the objects that the statement depends on.
        roles: those of all members that it has had: under each of them the dependencies must hold.
        cursor: the events up to it were delivered to the live subscribers, or do not concern them.
        frontier: the end of the range that is being read for them: a subscriber that joins behind it is served with
            them.
        due: the position of the newest event that concerns the group.
        live: the subscribers that have all events before the cursor.
        behind: the subscribers that still miss events before the frontier.
        is_slow: its statement has taken longer than other groups should wait for.
        reach: positions that one statement reads: fewer after one that took too long or found too much.
        is_retired: the model has changed: its members are moving to other groups.
    """

    key: AnyKey
    depends: Dependencies
    cursor: int
    frontier: int = field(init=False)
    due: int = field(init=False)
    live: set[Subscriber] = field(default_factory=set)
    behind: set[Subscriber] = field(default_factory=set)
    roles: set[RoleReference] = field(default_factory=set)
    is_slow: bool = False
    reach: int = LONGEST_REACH
    is_retired: bool = False
    _sets: Sets | None = None
    _wanted: Counter[bytes] = field(default_factory=Counter)
    _set_bytes: int = 0

    def __post_init__(self) -> None:
        """Begin with nothing to deliver."""
        self.frontier = self.due = self.cursor

    def __iter__(self) -> Iterator[Subscriber]:
        """Go through the present members."""
        return iter([*self.live, *self.behind])

    @property
    def is_empty(self) -> bool:
        """Return whether the group has no subscriber left."""
        return not self.live and not self.behind

    @property
    def has_news(self) -> bool:
        """Return whether an event is due for the live subscribers."""
        return self.cursor < self.due and bool(self.live) and not self.is_retired

    def has_room(self, parameter_set: bytes) -> bool:
        """Return whether a subscriber with this set can join."""
        return (
            not self._wanted or parameter_set in self._wanted or self._set_bytes + len(parameter_set) <= MOST_SET_BYTES
        )

    def note(self, position: int, *, after: int) -> None:
        """Note an event that concerns the group, the first behind the position `after`."""
        if self.cursor >= self.due or not self.live:
            self.move(after)
        self.due = max(self.due, position)
        if not self.live:
            # All members lag, and get the event by catching up.
            self.move(self.due)

    def move(self, position: int) -> None:
        """Note that the live subscribers have all events up to a position."""
        self.cursor = max(self.cursor, position)
        self.frontier = max(self.frontier, self.cursor)

    def join(self, member: Subscriber) -> None:
        """Add a subscriber."""
        wanted = member.subscription.parameter_set
        if not self._wanted[wanted]:
            self._set_bytes += len(wanted)
        self._wanted[wanted] += 1
        member.group = self
        self.roles.add(member.subscription.principal.role)
        self.place(member, live=member.position >= self.frontier)

    def place(self, member: Subscriber, *, live: bool) -> None:
        """Put a subscriber among the live ones, or among those behind."""
        if not live and member in self.live:
            member.position = max(member.position, self.cursor)
        (self.live if live else self.behind).add(member)
        (self.behind if live else self.live).discard(member)
        self._sets = None

    def remove(self, member: Subscriber) -> None:
        """Remove a subscriber."""
        if member in self.live:
            member.position = max(member.position, self.cursor)
        wanted = member.subscription.parameter_set
        self._wanted[wanted] -= 1
        if not self._wanted[wanted]:
            del self._wanted[wanted]
            self._set_bytes -= len(wanted)
        member.group = None
        self.live.discard(member)
        self.behind.discard(member)
        self._sets = None

    def live_sets(self) -> Sets:
        """Return the sets of the live subscribers."""
        if self._sets is None:
            self._sets = build_sets(self.live)
        return self._sets

    def is_held_up(self, database: Database) -> bool:
        """Return whether its statement would wait for long ones of its workspace."""
        match self.key:
            case GroupKey(statement=statement):
                return database.is_held_up(statement, self.key.workspace_id.int)
            case _:
                return False

    async def read(
        self, database: Database, after: int, upto: int, sets: Sets, *, limit: float | None
    ) -> tuple[list[Delivery], int]:
        """Return the events behind `after` that match some set, and the position up to which they are all.

        The statement may take `limit` seconds, by default as long as any statement.
        """
        read = partial(database.read, timeout=limit, share=self.key.workspace_id.int)
        head = '{"data":{' + dumps(self.key.key) + ":"
        match self.key:
            case GroupKey(statement=statement, parameters=parameters):
                rows = await read(statement, [*parameters, b"%d" % after, b"%d" % upto, sets.text])
                found = [
                    self._delivery(
                        int(position), numbers, self._refuse() if text is None else head + text.decode() + "}"
                    )
                    for position, numbers, text in rows
                    if position is not None and numbers is not None
                ]
                return found, upto if len(rows) < self.key.limit else int(rows[-1][0] or 0)
            case TailKey(follower=follower):
                texts = (members[0].subscription.parameter_set for members in sets.members)
                events, reached = await follower.read(read, after, upto, read_sets(texts))
                return [self._delivery(one.position, one.numbers, head + one.text + "}") for one in events], reached
            case _:
                assert_never(self.key)

    def _refuse(self) -> str:
        error = NotFound(
            "The event is older than a field that is required by now and has no default: leave the field out.",
            path=(self.key.key,),
        )
        return '{"data":null,"errors":' + dumps([error.formatted()])

    def _delivery(self, position: int, numbers: bytes, data: str) -> Delivery:
        shown = self.key.positions.write(position)
        payload = data + ',"extensions":{"position":"' + shown + '"}}'
        return Delivery(position=position, shown=shown, numbers=numbers, payload=payload)


def build_sets(members: Iterable[Subscriber]) -> Sets:
    """Return the sets of some subscribers; subscribers with the same parameters share one."""
    wanting: dict[bytes, list[Subscriber]] = {}
    for member in members:
        wanting.setdefault(member.subscription.parameter_set, []).append(member)
    return Sets(members=tuple(map(tuple, wanting.values())), text=b"[" + b",".join(wanting) + b"]")
