"""Reading the event log: events in the order of their positions, which have no gaps."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.positions import Positions, unknown
from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Row

LONGEST_ANCHOR = 100
"""Characters by which a census tells values apart."""

_BOUNDS = named_statement(__name__, "log_bounds")
_READ = named_statement(__name__, "read_events")
_CLOCK = catalog_statement("read_clock")
_CENSUS = named_statement(__name__, "count_events")


@frozen
class Event:
    """The effect of one write on one record.

    Attributes:
        action: created, updated, deleted, restored or destroyed.
        changed: JSON text, the list of the physical names of the columns whose value an update changed.
        before: JSON text of the row by its columns' physical names; None for a create.
        after: the same after the write; None where the write removed the row.
        actor: the author's name.
        at: ISO 8601 in UTC with Z.
        actor_kind: the kind of the author; None for events from before it was kept.
    """

    position: int
    workspace_id: UUID
    object_id: UUID
    record_id: UUID
    action: str
    changed: bytes
    before: bytes | None
    after: bytes | None
    actor: str | None
    at: str
    actor_kind: str | None = None
    actor_id: UUID | None = None


@frozen
class Bounds:
    """The positions of the oldest kept event and of the newest; `first` is `last` + 1 in an empty log."""

    first: int
    last: int

    def holds_all_after(self, position: int) -> bool:
        """Return whether the log keeps all events behind `position`, and has reached it."""
        return self.first - 1 <= position <= self.last


def refuse_resuming(position: int, bounds: Bounds, positions: Positions) -> BadUserInput:
    """Return the refusal of a subscription that resumes after a position that the log cannot go on from."""
    if position > bounds.last:
        return unknown("after")
    return expired(positions.write(bounds.first - 1))


def expired(oldest: str | None = None) -> BadUserInput:
    """Return the end of a subscription that retention has overtaken, with the oldest position that can be resumed."""
    return BadUserInput(
        "The events after the position are not kept any more: read the records again and subscribe without it.",
        field="after",
        extensions={"reason": "POSITION_EXPIRED"} | ({} if oldest is None else {"oldest": oldest}),
    )


@frozen
class Census:
    """The events behind a position, up to `upto`, by object and action.

    Attributes:
        happened: the position of the last event of each.
        homes: the workspace of each object.
        touched: the position of the last event of each object.
        changed: the physical names of the columns that updates have changed, by the id of their object; not in it are
            the objects of which records were created, deleted, restored or destroyed too.
        values: those before and after the events, cut to LONGEST_ANCHOR characters, by the id of an object and the
            column that was asked for.
    """

    upto: int
    happened: Mapping[tuple[UUID, str], int]
    homes: Mapping[UUID, UUID]
    touched: Mapping[UUID, int]
    changed: Mapping[UUID, frozenset[str]]
    values: Mapping[tuple[UUID, str], set[str]]


class EventLog:
    """A reader of the log: it misses no event that retention keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bounds(self) -> Bounds:
        """Return the bounds of the log."""
        ((first, last),) = await self._database.read(*_BOUNDS.bind(), share=None)
        return Bounds(first=int(first or 1), last=int(last or 0))

    async def clock(self) -> float:
        """Return the database's time in seconds since the Unix epoch."""
        ((seconds,),) = await self._database.read(*_CLOCK.bind(), share=None)
        return float(seconds or 0)

    async def read(self, after: int, limit: int) -> list[Event]:
        """Return the events that follow a position, in order, at most `limit`."""
        return [_event(row) for row in await self._database.read(*_READ.bind(after=after, limit=limit), share=None)]

    async def census(self, after: int, limit: int, columns: Mapping[UUID, Collection[str]]) -> Census | None:
        """Return the census of the next `limit` events behind a position; None where there are none.

        Args:
            after: the position.
            limit: how many events it takes in.
            columns: those whose values it tells, by the id of their object.
        """
        asked = dumps({str(id_): sorted(names) for id_, names in columns.items()})
        rows = await self._database.read(
            *_CENSUS.bind(after=after, limit=limit, columns=asked, longest=LONGEST_ANCHOR), share=None
        )
        if not rows:
            return None
        return _census(rows, columns)


def _census(rows: Sequence[Row], asked: Mapping[UUID, Collection[str]]) -> Census:
    happened: dict[tuple[UUID, str], int] = {}
    touched: dict[UUID, int] = {}
    changed: dict[UUID, frozenset[str]] = {}
    values: dict[tuple[UUID, str], set[str]] = {(id_, name): set() for id_, names in asked.items() for name in names}
    others: set[UUID] = set()
    homes: dict[UUID, UUID] = {}
    for object_id, action, last, columns, found, workspace_id in rows:
        id_, position = UUID((object_id or b"").decode()), int(last or 0)
        happened[id_, (action or b"").decode()] = position
        for name, seen in loads(found or b"{}").items():
            values[id_, name].update(seen)
        homes[id_] = UUID((workspace_id or b"").decode())
        touched[id_] = max(position, touched.get(id_, 0))
        if action == b"updated":
            changed[id_] = frozenset(loads(columns or b"[]"))
        else:
            others.add(id_)
    return Census(
        upto=max(happened.values()),
        happened=happened,
        homes=homes,
        touched=touched,
        changed={id_: names for id_, names in changed.items() if id_ not in others},
        values=values,
    )


def _event(row: Row) -> Event:
    position, workspace_id, object_id, record_id, action, changed, before, after, actor, at, actor_kind, actor_id = row
    return Event(
        position=int(position or 0),
        workspace_id=UUID((workspace_id or b"").decode()),
        object_id=UUID((object_id or b"").decode()),
        record_id=UUID((record_id or b"").decode()),
        action=(action or b"").decode(),
        changed=changed or b"[]",
        before=before,
        after=after,
        actor=None if actor is None else actor.decode(),
        at=(at or b"").decode() + "Z",
        actor_kind=None if actor_kind is None else actor_kind.decode(),
        actor_id=None if actor_id is None else UUID(actor_id.decode()),
    )
