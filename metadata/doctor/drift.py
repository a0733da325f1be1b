"""Drift: where the tables are not what the model says, each with what repairs it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from psycopg.sql import Composed

from metadata.changes.migration import build_index, column_definitions, foreign_key_name, is_primary_key
from metadata.changes.morph_checks import morph_checks
from metadata.doctor.tables import Constraint, Tables, can_make, create_table, make_tables, read_tables
from metadata.model import Field, Index, Object, Relation, Snapshot, Status
from metadata.queries import QUERIES
from metadata.sessions import Connection
from sql import alter, ddl
from sql.ddl import ColumnDefinition, TrigramClass
from sql.plan import Column, Table
from sql.types import SqlType


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


async def find_drift(
    connection: Connection, snapshot: Snapshot, *, trigram: TrigramClass | None, only: Object | None = None
) -> list[Drift]:
    """Return where the workspace's tables, or that of one object, are not what its model says; nothing is changed.

    What a table must have is made of the model in a temporary table that nobody else sees, and compared as PostgreSQL
    writes it. The statements are a few for every fifty objects.
    """
    found = await read_tables(connection, snapshot.workspace.schema)
    names = [type_.value for type_ in SqlType]
    types = dict(await (await connection.execute(QUERIES["type_ids"], {"names": names})).fetchall())
    parts = _Parts(snapshot=snapshot, trigram=trigram)
    things = snapshot.objects.values() if only is None else (only,)
    drifts = [_missing_table(parts, thing) for thing in things if thing.table.name not in found.columns]
    there = [(thing, parts.built(thing)) for thing in things if thing.table.name in found.columns]
    async for some, wanted in make_tables(connection, there, trigram=trigram):
        for thing in some:
            one = _One(thing=thing, parts=parts, found=found, wanted=wanted)
            drifts += _compare_columns(one, types)
            drifts += _compare_indexes(one)
            drifts += _failed_indexes(one)
            drifts += _compare_constraints(one)
    drifts += (drift for drift in _find_strangers(snapshot, found) if only is None or drift.table == only.table.name)
    return drifts


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The model, with what belongs to an object found at once."""

    snapshot: Snapshot
    trigram: TrigramClass | None

    @cached_property
    def relations(self) -> Mapping[UUID, Sequence[Relation]]:
        """The relations whose keys each object holds."""
        found: defaultdict[UUID, list[Relation]] = defaultdict(list)
        for relation in self.snapshot.relations.values():
            found[relation.source_object_id].append(relation)
        return found

    def built(self, thing: Object) -> list[Index]:
        """Return the indexes that an object's table is to have by now."""
        return [index for index in self.snapshot.indexes_of[thing.id] if index.status is Status.READY]


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One object's table: as it was found, and as it is to be."""

    thing: Object
    parts: _Parts
    found: Tables
    wanted: Tables

    @property
    def name(self) -> str:
        return self.thing.table.name


def _missing_table(parts: _Parts, thing: Object) -> Drift:
    """Return the table with all that belongs to it, but for the keys of others that lead to it."""
    return Drift(
        finding=f"The table {thing.table.name} of the object {thing.name_singular} is not there: its records are gone.",
        repair=_joined(list(create_table(thing, parts.snapshot.indexes_of[thing.id], parts.trigram))),
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


def _compare_indexes(one: _One) -> Iterator[Drift]:
    thing, found, wanted = one.thing, one.found.indexes[one.name], one.wanted.indexes[one.name]
    for index in one.parts.built(thing):
        if index.name not in found:
            state = "is not there"
        elif found[index.name] is None:
            state = "is not valid"
        elif found[index.name] != wanted.get(index.name, found[index.name]):
            state = "is not as the model says"
        else:
            continue
        finding = f"The index {index.name} of {thing.name_singular} {state}."
        yield _drift(thing, finding, *_index_repair(thing, index, one.parts.trigram))


def _failed_indexes(one: _One) -> Iterator[Drift]:
    for index in one.parts.snapshot.indexes_of[one.thing.id]:
        if index.status is Status.FAILED:
            why = f": {index.failure}" if index.failure else ""
            finding = (
                f"The index {index.name} of {one.thing.name_singular} could not be built{why};"
                f' retryBuild(id: "{index.id}") tries again.'
            )
            yield _drift(one.thing, finding)


def _index_repair(thing: Object, index: Index, trigram: TrigramClass | None) -> tuple[Composed, ...]:
    if is_primary_key(index, thing):
        return (ddl.add_primary_key(thing.table, index.name, thing.key),)
    if not can_make(index, trigram):
        return ()
    return alter.drop_index(thing.table.schema, index.name), build_index(index, thing, trigram)


def _compare_constraints(one: _One) -> Iterator[Drift]:
    thing, found = one.thing, one.found.constraints[one.name]
    known: set[str] = set()
    for relation in one.parts.relations[thing.id]:
        field = thing.by_id[relation.source_field_id]
        target = one.parts.snapshot.objects[relation.target_object_id]
        name, column = foreign_key_name(thing, field), field.parts[0].column
        known.add(name)
        wanted = Constraint(kind="f", columns=(column.name,), target=target.table.name, is_deferrable=True)
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


def _find_strangers(snapshot: Snapshot, found: Tables) -> Iterator[Drift]:
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
