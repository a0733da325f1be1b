"""Fills an empty workspace with the sample data."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby, islice

import psycopg
from psycopg import sql

from fieldstone.engine.server.demo.campaigns import DEMO_TOTAL, demo_records
from fieldstone.engine.server.demo.sample import TOTAL, SampleRecord, sample_records
from fieldstone.engine.server.demo.views import DEMO_VIEWS, SAMPLE_VIEWS, insert_sample_views
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.identifiers import quote_identifier, quote_table

_NAMES = ("company", "person", "activity", "opportunity")
OWN_NAMES = ("campaign", "campaignMember", "reminder")
"""The objects of the demo's model file."""
_BATCH = 200


async def fill_demo(
    connection: psycopg.AsyncConnection,
    snapshot: Snapshot,
    on_progress: Callable[[int, int], None],
    *,
    has_own_objects: bool = False,
) -> bool:
    """Insert the sample in one transaction; return False where the workspace holds records already.

    Args:
        connection: the transaction is one within its open one, if there is one.
        snapshot: of the workspace.
        on_progress: called with the records inserted so far and their total.
        has_own_objects: whether the objects of the demo's model file are there, and are filled, too.

    Raises:
        InvalidChange: the workspace has lost objects or fields that the sample needs.
    """
    objects = [_find(snapshot, name) for name in (*_NAMES, *(OWN_NAMES if has_own_objects else ()))]
    total = TOTAL + (DEMO_TOTAL if has_own_objects else 0)
    records = chain(sample_records(), demo_records() if has_own_objects else ())
    async with connection.transaction():
        # Two servers that start at once would both find it empty.
        for object_ in objects:
            await connection.execute(_about(object_, "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"))
        if not await _are_empty(connection, objects):
            return False
        on_progress(0, total)
        done = 0
        for name, group in groupby(records, key=lambda named: named[0]):
            object_ = _find(snapshot, name)
            for batch in _batches(record for _, record in group):
                await _copy(connection, object_, batch)
                done += len(batch)
                on_progress(done, total)
        await insert_sample_views(connection, snapshot, (*SAMPLE_VIEWS, *(DEMO_VIEWS if has_own_objects else ())))
    for object_ in objects:
        await connection.execute(_about(object_, "ANALYZE {}"))
    return True


async def is_empty(connection: psycopg.AsyncConnection, snapshot: Snapshot) -> bool:
    """Return whether none of the standard objects that are there has records."""
    return await _are_empty(connection, [snapshot.by_singular[name] for name in _NAMES if name in snapshot.by_singular])


def find_lacking(snapshot: Snapshot) -> list[str]:
    """Return the names of the standard objects that a workspace lacks."""
    return [name for name in _NAMES if name not in snapshot.by_singular]


async def _are_empty(connection: psycopg.AsyncConnection, objects: Sequence[Object]) -> bool:
    for object_ in objects:
        cursor = await connection.execute(_about(object_, "SELECT EXISTS (SELECT FROM {})"))
        if await cursor.fetchone() == (True,):
            return False
    return True


def _find(snapshot: Snapshot, name: str) -> Object:
    object_ = snapshot.by_singular.get(name)
    if object_ is None:
        raise InvalidChange(
            f"the sample data needs the object '{name}', which workspace '{snapshot.workspace.name}' lacks"
        )
    return object_


def _about(object_: Object, template: str) -> sql.Composed:
    return sql.SQL(template).format(sql.SQL(quote_table(object_.table)))


def _batches(records: Iterator[SampleRecord]) -> Iterator[Sequence[SampleRecord]]:
    """Yield the records by batches, each made when it is asked for: the server ends a transaction that waits long."""
    while batch := list(islice(records, _BATCH)):
        yield batch


async def _copy(connection: psycopg.AsyncConnection, object_: Object, records: Sequence[SampleRecord]) -> None:
    names = tuple(records[0])
    columns = sql.SQL(", ").join(sql.SQL(quote_identifier(_column(object_, name))) for name in names)
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.SQL(quote_table(object_.table)), columns)
    async with connection.cursor() as cursor, cursor.copy(command) as copy:
        for record in records:
            await copy.write_row([record[name] for name in names])


def _column(object_: Object, name: str) -> str:
    field_name, _, sub_field = name.partition(".")
    field = object_.by_name.get(field_name)
    for part in field.parts if field else ():
        if (part.name or "") == sub_field:
            return part.column.name
    raise InvalidChange(f"the sample data needs the field '{name}' of '{object_.name_singular}', which is not there")
