"""The records and values that go with a change of the model."""

from collections.abc import AsyncIterator, Iterator
from collections.abc import Set as AbstractSet
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, counted
from fieldstone.sql.ddl import column_rows, create
from fieldstone.sql.types import SqlType

_EXAMPLES = 3
_LONG = frozenset({SqlType.JSONB, SqlType.TEXT_ARRAY, SqlType.TSVECTOR})


async def find_deleted(connection: Session, before: Snapshot, deleted: AbstractSet[UUID]) -> AsyncIterator[JsonValue]:
    """Yield the objects and fields with one of the ids, with the numbers of their records and values."""
    for object_, field in find_those(before, deleted):
        name = path_of(object_, field)
        if field is None:
            total = await _count(connection, create.count_rows(object_.table, limit=COUNTED_ROWS))
            said = f"{name} goes, with {counted(total)} records"
            yield loss("DELETED", name, said, records=total, total=total)
        elif field.parts:
            yield await _find_values(connection, object_, field)


async def _find_values(connection: Session, object_: Object, field: Field) -> JsonValue:
    """Return the values of a field that goes: their number, and the commonest of them where they are short texts."""
    columns = [part.column for part in field.parts]
    name, table = path_of(object_, field), object_.table
    total = await _count(connection, create.count_rows(table, limit=COUNTED_ROWS))
    if any(column.type in _LONG for column in columns):
        rows, examples = await _count(connection, column_rows.count_given(table, columns[0], limit=COUNTED_ROWS)), []
    else:
        query = column_rows.find_commonest(table, columns, most=COUNTED_ROWS, limit=_EXAMPLES)
        found = await (await connection.execute(query, prepare=False)).fetchall()
        rows = found[0][2] if found else 0
        examples = [{"value": text, "rows": number} for text, number, _ in found]
    said = f"{name} goes, with {counted(rows)} values"
    return loss("DELETED", name, said, records=rows, total=total, examples=examples)


async def _count(connection: Session, query: Composed) -> int:
    row = await (await connection.execute(query, prepare=False)).fetchone()
    return row[0] if row else 0


def find_those(model: Snapshot, ids: AbstractSet[UUID]) -> Iterator[tuple[Object, Field | None]]:
    """Yield the objects that have one of the ids, and the fields of the other objects that have one."""
    for object_ in model.objects.values():
        if object_.id in ids:
            yield object_, None
        else:
            yield from ((object_, field) for field in object_.fields if field.id in ids)


def path_of(object_: Object, field: Field | None) -> str:
    """Return the name of an object, or of a field as `object.field`."""
    return object_.name_singular if field is None else f"{object_.name_singular}.{field.name}"


def loss(kind: str, name: str, message: str, **more: JsonValue) -> JsonValue:
    """Return a loss as plans show it."""
    return {"kind": kind, "name": name, "message": message, "examples": [], **more}
