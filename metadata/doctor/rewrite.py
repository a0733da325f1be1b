"""Rewrites a table under its names, without the dropped columns that PostgreSQL counts towards its 1,600."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.plan import LARGEST_REWRITE, MAXIMUM_COLUMNS
from fieldstone.metadata.changes.tables.alteration import morph_checks
from fieldstone.metadata.changes.tables.migration import (
    build_index,
    column_definitions,
    foreign_key_name,
    is_primary_key,
)
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import ChangeFailed, InvalidChange
from fieldstone.metadata.model import Object, Relation, Snapshot, Status
from fieldstone.metadata.writer.table_sizes import read_bytes
from fieldstone.metadata.writer.transaction import PASSING, ModelTransaction
from fieldstone.sql.ddl import alter, create, rewrite
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.sqlstate import translate_error

MANY_DROPPED = 100
"""Dropped columns from which on a table is worth a rewrite."""

LITTLE_ROOM = 400
"""Free columns below which any dropped column makes a table short of room."""

_OLD = "rewritten_"


@frozen
class ColumnUsage:
    """The columns that a table has used: `dropped` of the `used` ones are not there any more."""

    object_: Object
    used: int
    dropped: int

    @property
    def is_short(self) -> bool:
        """Return whether the table nears the limit for the sake of columns that are gone."""
        return self.dropped >= MANY_DROPPED or (self.dropped > 0 and MAXIMUM_COLUMNS - self.used < LITTLE_ROOM)


async def find_room(connection: Session, snapshot: Snapshot) -> list[ColumnUsage]:
    """Return the columns that the tables of a workspace have used."""
    rows = await fetch(connection, "physical_room", schema=snapshot.workspace.schema)
    found = {name: (used, dropped) for name, used, dropped in rows}
    return [
        ColumnUsage(object_=object_, used=found[object_.table.name][0], dropped=found[object_.table.name][1])
        for object_ in snapshot.objects.values()
        if object_.table.name in found
    ]


def locked_tables(snapshot: Snapshot, object_: Object) -> list[Table]:
    """Return the tables that a rewrite locks: the object's own and the related ones, by name."""
    ids = {object_.id}
    for relation in _relations(snapshot, object_):
        ids |= {relation.source_object_id, relation.target_object_id}
    return sorted((snapshot.objects[id_].table for id_ in ids), key=lambda table: table.name)


async def rewrite_table(transaction: ModelTransaction, object_: Object, *, largest: int = LARGEST_REWRITE) -> None:
    """Put a new table in the place of an object's, in this transaction, with the same names and rows.

    Indexes, keys, grants, storage parameters and whatever else was set for the table are as they were. The views of SQL
    roles are made again at the commit.
    Nobody else can use the table, nor those that are related to it, until the commit.

    Args:
        transaction: of the object's workspace.
        object_: the object.
        largest: the most bytes of a table that is rewritten, or scanned for its references to it.

    Raises:
        InvalidChange: the table differs from the model, is being changed, has more bytes, or would lose something.
        ChangeFailed: PostgreSQL refused it.
    """
    connection, snapshot = transaction.connection, transaction.snapshot
    tables = locked_tables(snapshot, object_)
    try:
        for drop in transaction.views.drop_views_of(snapshot, object_):
            await connection.execute(drop, prepare=False)
        await connection.execute(rewrite.lock_tables(tables), prepare=False)
        await _check(transaction, object_, tables, largest)
        storage = await _ask(connection, "storage_parameters", object_)
        settings = [
            *await _ask(connection, "table_settings", object_),
            *await _ask(connection, "table_grants", object_),
        ]
        required = dict(await _ask(connection, "not_null_names", object_))
        known = {index.name for index in snapshot.indexes_of[object_.id]}
        others = [(text,) for name, text in await _ask(connection, "index_definitions", object_) if name not in known]
        for statement in _statements(transaction, object_, [text for (text,) in storage]):
            await connection.execute(statement, prepare=False)
        for column, name in await _ask(connection, "not_null_names", object_):
            if (wanted := required.get(column, name)) != name:
                await connection.execute(rewrite.rename_constraint(object_.table, name, wanted), prepare=False)
        for (text,) in (*others, *settings):
            await connection.execute(text.encode(), prepare=False)
        await connection.execute(rewrite.analyze(object_.table), prepare=False)
    except psycopg.Error as error:
        raise _refusal(object_, error) from error


async def _ask(connection: Session, query: str, object_: Object) -> list[Any]:
    return await fetch(connection, query, table=quote_table(object_.table))


async def _check(transaction: ModelTransaction, object_: Object, tables: list[Table], largest: int) -> None:
    connection, snapshot = transaction.connection, transaction.snapshot
    if object_.table.is_distributed:
        raise InvalidChange(
            f"the table {object_.table.name} is distributed, and Citus renames no constraint of such a table, which a"
            " rewrite has to do"
        )
    building = Status.BUILDING in {one.status for one in object_.fields}
    if building or any(index.status is Status.BUILDING for index in snapshot.indexes_of[object_.id]):
        raise InvalidChange(f"{object_.name_singular} is still being changed: try again when its status is READY")
    for table in tables:
        size = await read_bytes(connection, table)
        if size > largest:
            use = (
                "would be rewritten" if table == object_.table else f"refers to {object_.table.name}, or is referred to"
            )
            raise InvalidChange(
                f"the table {table.name} {use}, and has {size >> 20:,} MiB, for which others would wait too long, where"
                f" at most {largest >> 20:,} MiB are (FIELDSTONE_MAX_REWRITE_BYTES); raise it for a quiet hour"
            )
    if obstacles := [name for (name,) in await _ask(connection, "rewrite_obstacles", object_)]:
        raise InvalidChange(
            f"the table {object_.table.name} cannot be rewritten with {', '.join(obstacles)}; drop that first, and make"
            " it again after"
        )
    if drifts := await find_drift(connection, snapshot, trigram=transaction.bounds.trigram, only=object_):
        raise InvalidChange(f"the table differs from the model, and is to be repaired first: {drifts[0].finding}")


def _statements(transaction: ModelTransaction, object_: Object, storage: Sequence[str]) -> Iterator[Composed | bytes]:
    snapshot = transaction.snapshot
    indexes = snapshot.indexes_of[object_.id]
    primary = next(index for index in indexes if is_primary_key(index, object_))
    relations = _relations(snapshot, object_)
    old = Table(schema=object_.table.schema, name=f"{_OLD}{object_.id.hex}")
    definitions = [definition for field in object_.fields for definition in column_definitions(field)]
    for relation in relations:
        yield alter.drop_constraint(*_key(snapshot, relation))
    yield rewrite.rename_table(object_.table, old.name)
    yield rewrite.rename_constraint(old, primary.name, f"{old.name}_pkey")
    yield create.create_table(object_.table, definitions, key=object_.key, key_constraint=primary.name)
    yield from (text.encode() for text in storage)
    stored = [definition.column.name for definition in definitions if not definition.words_of]
    yield rewrite.carry_over(old, object_.table, stored)
    yield alter.drop_table(old)
    for index in indexes:
        if index is not primary:
            yield build_index(index, object_, transaction.bounds.trigram)
    for relation in relations:
        table, name = _key(snapshot, relation)
        source, target = snapshot.objects[relation.source_object_id], snapshot.objects[relation.target_object_id]
        column = source.by_id[relation.source_field_id].parts[0].column
        yield create.add_foreign_key(table, name, column, target=target.table, key=target.key)
    for name, columns in morph_checks(object_).items():
        yield alter.add_at_most_one(object_.table, name, columns)


def _relations(snapshot: Snapshot, object_: Object) -> list[Relation]:
    return [
        relation
        for relation in snapshot.relations.values()
        if object_.id in {relation.source_object_id, relation.target_object_id}
    ]


def _key(snapshot: Snapshot, relation: Relation) -> tuple[Table, str]:
    source = snapshot.objects[relation.source_object_id]
    return source.table, foreign_key_name(source, source.by_id[relation.source_field_id])


def _refusal(object_: Object, error: psycopg.Error) -> Exception:
    known = translate_error(error)
    if isinstance(known, PASSING):
        return known
    return ChangeFailed(f"the table {object_.table.name} cannot be rewritten, and nothing was changed: {known.message}")
