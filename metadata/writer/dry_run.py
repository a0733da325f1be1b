"""The dry run of changes: their plans shown, and the rows checked; no table is locked, no row is written."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes import Change, describe
from fieldstone.metadata.changes.locks import find_locks, later_statements
from fieldstone.metadata.changes.plan import draft_change
from fieldstone.metadata.changes.row_work import (
    ConvertValues,
    FillValues,
    MapOptions,
    RequireDistinct,
    RequireUnused,
    RequireValues,
    RowWork,
)
from fieldstone.metadata.changes.schema_difference import compare_schemas
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, check_row_work, require_no_rows
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.metadata.writer.value_conversion import find_lost, require_kept
from fieldstone.sql.conversions import Conversion
from fieldstone.sql.ddl import column_rows, create


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The plan of changes that are not made.

    Attributes:
        changes: with the ids that they would have.
        snapshot: the model after them; its version is that before them.
        plan: for people and programs: `changes`, the statements `sql` and those that come `later`, `locks`,
            `conversions`, the names that `appears`, `alters`, `vanishes` and `breaking` hold of the schema.
        is_certain: False if some rows could not be checked because an earlier change in the same list rewrites them.
    """

    changes: tuple[Change, ...]
    snapshot: Snapshot
    plan: Mapping[str, JsonValue]
    is_certain: bool = True


async def try_out(
    transaction: ModelTransaction, builds: Iterable[Callable[[Snapshot], Change]], *, refuse_loss: bool = False
) -> Preview:
    """Return the preview of changes that are not to be made; each refusal of theirs is one of this too.

    Where only the changes themselves can tell, they are made and undone, with the locks that they take.

    Raises:
        MetadataError: as `ModelTransaction.apply` does.
    """
    found = await preview(transaction, builds, refuse_loss=refuse_loss)
    if not found.is_certain:
        await transaction.make_and_undo(found.changes)
    return found


async def preview(
    transaction: ModelTransaction,
    builds: Iterable[Callable[[Snapshot], Change]],
    *,
    ask_rows: bool = True,
    refuse_loss: bool = False,
) -> Preview:
    """Return the preview of changes, each built for the model that those before it make; none is applied.

    Args:
        transaction: holds the model, and asks the rows.
        builds: the changes.
        ask_rows: True if the rows are checked and counted.
        refuse_loss: True if values that would be lost are a refusal too, as they are when the changes are made.

    Raises:
        InvalidChange: one breaks a rule, or rows are in its way.
        UnknownObject: the subject of one is not there.
    """
    connection, first = transaction.connection, transaction.snapshot
    snapshot = first
    changes: list[Change] = []
    statements: list[str] = []
    later: list[str] = []
    locks: list[JsonValue] = []
    conversions: list[JsonValue] = []
    written: set[UUID] = set()
    is_certain = True
    for build in builds:
        changes.append(build(snapshot))
        draft = draft_change(snapshot, changes[-1])
        if draft is None:
            continue
        plan = await transaction.plan(draft)
        for required in plan.required if ask_rows else ():
            if _has_table(first, snapshot, required.field.object_id):
                await require_no_rows(connection, required)
        for work in plan.draft.asked.work if ask_rows else ():
            if not _is_there(first, work) or written & set(_fields(work)):
                is_certain = False
                continue
            await check_row_work(connection, work, largest_rewrite=transaction.bounds.largest_rewrite)
            if isinstance(work, ConvertValues):
                conversions.append(await _preview_conversion(connection, work, refuse_loss=refuse_loss))
            when = _LATER if plan.is_deferred(work) else {}
            locks += [{**lock, **when} async for lock in _preview_work(connection, work)]
        written |= {id_ for work in plan.draft.asked.work if isinstance(work, _Writing) for id_ in _fields(work)}
        statements += [one.as_string() for one in plan.statements]
        later += later_statements(plan, transaction.bounds.trigram)
        for lock in find_locks(plan):
            # Nobody waits for a table that is only being made.
            if _has_table(first, snapshot, lock.object_id):
                object_ = first.objects[lock.object_id]
                rows = await _count_rows(connection, object_) if lock.writes_rows and ask_rows else 0
                when = _LATER if lock.is_later else {}
                locks.append({"table": object_.table.name, "lock": lock.mode, "rowsWritten": rows, **when})
        snapshot = plan.applied.snapshot
    shown = {
        "changes": [describe(change) for change in changes],
        "sql": statements,
        "later": later,
        "locks": locks,
        "conversions": conversions,
        **compare_schemas(first, snapshot),
    }
    return Preview(changes=tuple(changes), snapshot=snapshot, plan=shown, is_certain=is_certain)


_Writing = FillValues | MapOptions | ConvertValues
_LATER: Mapping[str, JsonValue] = {"when": "after the commit"}


def _has_table(first: Snapshot, before: Snapshot, object_id: UUID) -> bool:
    """Return whether an object has the table that is there already; one that a rollback makes again has a new one."""
    known, object_ = first.objects.get(object_id), before.objects.get(object_id)
    return known is not None and object_ is not None and known.table == object_.table


def _is_there(first: Snapshot, work: RowWork) -> bool:
    """Return whether the columns are there already, under the names that they will have then."""
    known = first.objects.get(work.object_.id)
    return (known is not None and known.table == work.object_.table) and all(
        id_ in known.by_id and known.by_id[id_].column == field.column for id_, field in _fields(work).items()
    )


def _fields(work: RowWork) -> dict[UUID, Field]:
    return {field.id: field for field in (work.fields if isinstance(work, RequireDistinct) else (work.field,))}


async def _preview_work(connection: Session, work: RowWork) -> AsyncIterator[JsonValue]:
    """Yield the locks that work on the rows takes, with the number of rows that it writes."""
    table = work.object_.table
    lock, rows = "SHARE ROW EXCLUSIVE", 0
    match work:
        case ConvertValues(conversion=Conversion(is_same=True)):
            rows = (await find_lost(connection, work)).rows
        case ConvertValues():
            lock, rows = "ACCESS EXCLUSIVE", await _count_rows(connection, work.object_)
        case FillValues():
            query = column_rows.count_empty(table, work.field.parts[0].column, limit=COUNTED_ROWS)
            lock, rows = "ROW EXCLUSIVE", await _sum(connection, query)
        case MapOptions():
            query = column_rows.count_each(table, work.field.parts[0].column, list(work.mapping))
            rows = await _sum(connection, query)
        case RequireUnused():
            pass
        case RequireValues() | RequireDistinct():
            return
        case _:
            assert_never(work)
    yield {"table": table.name, "lock": lock, "rowsWritten": rows}


async def _sum(connection: Session, query: Composed) -> int:
    return sum(row[-1] for row in await (await connection.execute(query, prepare=False)).fetchall())


async def _preview_conversion(connection: Session, work: ConvertValues, *, refuse_loss: bool) -> JsonValue:
    """Return the losses of values by another type."""
    lost = await find_lost(connection, work)
    if refuse_loss:
        require_kept(work, lost)
    return {
        "field": f"{work.object_.name_singular}.{work.field.name}",
        "from": work.field.type.value,
        "to": work.updated.type.value,
        "rowsLosing": lost.rows,
        "examples": [{"value": text, "rows": rows} for text, rows in lost.examples],
        "needs": "allowDataLoss" if lost.rows and not work.allow_loss else None,
    }


async def _count_rows(connection: Session, object_: Object) -> int:
    return await _sum(connection, create.count_rows(object_.table, limit=COUNTED_ROWS))
