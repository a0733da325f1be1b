"""A group: subscriptions that one statement serves, each with its place in the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.subscriptions.subscription import GroupKey, Subscription
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object
from fieldstone.sql.executor import Database


class Sink(Protocol):
    """Where a subscriber's results go: a queue with a limit."""

    @property
    def has_room(self) -> bool:
        """Whether it takes another result."""

    def offer(self, position: int, payload: str) -> bool:
        """Take a result, JSON text as the GraphQL specification has it; False where there is no room for it."""

    def fail(self, errors: list[ApiError]) -> None:
        """End with errors."""


@dataclass(slots=True, eq=False, kw_only=True)
class Subscriber:
    """A subscriber.

    Attributes:
        position: all up to it was delivered, or does not concern the subscriber.
        group: None when it has left.
    """

    subscription: Subscription
    sink: Sink
    position: int
    group: "SubscriptionGroup | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for the subscribers whose sets have these numbers, from 1."""

    position: int
    numbers: tuple[int, ...]
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """Subscribers by their parameter sets; `text` is the statement's parameter for the sets in this order."""

    members: tuple[tuple[Subscriber, ...], ...]
    text: bytes


@dataclass(slots=True, eq=False, kw_only=True)
class SubscriptionGroup:
    """Subscribers that share a statement.

    Attributes:
        live: those who have been given all that the hub has delivered.
        behind: those who are still to be given what lies before that.
        depends: the objects that the statement depends on.
    """

    key: GroupKey
    depends: Mapping[UUID, Object]
    live: set[Subscriber] = field(default_factory=set)
    behind: set[Subscriber] = field(default_factory=set)
    _sets: Sets | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody is left."""
        return not self.live and not self.behind

    def add(self, member: Subscriber, *, live: bool) -> None:
        """Take a subscriber in, or move it among those who are live, or behind."""
        member.group = self
        (self.live if live else self.behind).add(member)
        (self.behind if live else self.live).discard(member)
        self._sets = None

    def remove(self, member: Subscriber) -> None:
        """Let a subscriber go."""
        member.group = None
        self.live.discard(member)
        self.behind.discard(member)
        self._sets = None

    def live_sets(self) -> Sets:
        """Return the sets of those who are live."""
        if self._sets is None:
            self._sets = build_sets(self.live)
        return self._sets

    async def read(self, database: Database, after: int, upto: int, sets: Sets) -> tuple[list[Delivery], int]:
        """Return the events behind `after` that some set wants, and the position up to which this is all."""
        statement, parameters = self.key.statement, self.key.parameters
        rows = await database.read(statement, [*parameters, b"%d" % after, b"%d" % upto, sets.text])
        head = '{"data":{' + dumps(self.key.key) + ":"
        found = []
        for position, numbers, text in rows:
            if position is not None and numbers is not None and text is not None:
                tail = '},"extensions":{"position":"' + position.decode() + '"}}'
                found.append(
                    Delivery(
                        position=int(position),
                        numbers=tuple(map(int, numbers.split(b","))),
                        payload=head + text.decode() + tail,
                    )
                )
        is_all = len(rows) < self.key.limit
        return found, upto if is_all else int(rows[-1][0] or 0)


def build_sets(members: Iterable[Subscriber]) -> Sets:
    """Return the sets of some subscribers; those who ask for the same share one."""
    by_values: dict[tuple[str | None, ...], list[Subscriber]] = {}
    for member in members:
        by_values.setdefault(member.subscription.values, []).append(member)
    listed = [{f"p{place}": value for place, value in enumerate(values)} for values in by_values]
    return Sets(members=tuple(map(tuple, by_values.values())), text=dumps(listed).encode())
