"""Reading the events of records, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from fieldstone.engine.planner.record_events import reads_author
from fieldstone.engine.positions import EPOCH, Positions, positions_of, unknown
from fieldstone.engine.record_history.showing import MOST_SHOWN, LoggedEvent, Showing, read_event
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Seen
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Row, Statement

MOST: Final = MOST_SHOWN
"""Events of a page."""
_LEAST = 10
"""Events of the first look for a page; each further look is for twice as many, up to MOST."""

_FIND = named_statement(__name__, "find_events")
_FIND_OF_RECORD = named_statement(__name__, "find_events_of_record")


@frozen
class EventFilter:
    """The conditions on the events of a page; None is no condition.

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


class RecordHistory:
    """The events of all records of a database.

    Args:
        database: where they are.
        time_limit: seconds of a statement, and of the look for a page of which a principal sees few events.
    """

    def __init__(self, database: Database, time_limit: float) -> None:
        self._database = database
        self._time_limit = time_limit

    async def page(self, seen: Seen, wanted: EventFilter, first: int, before: str | None) -> JsonValue:
        """Return the newest `first` events that a principal sees, in the form of a connection.

        Args:
            seen: the model as the principal sees it.
            wanted: which events.
            first: how many at most.
            before: the cursor of an event, behind which the page begins.

        Raises:
            BadUserInput: the cursor is none, or is from before the workspace came from another cell.
        """
        positions = replace(positions_of(seen.view), sealed=True)
        position = None if before is None else _read_cursor(before, positions)
        # Of the events behind the page, those alone count that the principal sees.
        shown, reached = await self._look(seen, wanted, first + 1, position)
        has_more = reached is not None or len(shown) > first
        shown = shown[:first]
        edges: list[JsonValue] = [{"cursor": node["id"], "node": node} for _, node in shown]
        end = shown[-1][0] if shown and reached is None else reached
        info = {
            "hasNextPage": has_more,
            "hasPreviousPage": before is not None,
            "startCursor": shown[0][1]["id"] if shown else None,
            "endCursor": None if end is None else positions.write(end),
        }
        return {"edges": edges, "pageInfo": info}

    async def _look(
        self, seen: Seen, wanted: EventFilter, count: int, position: int | None
    ) -> tuple[list[tuple[int, Mapping[str, JsonValue]]], int | None]:
        """Return up to `count` events before a position, and the position that was reached if the time ran out."""
        showing = Showing(view=seen.view)
        objects = [
            one.id
            for name, one in seen.view.readable.items()
            if (wanted.object is None or name == wanted.object) and (wanted.actor_id is None or reads_author(one))
        ]
        shown: list[tuple[int, Mapping[str, JsonValue]]] = []
        size, is_left, ends_at = _LEAST, bool(objects), monotonic() + self._time_limit
        while is_left and len(shown) < count:
            if monotonic() > ends_at:
                return shown, position
            limit = min(max(count - len(shown), size), MOST_SHOWN)
            found = await self._find(seen, wanted, objects, position, limit)
            is_left, size = len(found) == limit, size * 2
            nodes = await showing.show(partial(self._read, seen), found, [seen.claims])
            for event in found:
                position = event.position
                shown += [(position, one.node) for one in nodes.get(position, ())]
        return shown[:count], None

    async def _find(
        self, seen: Seen, wanted: EventFilter, objects: Sequence[UUID], position: int | None, limit: int
    ) -> list[LoggedEvent]:
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
        rows = await self._read(seen, *statement.bind(**values))
        return [read_event(row) for row in rows]

    async def _read(self, seen: Seen, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        share = seen.principal.share
        return await self._database.read(statement, parameters, timeout=self._time_limit, share=share)


def _read_cursor(before: str, positions: Positions) -> int:
    epoch, position = divmod(positions.read(before, "before"), EPOCH)
    if epoch != positions.epoch:
        raise unknown("before")
    return position
