"""The values of a field that gets another type: their losses found, and made where the client agrees."""

from collections.abc import Sequence

from psycopg.sql import Composable

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.plan import too_large
from fieldstone.metadata.changes.row_work import ConvertValues, FillValues, MapOptions
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.writer.table_sizes import read_bytes
from fieldstone.sql.ddl import alter, column_rows
from fieldstone.sql.frozen import frozen
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column

_EXAMPLES = 3
_MOST_COUNTED = 1_000_000


@frozen
class Lost:
    """The losses of a conversion: the number of rows, and their commonest values as text."""

    rows: int = 0
    examples: tuple[tuple[str, int], ...] = ()


async def require_convertible(connection: Session, work: ConvertValues, *, largest: int) -> None:
    """Make sure that the values can be those of the new type, but for losses; nothing is locked or changed.

    Raises:
        InvalidChange: values would be missing or shared, or the table is too large.
    """
    await _require_small(connection, work, largest)
    await _require_fit(connection, work)


async def convert_values(connection: Session, work: ConvertValues, *, largest: int) -> None:
    """Make sure that the values can be those of the new type, up to the transaction's end; drop allowed losses.

    Raises:
        InvalidChange: values would be lost, are missing or would be shared, or the table is too large.
        psycopg.Error: PostgreSQL refused it.
    """
    await _require_small(connection, work, largest)
    table, column = work.object_.table, work.field.parts[0].column
    await hold_table(connection, table, readers_too=not work.conversion.is_same)
    lost = await find_lost(connection, work)
    require_kept(work, lost)
    await _require_fit(connection, work)
    if lost.rows and work.conversion.is_same and work.conversion.kept is not None:
        await connection.execute(
            column_rows.lose(table, column, work.conversion.kept, work.conversion.value, but=work.mapped), prepare=False
        )


async def hold_table(connection: Session, table: Table, *, readers_too: bool) -> None:
    """Lock a table against writers, or against everybody, to the transaction's end; builds of ours on it give way."""
    await connection.execute(QUERIES["interrupt_builds"], {"tables": [quote_table(table)]})
    await connection.execute(alter.lock_table(table, readers_too=readers_too), prepare=False)


async def find_lost(connection: Session, work: ConvertValues) -> Lost:
    """Return the losses of the values; nothing is locked or changed."""
    if work.kept is None:
        return Lost()
    query = column_rows.find_lost(
        work.object_.table,
        [part.column for part in work.field.parts],
        work.kept,
        but=work.mapped,
        limit=_EXAMPLES,
    )
    found = await (await connection.execute(query, prepare=False)).fetchall()
    return Lost(rows=found[0][2], examples=tuple((text, rows) for text, rows, _ in found)) if found else Lost()


def require_kept(work: ConvertValues, lost: Lost) -> None:
    """Make sure that nothing is lost that may not be.

    Raises:
        InvalidChange: values would be.
    """
    if lost.rows and not work.allow_loss:
        raise InvalidChange(_refusal(work, lost), field="type")


async def _require_fit(connection: Session, work: ConvertValues) -> None:
    """Make sure that the new values are there where they must be, and distinct where they must be."""
    table, value = work.object_.table, work.conversion.value
    if is_required(work.updated):
        query = column_rows.count_without(
            table, work.field.parts[0].column, value, but=work.mapped, limit=_MOST_COUNTED
        )
        cursor = await connection.execute(query, prepare=False)
        if (row := await cursor.fetchone()) and row[0]:
            raise InvalidChange(
                f"{work.field.name} is required, and {row[0]:,} records of {work.object_.name_singular} (deleted ones"
                f" included) have a value that would be none of a {work.updated.type.value} field; change them first",
                field="type",
            )
    await require_unshared(connection, work, [value], argument="type")


async def require_unshared(
    connection: Session,
    work: ConvertValues | FillValues | MapOptions,
    values: Sequence[Composable],
    *,
    argument: str,
) -> None:
    """Make sure that no unique index is in the way of the new values of a field's columns that it has.

    Raises:
        InvalidChange: rows would share their values.
    """
    object_ = work.object_
    for fields in work.unique:
        columns: list[Column | Composable] = []
        for field in fields:
            columns += values if field.id == work.field.id else [part.column for part in field.unique_parts]
        query = column_rows.find_duplicates(object_.table, columns, live=object_.deleted_at, limit=_EXAMPLES)
        found = await (await connection.execute(query, prepare=False)).fetchall()
        if found:
            examples = ", ".join(f"{shown(text)} ({rows} records)" for text, rows in found)
            names = " with ".join(field.name for field in fields)
            raise InvalidChange(
                f"{names} is unique, and several records of {object_.name_singular} would share a value: {examples};"
                " change them first",
                field=argument,
            )


def _refusal(work: ConvertValues, lost: Lost) -> str:
    examples = ", ".join(f"{shown(text)} ({rows:,} records)" for text, rows in lost.examples)
    more = " and others" if sum(rows for _, rows in lost.examples) < lost.rows else ""
    way_out = (
        f'optionMapping gives their successors, such as {{ {shown(lost.examples[0][0])}: "{option.value}" }}, or'
        if (option := next(iter(work.updated.options), None)) and not work.field.options
        else "change them first, or"
    )
    return (
        f"{work.field.name} cannot become a {work.updated.type.value} field: {lost.rows:,} records of"
        f" {work.object_.name_singular} (deleted ones included) have values that it cannot hold as they are: {examples}"
        f"{more}; {way_out} allowDataLoss: true cuts or empties them"
    )


async def _require_small(connection: Session, work: ConvertValues, largest: int) -> None:
    await require_size(
        connection,
        work.object_.table,
        largest,
        f"another type for {work.field.name} means to look at every record of {work.object_.name_singular} while nobody"
        " writes",
        "create a field of the new type, have it filled in portions (updateX with a filter), and delete this one",
    )


async def require_size(
    connection: Session, table: Table, largest: int, why: str, way_out: str, *, argument: str = "type"
) -> None:
    """Make sure that a table is not so large that a change must not hold it up.

    Raises:
        InvalidChange: it is.
    """
    size = await read_bytes(connection, table)
    if size > largest:
        raise too_large(table.name, size, largest, why, way_out, argument=argument)
