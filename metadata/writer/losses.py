"""The records and values that go with a change of the model."""

from collections.abc import AsyncIterator, Iterator

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, counted
from fieldstone.sql.ddl import column_rows, create


async def find_deleted(connection: Session, before: Snapshot, after: Snapshot) -> AsyncIterator[JsonValue]:
    """Yield the objects and fields that only the model before has, with the numbers of their records and values."""
    for object_, field in only_in(before, after):
        if field is None:
            query = create.count_rows(object_.table, limit=COUNTED_ROWS)
        elif field.parts:
            query = column_rows.count_given(object_.table, field.parts[0].column, limit=COUNTED_ROWS)
        else:
            continue
        row = await (await connection.execute(query, prepare=False)).fetchone()
        count = row[0] if row else 0
        name = path_of(object_, field)
        values = "records" if field is None else "values"
        yield loss("DELETED", name, f"{name} goes, with {counted(count)} {values}", records=count)


def only_in(one: Snapshot, other: Snapshot) -> Iterator[tuple[Object, Field | None]]:
    """Yield the objects that only the first model has, and the fields that it alone has of those that both have."""
    for id_, object_ in one.objects.items():
        known = other.objects.get(id_)
        if known is None:
            yield object_, None
        elif known is not object_:
            yield from ((object_, field) for field in object_.fields if field.id not in known.by_id)


def path_of(object_: Object, field: Field | None) -> str:
    """Return the name of an object, or of a field as `object.field`."""
    return object_.name_singular if field is None else f"{object_.name_singular}.{field.name}"


def loss(kind: str, name: str, message: str, **more: JsonValue) -> JsonValue:
    """Return a loss as plans show it."""
    return {"kind": kind, "name": name, "message": message, **more}
