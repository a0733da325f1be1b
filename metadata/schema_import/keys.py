"""The id of a record, made of the primary key of its row."""

from collections.abc import Sequence

from fieldstone.metadata.schema_import.source import SourceColumn, SourceTable
from fieldstone.sql.ddl import import_rows
from fieldstone.sql.ddl.import_rows import Term


def row_id(table: SourceTable, values: Sequence[Term] = (), *, of: str = "s") -> Term:
    """Return the id of the record of a row, for these values of its key or for those of the row `of`."""
    if not table.key:
        return import_rows.random_id()
    given = list(values) or [import_rows.column(column.name, of=of) for column in table.key]
    if len(table.key) == 1 and _is_uuid(table.key[0]):
        return given[0]
    return import_rows.row_id(
        table.table, [import_rows.cast(value, column.type) for value, column in zip(given, table.key, strict=True)]
    )


def is_exact(column: SourceColumn) -> bool:
    """Return whether equal values of a key have the same text: 1 and 1.0 are equal numbers, a and A in citext."""
    return column.base != "citext" and (column.base != "numeric" or "(" in column.type)


def is_record_id(table: SourceTable, column: SourceColumn) -> bool:
    """Return whether a column is the id of the records as it stands."""
    return table.key == (column,) and _is_uuid(column)


def is_surrogate(table: SourceTable, column: SourceColumn) -> bool:
    """Return whether a column is a key that counts the rows, and says nothing about them."""
    return table.key == (column,) and is_counted(column)


def is_counted(column: SourceColumn) -> bool:
    """Return whether PostgreSQL counts the values of a column."""
    return column.is_identity or (column.default or "").startswith("nextval(")


def _is_uuid(column: SourceColumn) -> bool:
    return column.base == "uuid" and not column.is_array
