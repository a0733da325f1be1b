"""The rows of a change: checked before it, and updated for it."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.plan import LARGEST_REWRITE
from fieldstone.metadata.changes.row_work import (
    ConvertValues,
    FillValues,
    MapOptions,
    RequireDistinct,
    RequireUnused,
    RequireValues,
    RowWork,
)
from fieldstone.metadata.changes.tables.migration import RequiredColumn
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field
from fieldstone.metadata.scalars import ColumnValue, shown
from fieldstone.metadata.writer.value_conversion import (
    convert_values,
    hold_table,
    require_convertible,
    require_size,
    require_unshared,
)
from fieldstone.sql.ddl import column_rows, create
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.types import SqlType

COUNTED_ROWS = 1_000_000
_EXAMPLES = 3


async def check_row_work(connection: Session, work: RowWork, *, largest_rewrite: int = LARGEST_REWRITE) -> None:
    """Check that no rows are in the way of `do_row_work`; nothing is locked or changed.

    Raises:
        InvalidChange: some are, but for the losses of a conversion; the message counts them, or gives examples.
    """
    match work:
        case RequireValues():
            await _require_values(connection, work)
        case RequireDistinct():
            await _require_distinct(connection, work)
        case RequireUnused():
            await _require_unused(connection, work)
            await _require_counted_fast(connection, work, largest_rewrite)
        case MapOptions():
            await require_size(
                connection,
                work.object_.table,
                largest_rewrite,
                f"optionMapping for {work.field.name} means to look at every record of {work.object_.name_singular}"
                " while"
                " nobody writes",
                "give the records other options in portions (updateX with a filter), then take these away",
                argument="optionMapping",
            )
            column = work.field.parts[0].column
            replaced = column_rows.replaced(column, work.mapping)
            await require_unshared(connection, work, [replaced], argument="optionMapping")
        case ConvertValues():
            await require_convertible(connection, work, largest=largest_rewrite)
        case FillValues():
            values = fill_values(work.field, work.values)
            columns = [part.column for part in work.field.unique_parts]
            filled = column_rows.filled(work.field.parts[0].column, columns, values)
            await require_unshared(connection, work, filled, argument="backfillValue")
        case _:
            assert_never(work)


async def do_row_work(connection: Session, work: RowWork, *, largest_rewrite: int = LARGEST_REWRITE) -> None:
    """Check the rows of a change, or update them for it.

    A table of more than `largest_rewrite` bytes is not read as a whole, since its other users would wait meanwhile.

    Raises:
        InvalidChange: they are in the way; the message counts them, or gives examples.
        psycopg.Error: PostgreSQL refused it.
    """
    match work:
        case RequireValues() | RequireDistinct():
            await check_row_work(connection, work)
        case FillValues():
            await check_row_work(connection, work)
            # A record that came in without a value behind the UPDATE would have the whole change be tried again.
            await hold_table(connection, work.object_.table, readers_too=False)
            values = fill_values(work.field, work.values)
            await connection.execute(
                column_rows.fill_empty(work.object_.table, work.field.parts[0].column, values), prepare=False
            )
        case RequireUnused():
            # Most refusals need no lock; nobody can write an unused option once it is held.
            await check_row_work(connection, work, largest_rewrite=largest_rewrite)
            await hold_table(connection, work.object_.table, readers_too=False)
            await _require_unused(connection, work)
        case MapOptions():
            await check_row_work(connection, work, largest_rewrite=largest_rewrite)
            await hold_table(connection, work.object_.table, readers_too=False)
            await connection.execute(
                column_rows.replace_values(work.object_.table, work.field.parts[0].column, work.mapping), prepare=False
            )
        case ConvertValues():
            await convert_values(connection, work, largest=largest_rewrite)
        case _:
            assert_never(work)


async def require_no_rows(connection: Session, required: RequiredColumn) -> None:
    """Check that a table is empty, since its records would have no value in a new required column.

    Raises:
        InvalidChange: it has records.
    """
    ((rows,),) = await _fetch(connection, create.count_rows(required.table, limit=COUNTED_ROWS))
    if rows:
        field = required.field
        way_out = (
            "leave isNullable out, and make the field required when every record has a value"
            if field.relation_id
            else "give a defaultValue, or leave isNullable out"
        )
        raise InvalidChange(
            f"{field.name} cannot be required: {required.object_name} has {counted(rows)} records (deleted ones"
            f" included) that would have no value; {way_out}",
            field="isNullable",
        )


def fill_values(field: Field, values: Sequence[ColumnValue]) -> dict[str, tuple[str, SqlType]]:
    """Return the text and the type of each column that gets one of these values."""
    return {
        part.column.name: (dumps(value) if part.column.type is SqlType.JSONB else str(value), part.column.type)
        for part, value in zip(field.parts, values, strict=True)
        if value is not None
    }


def counted(rows: int) -> str:
    """Return a number of rows, counted no further than COUNTED_ROWS, as people read it."""
    return f"{rows:,}" if rows < COUNTED_ROWS else f"{COUNTED_ROWS:,} or more"


async def _require_values(connection: Session, work: RequireValues) -> None:
    column = work.field.parts[0].column
    ((rows,),) = await _fetch(connection, column_rows.count_empty(work.object_.table, column, limit=COUNTED_ROWS))
    if rows:
        way_out = "connect them first" if work.field.relation_id else "give them one, or give a backfillValue"
        raise InvalidChange(
            f"{work.field.name} cannot be required: {counted(rows)} records of {work.object_.name_singular}"
            " (deleted ones"
            f" included) have no value; {way_out}",
            field=work.argument,
        )


async def _require_distinct(connection: Session, work: RequireDistinct) -> None:
    columns = [part.column for field in work.fields for part in field.unique_parts]
    query = column_rows.find_duplicates(work.object_.table, columns, live=work.object_.deleted_at, limit=_EXAMPLES + 1)
    found = await _fetch(connection, query)
    if found:
        examples = ", ".join(f"{shown(value)} ({rows} records)" for value, rows in found[:_EXAMPLES])
        names = " with ".join(field.name for field in work.fields)
        more = " and others" if len(found) > _EXAMPLES else ""
        raise InvalidChange(
            f"{names} cannot be unique: several records of {work.object_.name_singular} share a value:"
            f" {examples}{more}; change or delete all but one of each",
            field=work.argument,
        )


async def _require_unused(connection: Session, work: RequireUnused) -> None:
    column = work.field.parts[0].column
    found = await _fetch(connection, column_rows.count_each(work.object_.table, column, work.options))
    if found:
        uses = ", ".join(f"{value} ({rows:,} records)" for value, rows in found)
        raise InvalidChange(
            f"these options of {work.field.name} are in use, deleted records included: {uses}; optionMapping gives"
            f' their successors, such as {{ {found[0][0]}: "{work.field.options[0].value}" }}',
            field="options",
        )


async def _require_counted_fast(connection: Session, work: RequireUnused, largest: int) -> None:
    """Make sure that an index tells whether the options are in use, where the table is large."""
    column = work.field.parts[0].column
    method = "gin" if column.type is SqlType.TEXT_ARRAY else "btree"
    parameters = {"table": quote_table(work.object_.table), "column": column.name, "method": method}
    ((is_indexed,),) = await _fetch(connection, QUERIES["is_indexed"], parameters)
    if not is_indexed:
        await require_size(
            connection,
            work.object_.table,
            largest,
            f"to take options of {work.field.name} away means to look at every record of {work.object_.name_singular}"
            " while nobody writes",
            f"createIndex on {work.field.name} (method: {method}) makes it fast, and may go after",
            argument="options",
        )


async def _fetch(
    connection: Session, query: Any, parameters: Mapping[str, object] | None = None
) -> Sequence[tuple[Any, ...]]:
    return await (await connection.execute(query, parameters, prepare=False)).fetchall()
