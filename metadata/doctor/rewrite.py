"""A table made anew under its names, without the dropped columns that PostgreSQL counts towards its 1,600."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import Composed

from metadata.changes.migration import build_index, column_definitions, foreign_key_name, is_primary_key
from metadata.changes.morph_checks import morph_checks
from metadata.doctor.drift import find_drift
from metadata.errors import ChangeFailed, InvalidChange
from metadata.model import Object, Relation, Snapshot, Status
from metadata.queries import QUERIES
from metadata.rows.conversion_worker import LARGEST_REWRITE
from metadata.sessions import Connection
from metadata.transaction import MAXIMUM_COLUMNS, ModelTransaction
from sql import alter, ddl, rewrite
from sql.errors import DatabaseUnavailable, LockTimeout, Serialization, StatementTimeout
from sql.identifiers import quote_table
from sql.plan import Table
from sql.sqlstate import translate_error

MANY_DROPPED = 100
"""Dropped columns from which on a table is worth to be made anew."""

LITTLE_ROOM = 400
"""Columns that a table can still take below which any dropped one counts."""

_OLD = "rewritten_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a table has used: `dropped` of its `used` columns are not there any more."""

    thing: Object
    used: int
    dropped: int

    @property
    def is_short(self) -> bool:
        """Whether the table nears the limit for the sake of columns that are gone."""
        return self.dropped >= MANY_DROPPED or (self.dropped > 0 and MAXIMUM_COLUMNS - self.used < LITTLE_ROOM)


async def find_room(connection: Connection, snapshot: Snapshot) -> list[Room]:
    """Return what the tables of a workspace have used."""
    cursor = await connection.execute(QUERIES["physical_room"], {"schema": snapshot.workspace.schema})
    found = {name: (used, dropped) for name, used, dropped in await cursor.fetchall()}
    return [
        Room(thing=thing, used=found[thing.table.name][0], dropped=found[thing.table.name][1])
        for thing in snapshot.objects.values()
        if thing.table.name in found
    ]


def locked_tables(snapshot: Snapshot, thing: Object) -> list[Table]:
    """Return the tables that nobody can use meanwhile: the object's own, and those related to it, by name."""
    ids = {thing.id}
    for relation in _relations(snapshot, thing):
        ids |= {relation.source_object_id, relation.target_object_id}
    return sorted((snapshot.objects[id_].table for id_ in ids), key=lambda table: table.name)


async def rewrite_table(transaction: ModelTransaction, thing: Object, *, largest: int = LARGEST_REWRITE) -> None:
    """Put a new table in the place of an object's, in this transaction, with the same names and rows.

    Indexes, keys, grants, storage parameters and whatever else was set for the table are as they were.
    Nobody else can use the table, nor those that are related to it, until the commit.

    Args:
        transaction: of the object's workspace.
        thing: the object.
        largest: the most bytes of a table that is written anew, or looked through for its references to it.

    Raises:
        InvalidChange: the table is not what the model says, is being changed, has more bytes, or what would be lost.
        ChangeFailed: PostgreSQL refused it.
    """
    connection, snapshot = transaction.connection, transaction.snapshot
    tables = locked_tables(snapshot, thing)
    try:
        await connection.execute(rewrite.lock_tables(tables), prepare=False)
        await _check(transaction, thing, tables, largest)
        storage = await _ask(connection, "storage_parameters", thing)
        settings = [*await _ask(connection, "table_settings", thing), *await _ask(connection, "table_grants", thing)]
        required = dict(await _ask(connection, "not_null_names", thing))
        known = {index.name for index in snapshot.indexes_of[thing.id]}
        others = [(text,) for name, text in await _ask(connection, "index_definitions", thing) if name not in known]
        for statement in _statements(transaction, thing, [text for (text,) in storage]):
            await connection.execute(statement, prepare=False)
        for column, name in await _ask(connection, "not_null_names", thing):
            if (wanted := required.get(column, name)) != name:
                await connection.execute(rewrite.rename_constraint(thing.table, name, wanted), prepare=False)
        for (text,) in (*others, *settings):
            await connection.execute(text.encode(), prepare=False)
        await connection.execute(rewrite.analyze(thing.table), prepare=False)
    except psycopg.Error as error:
        raise _refusal(thing, error) from error


async def _ask(connection: Connection, query: str, thing: Object) -> list[Any]:
    return await (await connection.execute(QUERIES[query], {"table": quote_table(thing.table)})).fetchall()


async def _check(transaction: ModelTransaction, thing: Object, tables: list[Table], largest: int) -> None:
    connection, snapshot = transaction.connection, transaction.snapshot
    building = Status.BUILDING in {one.status for one in thing.fields}
    if building or any(index.status is Status.BUILDING for index in snapshot.indexes_of[thing.id]):
        raise InvalidChange(f"{thing.name_singular} is still being changed: try again when its status is READY")
    for table in tables:
        row = await (await connection.execute(QUERIES["table_bytes"], {"table": quote_table(table)})).fetchone()
        size = (row[0] or 0) if row else 0
        if size > largest:
            use = (
                "would be written anew" if table == thing.table else f"refers to {thing.table.name}, or is referred to"
            )
            raise InvalidChange(
                f"the table {table.name} {use}, and has {size >> 20:,} MiB, for which others would wait too long, where"
                f" at most {largest >> 20:,} MiB are (FIELDSTONE_MAX_REWRITE_BYTES); raise it for a quiet hour"
            )
    if obstacles := [name for (name,) in await _ask(connection, "rewrite_obstacles", thing)]:
        raise InvalidChange(
            f"the table {thing.table.name} cannot be made anew with {', '.join(obstacles)}; drop that first, and make"
            " it again after"
        )
    if drifts := await find_drift(connection, snapshot, trigram=transaction.trigram, only=thing):
        raise InvalidChange(f"the table is not what the model says, and is to be repaired first: {drifts[0].finding}")


def _statements(transaction: ModelTransaction, thing: Object, storage: Sequence[str]) -> Iterator[Composed | bytes]:
    snapshot = transaction.snapshot
    indexes = snapshot.indexes_of[thing.id]
    primary = next(index for index in indexes if is_primary_key(index, thing))
    relations = _relations(snapshot, thing)
    old = Table(schema=thing.table.schema, name=f"{_OLD}{thing.id.hex}")
    definitions = [definition for field in thing.fields for definition in column_definitions(field)]
    for relation in relations:
        yield alter.drop_constraint(*_key(snapshot, relation))
    yield rewrite.rename_table(thing.table, old.name)
    yield rewrite.rename_constraint(old, primary.name, f"{old.name}_pkey")
    yield ddl.create_table(thing.table, definitions, key=thing.key, key_constraint=primary.name)
    yield from (text.encode() for text in storage)
    stored = [definition.column.name for definition in definitions if not definition.words_of]
    yield rewrite.carry_over(old, thing.table, stored)
    yield alter.drop_table(old)
    for index in indexes:
        if index is not primary:
            yield build_index(index, thing, transaction.trigram)
    for relation in relations:
        table, name = _key(snapshot, relation)
        source, target = snapshot.objects[relation.source_object_id], snapshot.objects[relation.target_object_id]
        column = source.by_id[relation.source_field_id].parts[0].column
        yield ddl.add_foreign_key(table, name, column, target=target.table, key=target.key)
    for name, columns in morph_checks(thing).items():
        yield alter.add_at_most_one(thing.table, name, columns)


def _relations(snapshot: Snapshot, thing: Object) -> list[Relation]:
    return [
        relation
        for relation in snapshot.relations.values()
        if thing.id in {relation.source_object_id, relation.target_object_id}
    ]


def _key(snapshot: Snapshot, relation: Relation) -> tuple[Table, str]:
    source = snapshot.objects[relation.source_object_id]
    return source.table, foreign_key_name(source, source.by_id[relation.source_field_id])


def _refusal(thing: Object, error: psycopg.Error) -> Exception:
    known = translate_error(error)
    if isinstance(known, LockTimeout | Serialization | StatementTimeout | DatabaseUnavailable):
        return known
    return ChangeFailed(f"the table {thing.table.name} cannot be made anew, and nothing was changed: {known.message}")
