"""The tables that PostgreSQL has for objects, and those that it would have if they were made of the model now."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace

from psycopg.sql import SQL, Composed

from fieldstone.metadata.catalog.queries import fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.rules.indexes.indexed_values import TRIGRAM
from fieldstone.metadata.changes.tables.migration import build_index, column_definitions, is_primary_key
from fieldstone.metadata.model import Index, Object, Snapshot
from fieldstone.metadata.sql_views.definition import SqlSchema, read_schema
from fieldstone.sql.ddl import create
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.frozen import frozen

_SCRATCH = "pg_temp"

# Each table and index takes a lock, of which a server has some 6,400 for all.
_TABLES_AT_ONCE = 50


@frozen
class Constraint:
    """A constraint; of a foreign key `columns` are its columns and `target` is its table.

    Attributes:
        is_valid: False if there may be rows that break it: they were not looked at, or its triggers are disabled.
        actions: the letters of PostgreSQL for ON DELETE, ON UPDATE and MATCH; blanks where it is no foreign key.
    """

    kind: str
    columns: tuple[str, ...]
    target: str | None
    is_deferrable: bool
    is_deferred: bool
    is_valid: bool
    actions: str


@frozen
class Tables:
    """The parts of tables in PostgreSQL, by the names of the tables.

    Attributes:
        columns: for each table and column, its type, whether NULL is refused, and the default or expression.
        indexes: for each table and index, its definition without the table's name; None where it is not valid.
        primary_keys: for each table the name of its primary key, if there is one.
        constraints: for each table and constraint but the primary keys and NOT NULLs.
    """

    columns: Mapping[str, Mapping[str, tuple[str, bool, str | None]]]
    indexes: Mapping[str, Mapping[str, str | None]]
    primary_keys: Mapping[str, str]
    constraints: Mapping[str, Mapping[str, Constraint]]


async def read_tables(connection: Session, schema: str) -> Tables:
    """Return the tables of a schema."""
    columns: defaultdict[str, dict[str, tuple[str, bool, str | None]]] = defaultdict(dict)
    for name, column, type_, is_required, default in await fetch(connection, "physical_columns", schema=schema):
        known = columns[name]
        if column is not None:
            known[column] = (type_, is_required, default)
    indexes: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    primary_keys = {}
    for name, index, is_valid, definition, is_primary in await fetch(connection, "physical_indexes", schema=schema):
        indexes[name][index] = _without_table(definition) if is_valid else None
        if is_primary:
            primary_keys[name] = index
    constraints: defaultdict[str, dict[str, Constraint]] = defaultdict(dict)
    rows = await fetch(connection, "physical_constraints", schema=schema)
    for name, constraint, kind, keys, target, is_deferrable, is_deferred, is_valid, actions in rows:
        constraints[name][constraint] = Constraint(
            kind=kind,
            columns=tuple(keys),
            target=target,
            is_deferrable=is_deferrable,
            is_deferred=is_deferred,
            is_valid=is_valid,
            actions=actions,
        )
    return Tables(columns=columns, indexes=indexes, primary_keys=primary_keys, constraints=constraints)


async def read_sql_schemas(connection: Session, snapshot: Snapshot) -> tuple[SqlSchema, ...]:
    """Return the schemas with the views of a workspace's SQL roles."""
    ((_, rows),) = await fetch(connection, "model_version", workspace_id=snapshot.workspace.id)
    return tuple(map(read_schema, rows))


async def make_tables(
    connection: Session, objects: Sequence[tuple[Object, Sequence[Index]]], *, trigram: TrigramClass | None
) -> AsyncIterator[tuple[Sequence[Object], Tables]]:
    """Yield the tables that objects should have, some objects at a time: they are made, read and undone again.

    Args:
        connection: its transaction makes the tables, which no other sees.
        objects: the objects, each with the indexes that its table is to have.
        trigram: the operator class for trigram indexes, None where the server has not got it.
    """
    for start in range(0, len(objects), _TABLES_AT_ONCE):
        some = objects[start : start + _TABLES_AT_ONCE]
        made = [
            statement
            for object_, indexes in some
            for statement in create_table(
                replace(object_, table=replace(object_.table, schema=_SCRATCH)), indexes, trigram
            )
        ]
        async with connection.transaction(force_rollback=True):
            await connection.execute(SQL("; ").join(made), prepare=False)
            row = await fetch_one(connection, "scratch_schema")
            wanted = await read_tables(connection, row[0] if row else "")
        yield [object_ for object_, _ in some], wanted


def create_table(object_: Object, indexes: Sequence[Index], trigram: TrigramClass | None) -> Iterator[Composed]:
    """Yield the statements for an object's table, with those of its indexes that the server can make."""
    definitions = [definition for field in object_.fields for definition in column_definitions(field)]
    primary = next(index for index in indexes if is_primary_key(index, object_))
    yield create.create_table(object_.table, definitions, key=object_.key, key_constraint=primary.name)
    for index in indexes:
        if index is not primary and can_make(index, trigram):
            yield build_index(index, object_, trigram)


def can_make(index: Index, trigram: TrigramClass | None) -> bool:
    """Return whether the server has the operator class of an index."""
    return index.method != TRIGRAM or trigram is not None


def _without_table(definition: str) -> str:
    """Return an index's definition behind the name of its table."""
    return f"{definition.split(' ON ', 1)[0]} {definition[definition.index(' USING ') :]}"
