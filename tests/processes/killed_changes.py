"""The changes of the model that are interrupted at each of their steps, and the workspace that they are made in."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import psycopg

from metadata.changes import Change, CreateIndex, DeleteField, UpdateField
from metadata.model import Snapshot
from metadata.rollback import roll_back
from metadata.transaction import ModelTransaction
from tests.metadata.changes.test_updates import options
from tests.metadata.desk import connect_database, fill_model, new_field, new_object, open_desk
from tests.metadata.test_rollback import Build, fill, project

BIG_TABLE = -1
"""Every table is big: indexes are built after the commit."""

RECORDS: Final = (
    "INSERT INTO workspace_default.project (id, name, stage, code)"
    " SELECT gen_random_uuid(), 'project ' || number, (ARRAY['NEW', 'OLD'])[number % 2 + 1], 'code ' || number"
    " FROM generate_series(1, 20) AS number"
)

Body = Callable[[ModelTransaction], Awaitable[int]]


def _several(snapshot: Snapshot) -> Iterable[Change]:
    """As one: what makes tables, columns and indexes, what changes the records, and what takes a column away."""
    thing, there = new_object("batch"), project(snapshot).by_name
    yield thing
    yield new_field(thing.id, "one", is_unique=True)
    yield UpdateField(field_id=there["name"].id, is_nullable=False, backfill="none", default="none")
    yield UpdateField(
        field_id=there["stage"].id, options=options("FIRST", "OLD"), option_mapping={"NEW": "FIRST"}, default="OLD"
    )
    yield DeleteField(field_id=there["budget"].id)


def _big_index(snapshot: Snapshot) -> Iterable[Change]:
    yield CreateIndex(object_id=project(snapshot).id, field_ids=(project(snapshot).by_name["name"].id,))


def _apply(build: Build) -> Body:
    async def body(transaction: ModelTransaction) -> int:
        for change in build(transaction.snapshot):
            await transaction.apply(change)
        return transaction.snapshot.version

    return body


async def _roll_back(transaction: ModelTransaction) -> int:
    await roll_back(transaction, transaction.snapshot.version - 1)
    return transaction.snapshot.version


KILLED: Final[dict[str, Body]] = {
    "several changes as one": _apply(_several),
    "an index built after the commit": _apply(_big_index),
    "a rollback": _roll_back,
}


def fill_killed(dsn: str) -> None:
    """Make the workspace in an empty database."""

    async def change() -> None:
        database = connect_database(dsn)
        await database.open()
        try:
            desk = await open_desk(database)
            await desk.change(fill)
            # This is what is rolled back.
            await desk.change(lambda snapshot: [new_object("obsolete"), new_field(project(snapshot), "late")])
        finally:
            await database.close()

    fill_model(dsn)
    asyncio.run(change())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(RECORDS)
