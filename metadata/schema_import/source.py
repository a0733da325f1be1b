"""Reads a PostgreSQL schema from its catalog: tables, columns, keys."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.workspaces.registry import SCHEMA_PREFIX
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import read_row

P = TypeVar("P")

_ORDINARY = frozenset({"r", "p"})
_OTHERS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


@frozen
class SourceColumn:
    """A column.

    Attributes:
        type: as PostgreSQL writes it, with its length or precision.
        base: the name of the type behind domains and arrays.
        labels: those of an enum, in its order.
        default: the expression.
        is_nested: whether it is an array whose items are lists themselves.
        is_readable: whether the session may read its values.
        has_gaps: whether it is an array some of whose items are NULL.
        becomes_null: whether some of its values have no counterpart, and so become NULL.
    """

    name: str
    type: str
    base: str
    is_array: bool
    labels: tuple[str, ...]
    is_required: bool
    default: str | None
    is_identity: bool
    is_generated: bool
    comment: str | None
    is_nested: bool
    is_readable: bool = True
    has_gaps: bool = False
    becomes_null: bool = False


@frozen
class SourceIndex:
    """An index; `is_plain` tells whether it is a B-tree of columns, over all rows."""

    name: str
    is_primary: bool
    is_unique: bool
    is_plain: bool
    columns: tuple[str, ...]


@frozen
class SourceConstraint:
    """A foreign key (kind `f`), or another constraint; `target` is the oid of the table that a foreign key leads to."""

    name: str
    kind: str
    target: int
    on_delete: str
    columns: tuple[str, ...]
    target_columns: tuple[str, ...]


@frozen
class SourceTable:
    """A table.

    Attributes:
        has_children: whether other tables inherit from it, whose rows are not its own.
        left_out: the columns that get no field.
    """

    oid: int
    table: Table
    comment: str | None
    has_children: bool
    columns: tuple[SourceColumn, ...]
    indexes: tuple[SourceIndex, ...]
    constraints: tuple[SourceConstraint, ...]
    left_out: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[SourceColumn, ...]:
        """The columns of the primary key; none where there is none."""
        primary = next((index for index in self.indexes if index.is_primary), None)
        return tuple(map(self.column, primary.columns)) if primary else ()

    def column(self, name: str) -> SourceColumn:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)

    def is_unique(self, columns: Sequence[str]) -> bool:
        """Return whether no two rows share the values of these columns."""
        return any(index.is_unique and index.is_plain and set(index.columns) == set(columns) for index in self.indexes)


@frozen
class SourceSchema:
    """A schema of a database; `others` are its views and foreign tables, each with its kind."""

    database: str
    schema: str
    tables: tuple[SourceTable, ...]
    others: tuple[tuple[str, str], ...]


async def read_source(connection: Session, schema: str) -> SourceSchema:
    """Return the tables of a schema.

    Raises:
        InvalidChange: the schema is PostgreSQL's or Fieldstone's own.
        UnknownObject: the schema has no table.
    """
    if await _is_own(connection, schema):
        raise InvalidChange(
            f'the schema "{schema}" cannot be imported: it is one of those that PostgreSQL or Fieldstone have for'
            " themselves",
            field="schema",
        )
    rows = await fetch(connection, "source_tables", schema=schema)
    ordinary = [row for row in rows if row[2] in _ORDINARY]
    if not ordinary:
        raise UnknownObject(f'there is no table in a schema "{schema}"', field="schema")
    oids = [row[0] for row in ordinary]
    columns = await _read_parts(connection, "source_columns", SourceColumn, oids)
    indexes = await _read_parts(connection, "source_indexes", SourceIndex, oids)
    constraints = await _read_parts(connection, "source_constraints", SourceConstraint, oids)
    tables = tuple(
        SourceTable(
            oid=oid,
            table=Table(schema=schema, name=name),
            comment=comment,
            has_children=has_children,
            columns=tuple(columns[oid]),
            indexes=tuple(indexes[oid]),
            constraints=tuple(constraints[oid]),
        )
        for oid, name, _, comment, has_children in ordinary
    )
    ((database,),) = await fetch(connection, "database_name")
    others = tuple((row[1], _OTHERS[row[2]]) for row in rows if row[2] in _OTHERS)
    return SourceSchema(database=database, schema=schema, tables=tables, others=others)


async def _is_own(connection: Session, schema: str) -> bool:
    """Return whether a schema is PostgreSQL's, or the catalog or a workspace of the Fieldstone in the database."""
    if schema.startswith("pg_") or schema in {"information_schema", "fieldstone"}:
        return True
    ((has_workspaces,),) = await fetch(connection, "has_workspaces")
    return bool(has_workspaces) and schema.startswith(SCHEMA_PREFIX)


async def _read_parts(connection: Session, query: str, kind: type[P], oids: list[int]) -> Mapping[int, list[P]]:
    """Return the parts of tables by the tables' oids; a query has the columns of a part behind the oid."""
    found: defaultdict[int, list[P]] = defaultdict(list)
    for oid, *row in await fetch(connection, query, tables=oids):
        values = read_row(kind, row)
        found[oid].append(kind(**{name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}))
    return found
