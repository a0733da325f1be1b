"""Updates of the definitions of a model, and how columns and records stand after them."""

from typing import Any

import psycopg

from fieldstone.metadata.changes import UpdateField
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.model import Field, Object, Snapshot
from tests.metadata.desk import Desk


def field_of(snapshot: Snapshot, object_: str, name: str) -> Field:
    owner: Object = next(one for one in snapshot.objects.values() if one.name_singular == object_)
    return next(field for field in owner.fields if field.name == name)


def update(object_: str, name: str, /, **values: Any) -> Any:
    return lambda snapshot: [UpdateField(field_id=field_of(snapshot, object_, name).id, **values)]


async def change(desk: Desk, build: Any) -> Snapshot:
    """Make a change, and see that the catalog, the model and the tables agree."""
    after = await desk.change(build)
    assert await desk.reload(after.workspace.id) == after
    async with desk.database.session() as connection:
        assert await find_drift(connection, after, trigram=desk.catalog.trigram) == []
    return after


def execute(dsn: str, statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements.encode())


def insert(dsn: str, text: str) -> None:
    execute(dsn, f"INSERT INTO workspace_default.{text}")


def column(dsn: str, table: str, name: str) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(f'SELECT "{name}" FROM workspace_default.{table} ORDER BY 1'.encode())  # noqa: S608 - names of this test
        return [value for (value,) in rows]


def options(*values: str) -> list[dict[str, Any]]:
    return [{"value": value, "label": value.title()} for value in values]
