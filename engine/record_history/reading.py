"""Reading the events of records as a principal sees them: fields by its role, and records by the rules of that.

An event is shown if its principal sees the record as the event left it, or as it was if the event destroyed it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.whole_record import seen_feed, whole_record
from fieldstone.engine.record_history.cursors import read_cursor, write_cursor
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Seen
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Row, array_text

MOST: Final = 100
"""Events of a page."""
_ROUNDS = 5
"""Looks for a page of which a role sees few events."""
_AFTER = Table(schema="fieldstone", name="event_history")
_BEFORE = Table(schema="fieldstone", name="event_before")
_CREATED, _UPDATED = "created", "updated"

_FIND = named_statement(__name__, "find_events")
_FIND_OF_RECORD = named_statement(__name__, "find_events_of_record")
_KEY = named_statement(__name__, "cursor_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are meant; None says nothing.

    Attributes:
        object: the nameSingular of their object.
        actions: in lower case.
        actor_id: the id of the key or the user.
        since, until: ISO 8601; the latter is not included.
    """

    object: str | None = None
    record_id: str | None = None
    actions: Sequence[str] | None = None
    actor_id: str | None = None
    since: str | None = None
    until: str | None = None


class _Event(NamedTuple):
    position: int
    object_id: UUID
    record_id: str
    action: str
    at: str
    actor: Mapping[str, str | None]


class _Image(NamedTuple):
    """A record as an event shows it, and the columns that an update changed."""

    record: Mapping[str, JsonValue]
    changed: frozenset[str]


class RecordHistory:
    """The events of all records of a database.

    Args:
        database: where they are.
        time_limit: seconds of a statement.
    """

    def __init__(self, database: Database, time_limit: float) -> None:
        self._database = database
        self._time_limit = time_limit
        self._key: bytes | None = None

    async def page(self, seen: Seen, wanted: EventFilter, first: int, before: str | None) -> JsonValue:
        """Return the newest `first` events that a principal sees, in the form of a connection.

        Args:
            seen: the model as the principal sees it.
            wanted: which events.
            first: how many at most.
            before: the cursor of an event, behind which the page begins.

        Raises:
            BadUserInput: the cursor is none.
        """
        key = await self._read_key()
        position = None if before is None else read_cursor(before, key)
        objects = {
            one.id: one for name, one in seen.view.readable.items() if wanted.object is None or name == wanted.object
        }
        edges: list[dict[str, JsonValue]] = []
        has_more = bool(objects)
        for _ in range(_ROUNDS):
            if not has_more or len(edges) >= first:
                break
            limit = max(first - len(edges), 10) + 1
            found = await self._find(seen, wanted, list(objects), position, limit)
            has_more = len(found) == limit
            found = found[: limit - 1]
            if not found:
                break
            shown = await self._show(seen, objects, found)
            for event in found:
                if len(edges) == first:
                    has_more = True
                    break
                position = event.position
                if (node := shown.get(event.position)) is not None:
                    cursor = write_cursor(event.position, key)
                    edges.append({"cursor": cursor, "node": {"id": cursor, **node}})
        end = None if position is None else write_cursor(position, key)
        return {"edges": edges, "pageInfo": {"hasNextPage": has_more, "endCursor": end if edges or has_more else None}}

    async def _read_key(self) -> bytes:
        if self._key is None:
            ((text,),) = await self._database.read(*_KEY.bind(), timeout=self._time_limit)
            self._key = bytes.fromhex((text or b"").decode())
        return self._key

    async def _find(
        self, seen: Seen, wanted: EventFilter, objects: Sequence[UUID], position: int | None, limit: int
    ) -> list[_Event]:
        values: dict[str, Any] = {
            "workspace": seen.view.workspace.id,
            "objects": objects,
            "before": position,
            "actions": wanted.actions,
            "actor": wanted.actor_id,
            "since": wanted.since,
            "until": wanted.until,
            "limit": limit,
        }
        statement = _FIND
        if wanted.record_id is not None:
            statement, values["record"] = _FIND_OF_RECORD, wanted.record_id
        rows = await self._read(*statement.bind(**values), seen)
        return [_read_event(row) for row in rows]

    async def _show(
        self, seen: Seen, objects: Mapping[UUID, Object], events: Sequence[_Event]
    ) -> Mapping[int, dict[str, JsonValue]]:
        """Return the nodes of the events that the principal sees, by their positions."""
        kinds: defaultdict[tuple[UUID, str], list[int]] = defaultdict(list)
        for event in events:
            kinds[event.object_id, event.action].append(event.position)
        left: dict[int, _Image] = {}
        was: dict[int, _Image] = {}
        for (object_id, action), positions in kinds.items():
            left |= await self._images(seen, objects[object_id], action, positions, _AFTER)
            if action == _UPDATED:
                was |= await self._images(seen, objects[object_id], action, positions, _BEFORE)
        nodes = {}
        for event in events:
            image = left.get(event.position)
            if image is None:
                continue
            object_ = objects[event.object_id]
            changes = _changes(object_, image, was.get(event.position)) if event.action == _UPDATED else []
            if event.action == _UPDATED and not changes and object_.access is not None:
                # A write of fields that the role may not read is none for it.
                continue
            nodes[event.position] = {
                "action": event.action.upper(),
                "object": object_.name_singular,
                "recordId": event.record_id,
                "at": event.at,
                "actor": dict(event.actor),
                "record": image.record,
                "changes": changes,
            }
        return nodes

    async def _images(
        self, seen: Seen, object_: Object, action: str, positions: Sequence[int], log: Table
    ) -> dict[int, _Image]:
        """Return the images of the events that the principal sees, by their positions."""
        feed = seen_feed(seen.view, object_, action, limit=len(positions))
        bindings = Bindings(variables={}, actor="", claims=seen.claims)
        values = (binder(bindings) for binder in feed.binders)
        wanted = {f"p{place}": None if value is None else value.decode() for place, value in enumerate(values)}
        guards = [binder(bindings) for binder in feed.guards]
        whole = feed.feed
        # The list of positions stands in the place of their range.
        plan = replace(
            whole,
            log=log,
            after=replace(whole.after, array=True),
            sets=replace(whole.sets, slot=whole.upto.slot),
        )
        listed = array_text([str(position) for position in positions]).encode()
        rows = await self._read(compile_plan(plan), [*guards, listed, dumps([wanted]).encode()], seen)
        return {
            int(row[0] or 0): _Image(loads(row[2] or b"{}"), frozenset(loads(row[3] or b"[]")))
            for row in rows
            if row[1] is not None
        }

    async def _read(self, statement: Any, parameters: Any, seen: Seen) -> list[Row]:
        share = seen.view.workspace.id.int
        return await self._database.read(statement, parameters, timeout=self._time_limit, share=share)


def _changes(object_: Object, left: _Image, was: _Image | None) -> list[dict[str, JsonValue]]:
    """Return the changed fields that the principal sees; the values before only of a record that it saw then."""
    keys = whole_record(object_).keys
    names = dict.fromkeys(key for column, key in keys.items() if column in left.changed)
    return [
        {"field": name, "before": None if was is None else was.record.get(name), "after": left.record.get(name)}
        for name in names
    ]


def _read_event(row: Row) -> _Event:
    position, object_id, record_id, action, at, kind, actor_id, actor = (
        None if value is None else value.decode() for value in row
    )
    return _Event(
        position=int(position or 0),
        object_id=UUID(object_id),
        record_id=record_id or "",
        action=action or _CREATED,
        at=f"{at}Z",
        actor={"kind": kind, "id": actor_id, "name": actor},
    )
