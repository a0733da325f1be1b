"""Reading the events of records, page by page."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
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
_ROUNDS = 5
"""Looks for a page of which a role sees few events."""

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
        time_limit: seconds of a statement.
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
        showing = Showing(view=seen.view)
        positions = replace(positions_of(seen.view), sealed=True)
        position = None if before is None else _read_cursor(before, positions)
        objects = [
            one.id
            for name, one in seen.view.readable.items()
            if (wanted.object is None or name == wanted.object) and (wanted.actor_id is None or reads_author(one))
        ]
        edges: list[dict[str, JsonValue]] = []
        has_more = bool(objects)
        for _ in range(_ROUNDS):
            if not has_more or len(edges) >= first:
                break
            limit = max(first - len(edges), 10) + 1
            found = await self._find(seen, wanted, objects, position, limit)
            has_more = len(found) == limit
            found = found[: limit - 1]
            if not found:
                break
            shown = await showing.show(partial(self._read, seen), found, [seen.claims])
            for event in found:
                if len(edges) == first:
                    has_more = True
                    break
                position = event.position
                edges += [{"cursor": one.node["id"], "node": one.node} for one in shown.get(position, ())]
        end = None if position is None else positions.write(position)
        info = {
            "hasNextPage": has_more,
            "hasPreviousPage": before is not None,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": end if edges or has_more else None,
        }
        return {"edges": edges, "pageInfo": info}

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
