"""Events as principals see them: fields by their role, and records by the rules of that.

An event is shown if a principal sees the record as the event left it, or as it was if the event destroyed it.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.planner.arguments.trees import Binder, Bindings
from fieldstone.engine.planner.record_events import reads_author
from fieldstone.engine.planner.whole_record import seen_feed, whole_record
from fieldstone.engine.positions import positions_of
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.statement import Row, Statement, array_text

MOST_SHOWN = 100
"""Events that are shown at once, at most."""
HISTORY = Table(schema="fieldstone", name="event_history")
"""The events of the log, and those that have left it."""
_BEFORE = Table(schema="fieldstone", name="event_before")
_CREATED, _UPDATED = "created", "updated"

Read = Callable[[Statement, Sequence[bytes | None]], Awaitable[list[Row]]]
"""Runs a statement; raises DatabaseError."""
Claims = Mapping[str, JsonValue]
"""The values of a principal that rules name."""


class LoggedEvent(NamedTuple):
    """An event without the images of its record."""

    position: int
    object_id: UUID
    record_id: str
    action: str
    at: str
    actor: Mapping[str, str | None]


class Shown(NamedTuple):
    """An event as the API shows it to some principals, and their numbers from 1."""

    node: Mapping[str, JsonValue]
    numbers: frozenset[int]


class _Image(NamedTuple):
    """A record as an event shows it, the columns that an update changed, and the principals that see it."""

    record: Mapping[str, JsonValue]
    changed: frozenset[str]
    numbers: frozenset[int]


class _Feed(NamedTuple):
    statement: Statement
    guards: Sequence[Binder]
    binders: Sequence[Binder]


@frozen
class Showing:
    """Shows events under one view of a role.

    Attributes:
        view: the model as the role sees it.
        most_bytes: of the records that one statement reads; None is no limit.
    """

    view: Snapshot
    most_bytes: int | None = None
    _feeds: dict[tuple[UUID, str, Table], _Feed] = field(default_factory=dict)

    async def show(
        self, read: Read, events: Sequence[LoggedEvent], principals: Sequence[Claims]
    ) -> Mapping[int, list[Shown]]:
        """Return the events by their positions: those that a principal sees, of MOST_SHOWN at most.

        An update has two forms where some principals saw its record before and others did not.

        Args:
            read: runs a statement.
            events: those that are meant.
            principals: their values, which agree in those that decide about the text of a record.
        """
        kinds: defaultdict[tuple[UUID, str], list[int]] = defaultdict(list)
        for event in events:
            kinds[event.object_id, event.action].append(event.position)
        left: dict[int, _Image] = {}
        was: dict[int, _Image] = {}
        for (object_id, action), positions in kinds.items():
            object_ = self.view.objects[object_id]
            left |= await self._images(read, object_, action, positions, HISTORY, principals)
            if action == _UPDATED:
                was |= await self._images(read, object_, action, positions, _BEFORE, principals)
        return {
            event.position: self._show(event, image, was.get(event.position))
            for event in events
            if (image := left.get(event.position)) is not None
        }

    def _show(self, event: LoggedEvent, image: _Image, was: _Image | None) -> list[Shown]:
        object_ = self.view.objects[event.object_id]
        knowing = image.numbers & was.numbers if was is not None else frozenset()
        found = []
        for numbers, before in ((knowing, was), (image.numbers - knowing, None)):
            changes = _changes(object_, image, before) if event.action == _UPDATED else []
            # A write of fields that the role may not read is none for it.
            if numbers and (changes or event.action != _UPDATED or object_.access is None):
                found.append(Shown(self._node(event, object_, image, changes), numbers))
        return found

    def _node(
        self, event: LoggedEvent, object_: Object, image: _Image, changes: list[dict[str, JsonValue]]
    ) -> Mapping[str, JsonValue]:
        return {
            "id": positions_of(self.view).seal(event.position),
            "action": event.action.upper(),
            "object": object_.name_singular,
            "recordId": event.record_id,
            "at": event.at,
            "actor": dict(event.actor) if reads_author(object_) else dict.fromkeys(event.actor),
            "record": image.record,
            "changes": changes,
        }

    async def _images(
        self,
        read: Read,
        object_: Object,
        action: str,
        positions: Sequence[int],
        log: Table,
        principals: Sequence[Claims],
    ) -> dict[int, _Image]:
        """Return the images of the events that a principal sees, by their positions."""
        feed = self._feed(object_, action, log)
        bound = [Bindings(variables={}, actor="", claims=claims) for claims in principals]
        guards = [binder(bound[0]) for binder in feed.guards]
        wanted = [_parameter_set(feed.binders, bindings) for bindings in bound]
        listed = array_text([str(position) for position in positions]).encode()
        rows = await read(feed.statement, [*guards, listed, dumps(wanted).encode()])
        return {
            int(position or 0): _Image(
                loads(record or b"{}"), frozenset(loads(changed or b"[]")), frozenset(map(int, numbers.split(b",")))
            )
            for position, numbers, record, changed in rows
            if numbers is not None
        }

    def _feed(self, object_: Object, action: str, log: Table) -> _Feed:
        known = self._feeds.get((object_.id, action, log))
        if known is None:
            seen = seen_feed(self.view, object_, action, limit=MOST_SHOWN)
            whole = seen.feed
            # The list of positions stands in the place of their range.
            plan = replace(
                whole,
                log=log,
                after=replace(whole.after, array=True),
                sets=replace(whole.sets, slot=whole.upto.slot),
                most_bytes=self.most_bytes,
            )
            known = self._feeds[object_.id, action, log] = _Feed(compile_plan(plan), seen.guards, seen.binders)
        return known


def _parameter_set(binders: Sequence[Binder], bindings: Bindings) -> dict[str, JsonValue]:
    values = (binder(bindings) for binder in binders)
    return {f"p{place}": None if value is None else value.decode() for place, value in enumerate(values)}


def _changes(object_: Object, left: _Image, was: _Image | None) -> list[dict[str, JsonValue]]:
    """Return the changed fields that a principal sees; the values before only of a record that it saw then."""
    keys = whole_record(object_).keys
    names = dict.fromkeys(key for column, key in keys.items() if column in left.changed)
    return [
        {"field": name, "before": None if was is None else was.record.get(name), "after": left.record.get(name)}
        for name in names
    ]


def read_event(row: Row) -> LoggedEvent:
    """Return the event of a row that `find_events` has found."""
    position, object_id, record_id, action, at, kind, actor_id, actor = (
        None if value is None else value.decode() for value in row
    )
    return LoggedEvent(
        position=int(position or 0),
        object_id=UUID(object_id),
        record_id=record_id or "",
        action=action or _CREATED,
        at=f"{at}Z",
        actor={"kind": kind, "id": actor_id, "name": actor},
    )
