"""Drift: where the tables are not what the model says, each with what repairs it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from psycopg.sql import Composed

from metadata.changes.create_index import TRIGRAM
from metadata.changes.migration import build_index, column_definitions, foreign_key_name, is_primary_key
from metadata.changes.morph_checks import morph_checks
from metadata.model import Field, Index, Object, Snapshot, Status
from metadata.queries import QUERIES
from metadata.sessions import Connection
from sql import alter, ddl
from sql.ddl import ColumnDefinition, TrigramClass
from sql.plan import Column, Table
from sql.types import SqlType

_SCRATCH = "pg_temp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is not as the model says.

    Attributes:
        finding: a sentence.
        repair: the statements that make it so, None where people must decide.
        table: the name of the table that it is about.
    """

    finding: str
    repair: str | None = None
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Constraint:
    """A constraint; of a foreign key `columns` are its columns and `target` is its table."""

    kind: str
    columns: tuple[str, ...]
    target: str | None
    is_deferrable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What PostgreSQL has, by the names of tables.

    Attributes:
        columns: for each table and column, the type's oid, whether NULL is refused, and the default or expression.
        indexes: for each table and index, its definition without the table's name; None where it is not valid.
        constraints: for each table and constraint but the primary keys and NOT NULLs.
    """

    columns: Mapping[str, Mapping[str, tuple[int, bool, str | None]]]
    indexes: Mapping[str, Mapping[str, str | None]]
    constraints: Mapping[str, Mapping[str, _Constraint]]


async def find_drift(
    connection: Connection, snapshot: Snapshot, *, trigram: TrigramClass | None, only: Object | None = None
) -> list[Drift]:
    """Return where the workspace's tables, or that of one object, are not what its model says; nothing is changed.

    What a table must have is made of the model in a temporary table that nobody else sees, and compared as PostgreSQL
    writes it.
    """
    found = await _read(connection, snapshot.workspace.schema)
    names = [type_.value for type_ in SqlType]
    types = dict(await (await connection.execute(QUERIES["type_ids"], {"names": names})).fetchall())
    building = {id_ for _, id_ in await (await connection.execute(QUERIES["postponed_indexes"])).fetchall()}
    drifts: list[Drift] = []
    for thing in snapshot.objects.values() if only is None else (only,):
        if thing.table.name not in found.columns:
            drifts.append(_missing_table(snapshot, thing, trigram))
            continue
        wanted = await _make(connection, snapshot, thing, trigram, building)
        one = _One(thing=thing, found=found, wanted=wanted)
        drifts += _compare_columns(one, types)
        drifts += _compare_indexes(snapshot, one, trigram, building)
        drifts += _compare_constraints(snapshot, one)
    drifts += (drift for drift in _find_strangers(snapshot, found) if only is None or drift.table == only.table.name)
    return drifts


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One object's table: as it was found, and as it is to be."""

    thing: Object
    found: _Found
    wanted: _Found

    @property
    def name(self) -> str:
        return self.thing.table.name


async def _read(connection: Connection, schema: str, table: str | None = None) -> _Found:
    """Return what a schema has, or one of its tables."""
    parameters = {"schema": schema, "table": table}
    columns: defaultdict[str, dict[str, tuple[int, bool, str | None]]] = defaultdict(dict)
    for name, column, type_id, is_required, default in await _fetch(connection, "physical_columns", parameters):
        known = columns[name]
        if column is not None:
            known[column] = (type_id, is_required, default)
    indexes: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for name, index, is_valid, definition in await _fetch(connection, "physical_indexes", parameters):
        indexes[name][index] = _without_table(definition) if is_valid else None
    constraints: defaultdict[str, dict[str, _Constraint]] = defaultdict(dict)
    rows = await _fetch(connection, "physical_constraints", parameters)
    for name, constraint, kind, keys, target, is_deferrable in rows:
        constraints[name][constraint] = _Constraint(
            kind=kind, columns=tuple(keys), target=target, is_deferrable=is_deferrable
        )
    return _Found(columns=columns, indexes=indexes, constraints=constraints)


async def _fetch(connection: Connection, query: str, parameters: Mapping[str, str | None]) -> list[Any]:
    return await (await connection.execute(QUERIES[query], parameters)).fetchall()


def _without_table(definition: str) -> str:
    """Return an index's definition behind the name of its table."""
    return f"{definition.split(' ON ', 1)[0]} {definition[definition.index(' USING ') :]}"


async def _make(
    connection: Connection, snapshot: Snapshot, thing: Object, trigram: TrigramClass | None, building: set[UUID]
) -> _Found:
    """Return what a table is to have: it is made, read and undone again."""
    scratch = replace(thing, table=Table(schema=_SCRATCH, name=thing.table.name))
    definitions = [definition for field in thing.fields for definition in column_definitions(field)]
    indexes = [index for index in snapshot.indexes.values() if index.object_id == thing.id]
    primary = next(index for index in indexes if is_primary_key(index, thing))
    async with connection.transaction(force_rollback=True):
        made = ddl.create_table(scratch.table, definitions, key=thing.key, key_constraint=primary.name)
        await connection.execute(made, prepare=False)
        for index in indexes:
            if index is not primary and index.id not in building and _can_make(index, trigram):
                await connection.execute(build_index(index, scratch, trigram), prepare=False)
        cursor = await connection.execute(QUERIES["scratch_schema"])
        row = await cursor.fetchone()
        return await _read(connection, row[0] if row else "", thing.table.name)


def _missing_table(snapshot: Snapshot, thing: Object, trigram: TrigramClass | None) -> Drift:
    """Return the table with all that belongs to it, but for the keys of others that lead to it."""
    indexes = [index for index in snapshot.indexes.values() if index.object_id == thing.id]
    primary = next(index for index in indexes if is_primary_key(index, thing))
    definitions = [definition for field in thing.fields for definition in column_definitions(field)]
    statements = [ddl.create_table(thing.table, definitions, key=thing.key, key_constraint=primary.name)]
    statements += [
        build_index(index, thing, trigram) for index in indexes if index is not primary and _can_make(index, trigram)
    ]
    return Drift(
        finding=f"The table {thing.table.name} of the object {thing.name_singular} is not there: its records are gone.",
        repair=_joined(statements),
        table=thing.table.name,
    )


def _compare_columns(one: _One, types: Mapping[str, int]) -> Iterator[Drift]:
    thing, found, wanted = one.thing, one.found.columns[one.name], one.wanted.columns[one.name]
    for field in thing.fields:
        for definition in column_definitions(field) if field.parts else ():
            column = definition.column
            name = f"The column {thing.table.name}.{column.name} of {thing.name_singular}.{field.name}"
            if column.name not in found:
                yield _missing_column(thing, definition, name)
                continue
            type_id, is_required, default = found[column.name]
            if type_id != types[column.type.value]:
                statement = alter.set_type(thing.table, column)
                yield _drift(thing, f"{name} is not of the type {column.type.value}.", statement)
            elif default != wanted[column.name][2]:
                yield _wrong_default(thing, definition, name)
            if is_required == column.nullable and field.status is Status.READY:
                yield _wrong_nullability(thing, field, column, name)


def _missing_column(thing: Object, definition: ColumnDefinition, name: str) -> Drift:
    needs_value = not definition.column.nullable and definition.default is None
    added = replace(definition, column=replace(definition.column, nullable=True)) if needs_value else definition
    then = "; it must refuse NULL, and can when its records have values again" if needs_value else ""
    return _drift(thing, f"{name} is not there{then}.", ddl.add_columns(thing.table, [added]))


def _wrong_default(thing: Object, definition: ColumnDefinition, name: str) -> Drift:
    if definition.words_of:
        column = definition.column
        statements = (alter.drop_columns(thing.table, [column]), ddl.add_columns(thing.table, [definition]))
        return _drift(thing, f"{name} is not computed from what the model says.", *statements)
    statement = alter.set_default(thing.table, definition.column, definition.default)
    return _drift(thing, f"{name} has another default value.", statement)


def _wrong_nullability(thing: Object, field: Field, column: Column, name: str) -> Drift:
    need = "must refuse NULL, and lets it in" if not column.nullable else "refuses NULL, and must let it in"
    why = "" if field.is_active else ", as the field is not active"
    statement = alter.set_required(thing.table, column, required=not column.nullable)
    return _drift(thing, f"{name} {need}{why}.", statement)


def _compare_indexes(
    snapshot: Snapshot, one: _One, trigram: TrigramClass | None, building: set[UUID]
) -> Iterator[Drift]:
    thing, found = one.thing, one.found.indexes[one.name]
    for index in snapshot.indexes.values():
        if index.object_id != thing.id or index.id in building:
            continue
        if index.name not in found:
            state = "is not there"
        elif found[index.name] is None:
            state = "is not valid"
        elif found[index.name] != one.wanted.indexes[one.name].get(index.name, found[index.name]):
            state = "is not as the model says"
        else:
            continue
        finding = f"The index {index.name} of {thing.name_singular} {state}."
        yield _drift(thing, finding, *_index_repair(snapshot, thing, index, trigram))


def _index_repair(
    snapshot: Snapshot, thing: Object, index: Index, trigram: TrigramClass | None
) -> tuple[Composed, ...]:
    if is_primary_key(index, thing):
        return (ddl.add_primary_key(thing.table, index.name, thing.key),)
    if not _can_make(index, trigram):
        return ()
    return alter.drop_index(snapshot.workspace.schema, index.name), build_index(index, thing, trigram)


def _can_make(index: Index, trigram: TrigramClass | None) -> bool:
    return index.method != TRIGRAM or trigram is not None


def _compare_constraints(snapshot: Snapshot, one: _One) -> Iterator[Drift]:
    thing, found = one.thing, one.found.constraints[one.name]
    known: set[str] = set()
    for relation in snapshot.relations.values():
        if relation.source_object_id != thing.id:
            continue
        field, target = thing.by_id[relation.source_field_id], snapshot.objects[relation.target_object_id]
        name, column = foreign_key_name(thing, field), field.parts[0].column
        known.add(name)
        wanted = _Constraint(kind="f", columns=(column.name,), target=target.table.name, is_deferrable=True)
        if found.get(name) != wanted and target.table.name in one.found.columns:
            state = "is not there" if name not in found else "is not as the model says"
            statements = (
                alter.drop_constraint_if_there(thing.table, name),
                ddl.add_foreign_key(thing.table, name, column, target=target.table, key=target.key),
            )
            finding = f"The foreign key {name} of {thing.name_singular}.{field.name} {state}."
            yield _drift(thing, finding, *statements)
    for name, columns in morph_checks(thing).items():
        known.add(name)
        there = found.get(name)
        if there is None or there.kind != "c" or set(there.columns) != {column.name for column in columns}:
            finding = f"The constraint {name} of {thing.name_singular} is not there, or is another."
            statements = (
                alter.drop_constraint_if_there(thing.table, name),
                alter.add_at_most_one(thing.table, name, columns),
            )
            yield _drift(thing, finding, *statements)
    if any(field.status is not Status.READY for field in thing.fields):
        return
    for name, constraint in found.items():
        if name not in known and constraint.kind in {"f", "c", "u", "x"}:
            finding = (
                f"The constraint {name} of the table {thing.table.name} is not of the model, and may refuse records."
            )
            yield _drift(thing, finding, alter.drop_constraint_if_there(thing.table, name))


def _find_strangers(snapshot: Snapshot, found: _Found) -> Iterator[Drift]:
    things = {thing.table.name: thing for thing in snapshot.objects.values()}
    for table, columns in found.columns.items():
        thing = things.get(table)
        if thing is None:
            drop = alter.drop_table(Table(schema=snapshot.workspace.schema, name=table))
            yield Drift(finding=f"The table {table} belongs to no object.", repair=drop.as_string(), table=table)
            continue
        known = {part.column.name for field in thing.fields for part in field.parts}
        for column, (_, is_required, default) in columns.items():
            if column not in known:
                bad = ", and lets no record be created" if is_required and default is None else ""
                finding = f"The column {table}.{column} belongs to no field of {thing.name_singular}{bad}."
                yield _drift(thing, finding, alter.drop_columns(thing.table, [Column(name=column, type=SqlType.TEXT)]))


def _drift(thing: Object, finding: str, *statements: Composed) -> Drift:
    return Drift(finding=finding, repair=_joined(statements), table=thing.table.name)


def _joined(statements: Sequence[Composed]) -> str | None:
    return "; ".join(statement.as_string() for statement in statements) or None
