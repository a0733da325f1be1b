"""Drift: the differences between tables and model, with those of tables and columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.tables.migration import column_definitions
from fieldstone.metadata.doctor.compared import ComparedTable, Drift, ModelParts, build_drift
from fieldstone.metadata.doctor.index_drift import compare_constraints, compare_indexes, failed_indexes, older_indexes
from fieldstone.metadata.doctor.tables import Tables, create_table, make_tables, read_sql_schemas, read_tables
from fieldstone.metadata.model import Field, Object, Snapshot, Status
from fieldstone.metadata.sql_views.renewal import ViewRenewal
from fieldstone.metadata.sql_views.rules import CompileRules
from fieldstone.sql.ddl import alter, create, rewrite
from fieldstone.sql.ddl.create import ColumnDefinition, TrigramClass
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType


async def find_drift(
    connection: Session,
    snapshot: Snapshot,
    *,
    trigram: TrigramClass | None,
    only: Object | None = None,
    compile_rules: CompileRules | None = None,
) -> list[Drift]:
    """Return the differences between the workspace's tables, or that of one object, and its model; change nothing.

    The expected table is created from the model as a temporary table, and compared in the form in which PostgreSQL
    writes it. Every fifty objects take a few statements. `compile_rules` is as `ViewRenewal` takes it, for repairs.
    """
    found = await read_tables(connection, snapshot.workspace.schema)
    parts = ModelParts(
        snapshot=snapshot,
        trigram=trigram,
        schemas=await read_sql_schemas(connection, snapshot),
        compile_rules=compile_rules,
    )
    objects = snapshot.objects.values() if only is None else (only,)
    missing = [object_ for object_ in objects if object_.table.name not in found.columns]
    strangers = _stranger_tables(parts, found, missing)
    drifts = [_missing_table(parts, object_, found, strangers) for object_ in missing]
    there = [(object_, parts.built(object_)) for object_ in objects if object_.table.name in found.columns]
    aged = dict(await fetch(connection, "aged_indexes", workspace_id=snapshot.workspace.id))
    async for some, wanted in make_tables(connection, there, trigram=trigram):
        for object_ in some:
            one = ComparedTable(object_=object_, parts=parts, found=found, wanted=wanted)
            drifts += _compare_columns(one)
            drifts += _stranger_columns(one)
            if any(_columns_like(one, stranger) for stranger in _strangers(one)):
                # Its indexes and constraints have the other name of a column, and are right when that has its own.
                continue
            drifts += compare_indexes(one)
            drifts += failed_indexes(one)
            drifts += older_indexes(one, aged)
            drifts += compare_constraints(one)
    if only is None:
        drifts += (_stranger_table(snapshot, table, like) for table, like in strangers.items())
    return drifts


def _missing_table(
    parts: ModelParts, object_: Object, found: Tables, strangers: Mapping[str, Sequence[Object]]
) -> Drift:
    """Return the table with all that belongs to it, but for the keys of others that lead to it."""
    table = object_.table
    finding = f"The table {table.name} of the object {object_.name_singular} is not there"
    if like := [name for name, objects in strangers.items() if object_ in objects]:
        is_sure = found.primary_keys.get(like[0]) == parts.primary_key(object_)
        rename = rewrite.rename_table(replace(table, name=like[0]), table.name)
        return _renamed(object_, finding, like, "object", [rename] if is_sure else [])
    return build_drift(
        object_,
        f"{finding}: its records are gone.",
        *create_table(object_, parts.snapshot.indexes_of[object_.id], parts.trigram),
    )


def _stranger_tables(parts: ModelParts, found: Tables, missing: Sequence[Object]) -> Mapping[str, Sequence[Object]]:
    """Return the tables that belong to no object, each with the objects without a table that it may be of.

    A table keeps its primary key under another name, and no two keys have one name. A copy has the columns alone, as
    may be the table of another object.
    """
    known = {object_.table.name for object_ in parts.snapshot.objects.values()}
    strangers = [table for table in found.columns if table not in known]
    by_key = {parts.primary_key(object_): object_ for object_ in missing}
    sure = {table: [by_key[key]] for table in strangers if (key := found.primary_keys.get(table)) in by_key}
    ids = {object_.id for (object_,) in sure.values()}
    columns = [
        (object_, {part.column.name for field in object_.fields for part in field.parts})
        for object_ in missing
        if object_.id not in ids
    ]
    return {
        table: sure.get(table) or [one for one, its in columns if its <= found.columns[table].keys()]
        for table in strangers
    }


def _stranger_table(snapshot: Snapshot, table: str, like: Sequence[Object]) -> Drift:
    """Return the table that belongs to no object; one that may be an object's is not to be dropped."""
    finding = f"The table {table} belongs to no object"
    if like:
        names = _either([object_.table.name for object_ in like])
        return Drift(finding=f"{finding}; it may be {names} under another name.", table=table)
    drop = alter.drop_table(Table(schema=snapshot.workspace.schema, name=table))
    return Drift(finding=f"{finding}.", repair=drop.as_string(), table=table)


def _renamed(object_: Object, finding: str, like: Sequence[str], owner: str, repair: Sequence[Composed]) -> Drift:
    """Return the drift of a table or column that may have another name now: a repair keeps its values."""
    finding += f"; {_either(like)}, which belongs to no {owner}, may be it under another name"
    # A column or table that a person has added may have the very form of the lost one.
    finding += ": look whether its values are the lost ones before you run the repair." if repair else "."
    return build_drift(object_, finding, *repair)


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def _compare_columns(one: ComparedTable) -> Iterator[Drift]:
    object_, found, wanted = one.object_, one.found.columns[one.name], one.wanted.columns[one.name]
    for field in object_.fields:
        for definition in column_definitions(field) if field.parts else ():
            column = definition.column
            name = f"The column {object_.table.name}.{column.name} of {object_.name_singular}.{field.name}"
            if column.name not in found:
                yield _missing_column(one, definition, name)
                continue
            type_, is_required, default = found[column.name]
            if type_ != wanted[column.name][0]:
                # PostgreSQL changes no type of a column that a view has.
                renewal = ViewRenewal(one.parts.schemas, compile_rules=one.parts.compile_rules)
                drops = renewal.drop_views_of(one.parts.snapshot, object_)
                statements = (*drops, alter.set_type(object_.table, column), *renewal.make(one.parts.snapshot))
                yield build_drift(object_, f"{name} is not of the type {column.type.value}.", *statements)
            elif default != wanted[column.name][2]:
                yield _wrong_default(object_, definition, name)
            if is_required == column.nullable and field.status is Status.READY:
                yield _wrong_nullability(object_, field, column, name)


def _missing_column(one: ComparedTable, definition: ColumnDefinition, name: str) -> Drift:
    object_, column = one.object_, definition.column
    found, wanted = one.found.columns[one.name], one.wanted.columns[one.name]
    if like := [stranger for stranger in _strangers(one) if column.name in _columns_like(one, stranger)]:
        is_alone = len(like) == len(_columns_like(one, like[0])) == 1
        is_sure = is_alone and found[like[0]] == wanted[column.name]
        rename = alter.rename_column(object_.table, replace(column, name=like[0]), column.name)
        return _renamed(object_, f"{name} is not there", like, "field", [rename] if is_sure else [])
    needs_value = not column.nullable and definition.default is None
    added = replace(definition, column=replace(column, nullable=True)) if needs_value else definition
    then = "; it must refuse NULL, and can when its records have values again" if needs_value else ""
    return build_drift(object_, f"{name} is not there{then}.", create.add_columns(object_.table, [added]))


def _strangers(one: ComparedTable) -> list[str]:
    return [column for column in one.found.columns[one.name] if column not in one.wanted.columns[one.name]]


def _columns_like(one: ComparedTable, stranger: str) -> list[str]:
    """Return the missing columns of the type of a column that belongs to no field."""
    found, wanted = one.found.columns[one.name], one.wanted.columns[one.name]
    return [column for column in wanted if column not in found and wanted[column][0] == found[stranger][0]]


def _stranger_columns(one: ComparedTable) -> Iterator[Drift]:
    """Yield the columns that belong to no field; one that may be a field's is not to be dropped."""
    object_ = one.object_
    for column in _strangers(one):
        _, is_required, default = one.found.columns[one.name][column]
        bad = ", and lets no record be created" if is_required and default is None else ""
        finding = f"The column {one.name}.{column} belongs to no field of {object_.name_singular}{bad}"
        if missing := _columns_like(one, column):
            yield build_drift(object_, f"{finding}; it may be {_either(missing)} under another name.")
        else:
            drop = alter.drop_columns(object_.table, [Column(name=column, type=SqlType.TEXT)])
            yield build_drift(object_, f"{finding}.", drop)


def _wrong_default(object_: Object, definition: ColumnDefinition, name: str) -> Drift:
    if definition.words_of:
        column = definition.column
        statements = (alter.drop_columns(object_.table, [column]), create.add_columns(object_.table, [definition]))
        return build_drift(object_, f"{name} is not computed as the model says.", *statements)
    statement = alter.set_default(object_.table, definition.column, definition.default)
    return build_drift(object_, f"{name} has another default value.", statement)


def _wrong_nullability(object_: Object, field: Field, column: Column, name: str) -> Drift:
    need = "must refuse NULL, and lets it in" if not column.nullable else "refuses NULL, and must let it in"
    why = "" if field.is_active else ", as the field is not active"
    statement = alter.set_required(object_.table, column, required=not column.nullable)
    return build_drift(object_, f"{name} {need}{why}.", statement)
