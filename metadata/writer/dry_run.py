"""What changes would do, found out without doing any of it: no table is locked, no row is written."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes import Change, apply, describe
from fieldstone.metadata.changes.difference import Difference
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
from fieldstone.metadata.changes.tables.alteration import required_check
from fieldstone.metadata.changes.tables.migration import (
    build_index,
    find_required_columns,
    find_rewriting,
    foreign_key_name,
)
from fieldstone.metadata.changes.tables.statements import build_statements
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot, Status
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, check_row_work
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.metadata.writer.value_conversion import find_lost, require_kept
from fieldstone.sql.conversions import Conversion
from fieldstone.sql.ddl import alter, column_rows, create
from fieldstone.sql.ddl.create import TrigramClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the changes would do.

    Attributes:
        changes: with the ids that they would have.
        snapshot: the model after them; its version is that before them.
        plan: for people and programs: `changes`, the statements `sql` and those that come `later`, `locks`,
            `conversions`, what `appears`, `alters` and `vanishes` in the schema, and what of it is `breaking`.
        is_certain: whether all rows could be asked; not those of which a change before makes what they will be.
    """

    changes: tuple[Change, ...]
    snapshot: Snapshot
    plan: Mapping[str, JsonValue]
    is_certain: bool = True


async def try_out(
    transaction: ModelTransaction, builds: Iterable[Callable[[Snapshot], Change]], *, refuse_loss: bool = False
) -> Preview:
    """Return what `preview` does for changes that are not to be made; whatever would refuse them refuses this too.

    Where only the changes themselves tell, they are made and taken back, with the locks that they take.

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
    """Return what changes would do, each built for the model that those before it make; none is applied.

    Args:
        transaction: holds the model, and asks the rows.
        builds: the changes.
        ask_rows: whether the rows are asked if they are in the way, and counted; if not, nobody is told that they are.
        refuse_loss: whether values that would be lost are a refusal too, as they are when the changes are made.

    Raises:
        InvalidChange: one breaks a rule, or rows are in its way.
        UnknownObject: what one is about is not there.
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
        change = build(snapshot)
        asked = apply(snapshot, change)
        changes.append(change)
        if asked.snapshot is snapshot:
            continue
        applied, built, difference, big = await transaction.weigh(snapshot, asked)
        for required in find_required_columns(applied) if ask_rows else ():
            if _has_table(first, snapshot, required.field.object_id):
                await transaction.require_no_rows(required)
        for work in asked.work if ask_rows else ():
            if not _is_there(first, work) or written & set(_fields(work)):
                is_certain = False
                continue
            await check_row_work(connection, work, largest_rewrite=transaction.largest_rewrite)
            if isinstance(work, ConvertValues):
                conversions.append(await _preview_conversion(connection, work, refuse_loss=refuse_loss))
            when = {} if any(work is one for one in applied.work) else _LATER
            locks += [{**lock, **when} async for lock in _preview_work(connection, work)]
        written |= {id_ for work in asked.work if isinstance(work, _Writing) for id_ in _fields(work)}
        made = build_statements(snapshot, built, difference, trigram=transaction.trigram)
        statements += [one.as_string() for one in made]
        later += _later(applied, difference, big, transaction.trigram)
        locks += _locks(first, snapshot, built, difference)
        locks += [
            {"table": first.objects[id_].table.name, "lock": "SHARE UPDATE EXCLUSIVE", "rowsWritten": 0, **_LATER}
            for id_ in big
            if _has_table(first, snapshot, id_)
        ]
        for field in find_rewriting(applied):
            if _has_table(first, snapshot, field.object_id):
                object_ = first.objects[field.object_id]
                rows = await _count_rows(connection, object_) if ask_rows else 0
                locks.append({"table": object_.table.name, "lock": "ACCESS EXCLUSIVE", "rowsWritten": rows})
        snapshot = applied.snapshot
    plan = {
        "changes": [describe(change) for change in changes],
        "sql": statements,
        "later": later,
        "locks": locks,
        "conversions": conversions,
        **compare_schemas(first, snapshot),
    }
    return Preview(changes=tuple(changes), snapshot=snapshot, plan=plan, is_certain=is_certain)


_Writing = FillValues | MapOptions | ConvertValues
_LATER: Mapping[str, JsonValue] = {"when": "after the commit"}


def _later(
    applied: Applied, difference: Difference, big: frozenset[UUID], trigram: TrigramClass | None
) -> Iterator[str]:
    """Yield what is done after the commit, beside readers and writers."""
    for index in (*applied.indexes, *difference.indexes):
        if index.status is Status.BUILDING:
            object_ = applied.snapshot.objects[index.object_id]
            yield build_index(index, object_, trigram, concurrently=True).as_string()
    for id_ in big:
        object_ = applied.snapshot.objects[id_]
        for field in object_.fields:
            if field.status is Status.BUILDING:
                name = foreign_key_name(object_, field) if field.relation_id else required_check(field)
                yield alter.validate_constraint(object_.table, name).as_string()


def _has_table(first: Snapshot, before: Snapshot, object_id: UUID) -> bool:
    """Tell whether an object has the table that is there already; one that a rollback makes again has a new one."""
    known, object_ = first.objects.get(object_id), before.objects.get(object_id)
    return known is not None and object_ is not None and known.table == object_.table


def _is_there(first: Snapshot, work: RowWork) -> bool:
    """Tell whether the columns are there already, under the names that they will have then."""
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
    """Return what another type would do to the values."""
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


def _locks(first: Snapshot, before: Snapshot, built: Applied, difference: Difference) -> Iterator[JsonValue]:
    exclusive = {object_.id for object_ in difference.removed_objects}
    exclusive |= {object_.id for object_, field in difference.removed_fields if field.parts}
    exclusive |= {one.object_.id for one in difference.fields if _columns(one.before) != _columns(one.after)}
    exclusive |= {field.object_id for field in built.fields if field.parts}
    exclusive |= {index.object_id for index in difference.removed_indexes}
    keys = {relation.target_object_id for relation in built.relations} - exclusive
    indexed = {index.object_id for index in built.indexes} - exclusive - keys
    for ids, lock in ((exclusive, "ACCESS EXCLUSIVE"), (keys, "SHARE ROW EXCLUSIVE"), (indexed, "SHARE")):
        # Nobody waits for a table that is only being made.
        for id_ in (id_ for id_ in ids if _has_table(first, before, id_)):
            yield {"table": first.objects[id_].table.name, "lock": lock, "rowsWritten": 0}


def _columns(field: Field) -> object:
    return field.column, field.parts, field.default, field.is_active, field.is_nullable, field.status
