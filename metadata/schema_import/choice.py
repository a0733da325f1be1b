"""The choice of the tables and columns that an import takes."""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.known_names import find_close
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_import.source import SourceSchema, SourceTable

_Place = tuple[str, str | None]
"""A table, and one of its columns or None for all of them."""


def choose(source: SourceSchema, *, only: Sequence[str] = (), skip: Sequence[str] = ()) -> SourceSchema:
    """Return the part of a schema that is imported. A column that is left out may still be of the key of its table.

    Args:
        source: the schema.
        only: tables, and columns as `table.column`; all of them if there are none.
        skip: those that are left out, spelled alike.

    Raises:
        UnknownObject: the schema has no such table or column.
        InvalidChange: nothing is left.
    """
    chosen = {place for name in only for place in [_find(source, name, "only")]}
    skipped = {place for name in skip for place in [_find(source, name, "skip")]}
    tables = [_choose_columns(table, chosen, skipped) for table in source.tables]
    left = tuple(table for table in tables if table is not None)
    if not left:
        raise InvalidChange("only and skip leave no table to import", field="skip" if skip else "only")
    others = [other for other in source.others if (other[0], None) not in skipped and not chosen]
    return replace(source, tables=left, others=tuple(others))


def _choose_columns(table: SourceTable, chosen: set[_Place], skipped: set[_Place]) -> SourceTable | None:
    """Return a table with the columns that get no field, or None if the table is left out."""
    name = table.table.name
    if (name, None) in skipped or (chosen and name not in {one for one, _ in chosen}):
        return None
    named = {column for one, column in chosen if one == name and column is not None}
    is_whole = not named or (name, None) in chosen
    left_out = {
        column.name
        for column in table.columns
        if (name, column.name) in skipped or not (is_whole or column.name in named)
    }
    return replace(table, left_out=frozenset(left_out))


def _find(source: SourceSchema, given: str, argument: str) -> _Place:
    tables = {table.table.name: table for table in source.tables}
    if given in tables or given in {name for name, _ in source.others}:
        return given, None
    for place in (index for index, letter in enumerate(given) if letter == "."):
        table, column = tables.get(given[:place]), given[place + 1 :]
        if table is not None and any(one.name == column for one in table.columns):
            return given[:place], column
    known = [*tables, *(f"{name}.{column.name}" for name, table in tables.items() for column in table.columns)]
    close = find_close(given, known, is_bounded=False)
    hint = f"; did you mean {shown(close[0])}?" if close else ""
    raise UnknownObject(f"the schema has no table or column {shown(given)}{hint}", field=argument)
