"""metadata/catalog/store.py: the cost of loading, and a load beside a migration."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import Change
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person
from tests.waiting import until_found


class _CountingConnection(psycopg.AsyncConnection[Any]):
    """A connection that counts its statements."""

    statements = 0

    async def execute(self, *args: Any, **kwargs: Any) -> psycopg.AsyncCursor[Any]:
        self.statements += 1
        return await super().execute(*args, **kwargs)


async def _load(dsn: str, snapshot: Snapshot) -> tuple[Snapshot, int]:
    async with await _CountingConnection.connect(dsn) as connection:
        return await read_snapshot(connection, snapshot.workspace.id), connection.statements


def _many(snapshot: Snapshot) -> list[Change]:
    objects = [new_object(f"thing{number}") for number in range(30)]
    owner = person(snapshot)
    return [
        *objects,
        *(new_field(object_.id, "extra") for object_ in objects),
        *(new_relation(owner, f"favourite{number}", owner, f"Fans {number}") for number in range(10)),
    ]


async def test_a_load_takes_the_same_few_queries_whatever_the_number_of_objects(desk: Desk, model_dsn: str) -> None:
    small = await desk.default()
    loaded, queries = await _load(model_dsn, small)
    assert (loaded, queries) == (small, 8)
    large = await desk.change(_many)
    assert await _load(model_dsn, large) == (large, queries)


async def test_equal_system_fields_share_their_parts(desk: Desk, model_dsn: str) -> None:
    snapshot, _ = await _load(model_dsn, await desk.default())
    parts = {id(object_.by_name["createdBy"].parts) for object_ in snapshot.objects.values()}
    assert len(parts) == 1


async def test_inactive_fields_are_loaded_and_not_shown(desk: Desk) -> None:
    after = await desk.change(lambda snapshot: [new_field(person(snapshot), "hidden", FieldType.UUID, is_active=False)])
    loaded = await desk.reload(after.workspace.id)
    assert "hidden" not in person(loaded).by_name
    assert "hidden" in {field.name for field in person(loaded).fields}


@pytest.mark.parametrize("table", ["workspace", "field"])
async def test_a_model_that_is_read_while_a_migration_rewrites_a_table_is_whole(
    desk: Desk, model_dsn: str, table: str
) -> None:
    snapshot = await desk.default()
    async with await psycopg.AsyncConnection.connect(model_dsn) as migration:
        rewrite = sql.SQL("ALTER TABLE {} ADD COLUMN more uuid NOT NULL DEFAULT gen_random_uuid()")
        await migration.execute(rewrite.format(sql.Identifier("fieldstone", table)))
        reading = asyncio.create_task(desk.reload(snapshot.workspace.id))
        await until_found(migration, "SELECT FROM pg_locks WHERE NOT granted")
        await migration.commit()
        assert await reading == snapshot
