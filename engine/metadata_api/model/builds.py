"""`builds`: the indexes and fields that are being built, with the progress that PostgreSQL tells."""

from collections.abc import Iterator
from typing import Any

from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Field, Index, Object, Snapshot, Status
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import read_queries

_BUILDS = read_queries(__name__)["builds"]


async def find_builds(database: Database, model: Snapshot) -> JsonValue:
    """Return the members of each `Build`; raises DatabaseError."""
    building = list(_building(model))
    if not building:
        return []
    # Sessions have the login that builds, and PostgreSQL tells no other one of its progress.
    async with database.session() as connection:
        row = await (await connection.execute(_BUILDS, {"schema": model.workspace.schema})).fetchone()
    progress = {name: rest for name, *rest in loads(row[0] if row else "[]")}
    return [_show(object_, one, progress) for object_, one in building]


def _building(model: Snapshot) -> Iterator[tuple[Object, Index | Field]]:
    for object_ in model.objects.values():
        yield from ((object_, field) for field in object_.fields if field.status is Status.BUILDING)
        for index in model.indexes_of.get(object_.id, ()):
            if index.status is Status.BUILDING:
                yield object_, index


def _show(object_: Object, one: Index | Field, progress: dict[str, list[Any]]) -> dict[str, Any]:
    is_index = isinstance(one, Index)
    fields = [object_.by_id[id_] for id_ in one.field_ids] if isinstance(one, Index) else [one]
    phase, done, total = progress.get(one.name, [None, None, None]) if is_index else [None, None, None]
    return {
        "id": str(one.id),
        "kind": "INDEX" if is_index else "FIELD",
        "object": object_.name_singular,
        "fields": [field.name for field in fields],
        "phase": phase or "waiting or checking records",
        "done": None if done is None else str(done),
        "total": None if total is None else str(total),
    }
