"""Drift: where the tables are not what the model says, each with what repairs it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg.sql import Composed

from metadata.changes.migration import build_index, column_definitions, is_primary_key
from metadata.model import Field, Object, Snapshot
from metadata.queries import QUERIES
from metadata.sessions import Connection
from sql import alter, ddl
from sql.ddl import TrigramClass
from sql.plan import Column, Table
from sql.types import SqlType


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is not as the model says.

    Attributes:
        finding: a sentence.
        repair: the statement that makes it so, None where people must decide.
    """

    finding: str
    repair: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What PostgreSQL has.

    Attributes:
        tables: for each table and column, the type's oid and whether NULL is refused.
        indexes: for each index whether it is valid.
        types: the oid of each type.
    """

    tables: Mapping[str, Mapping[str, tuple[int, bool]]]
    indexes: Mapping[str, bool]
    types: Mapping[str, int]


async def find_drift(connection: Connection, snapshot: Snapshot, *, trigram: TrigramClass | None) -> list[Drift]:
    """Return where the workspace's tables are not what its model says; nothing is changed."""
    found = await _read(connection, snapshot.workspace.schema)
    drifts: list[Drift] = []
    for thing in snapshot.objects.values():
        columns = found.tables.get(thing.table.name)
        if columns is None:
            drifts.append(
                Drift(finding=f"The table {thing.table.name} of the object {thing.name_singular} is not there.")
            )
            continue
        drifts += _compare_columns(thing, columns, found.types)
    drifts += _find_strangers(snapshot, found)
    cursor = await connection.execute(QUERIES["postponed_indexes"])
    building = {id_ for _, id_ in await cursor.fetchall()}
    for index in snapshot.indexes.values():
        thing = snapshot.objects[index.object_id]
        if index.id in building:
            continue
        if not found.indexes.get(index.name, False) and thing.table.name in found.tables:
            state = "is not valid" if index.name in found.indexes else "is not there"
            needed = None if is_primary_key(index, thing) else build_index(index, thing, trigram)
            dropped = alter.drop_index(snapshot.workspace.schema, index.name)
            repair = f"{dropped.as_string()}; {needed.as_string()}" if needed else None
            drifts.append(Drift(finding=f"The index {index.name} of {thing.name_singular} {state}.", repair=repair))
    return drifts


async def _read(connection: Connection, schema: str) -> _Found:
    tables: defaultdict[str, dict[str, tuple[int, bool]]] = defaultdict(dict)
    cursor = await connection.execute(QUERIES["physical_columns"], {"schema": schema})
    for table, column, type_id, is_required in await cursor.fetchall():
        known = tables[table]
        if column is not None:
            known[column] = (type_id, is_required)
    cursor = await connection.execute(QUERIES["physical_indexes"], {"schema": schema})
    indexes = dict(await cursor.fetchall())
    cursor = await connection.execute(QUERIES["type_ids"], {"names": [type_.value for type_ in SqlType]})
    return _Found(tables=tables, indexes=indexes, types=dict(await cursor.fetchall()))


def _compare_columns(thing: Object, found: Mapping[str, tuple[int, bool]], types: Mapping[str, int]) -> Iterator[Drift]:
    for field in thing.fields:
        for definition in column_definitions(field) if field.parts else ():
            column = definition.column
            name = f"The column {thing.table.name}.{column.name} of {thing.name_singular}.{field.name}"
            if column.name not in found:
                repair = ddl.add_columns(thing.table, [definition])
                yield Drift(finding=f"{name} is not there.", repair=repair.as_string())
                continue
            type_id, is_required = found[column.name]
            if type_id != types[column.type.value]:
                yield Drift(finding=f"{name} is not of the type {column.type.value}.")
            if is_required == column.nullable:
                yield _wrong_nullability(thing, field, column, name)


def _wrong_nullability(thing: Object, field: Field, column: Column, name: str) -> Drift:
    need = "must refuse NULL, and lets it in" if not column.nullable else "refuses NULL, and must let it in"
    why = "" if field.is_active else ", as the field is not active"
    repair: Composed = alter.set_required(thing.table, column, required=not column.nullable)
    return Drift(finding=f"{name} {need}{why}.", repair=repair.as_string())


def _find_strangers(snapshot: Snapshot, found: _Found) -> Iterator[Drift]:
    things = {thing.table.name: thing for thing in snapshot.objects.values()}
    for table, columns in found.tables.items():
        thing = things.get(table)
        if thing is None:
            drop = alter.drop_table(Table(schema=snapshot.workspace.schema, name=table))
            yield Drift(finding=f"The table {table} belongs to no object.", repair=drop.as_string())
            continue
        known = {part.column.name for field in thing.fields for part in field.parts}
        for column in columns:
            if column not in known:
                yield Drift(finding=f"The column {table}.{column} belongs to no field of {thing.name_singular}.")
