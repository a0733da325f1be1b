"""The dry run of changes: their plans shown, and the rows checked; no table is locked, no row is written."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import assert_never
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes import Change, describe
from fieldstone.metadata.changes.access_changes import find_access_changes
from fieldstone.metadata.changes.locks import LaterWork, find_locks, later_work
from fieldstone.metadata.changes.plan import ChangePlan
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
from fieldstone.metadata.errors import ChangeFailed, InvalidChange, InvalidValue, MetadataError, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.losses import find_deleted, path_of
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, check_row_work, require_no_rows
from fieldstone.metadata.writer.role_holders import require_unheld
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.metadata.writer.value_conversion import find_lost, require_kept
from fieldstone.sql.ddl import column_rows, create
from fieldstone.sql.frozen import frozen
from fieldstone.sql.values.conversions import Conversion

MOST_PROBLEMS = 100
"""Refused changes that a preview names; it looks no further."""

_REFUSALS = (InvalidChange, InvalidValue, UnknownObject, ChangeFailed)


@frozen
class Preview:
    """The plan of changes that are not made.

    Attributes:
        changes: with the ids that they would have.
        snapshot: the model after them; its version is that before them.
        created: the ids of the objects, and of the fields of others, that they create, some of them again.
        plan: for people and programs: `changes`, the statements `sql` and those that come `later`, `locks`,
            `conversions`, the names that `appears`, `alters`, `vanishes` and `breaking` hold of the schema.
        is_certain: False if some rows could not be checked because an earlier change in the same list rewrites them.
        problems: the refusals of changes, each with its place in the list; the rest of the plan leaves these out.
    """

    changes: tuple[Change, ...]
    snapshot: Snapshot
    created: AbstractSet[UUID]
    plan: Mapping[str, JsonValue]
    is_certain: bool = True
    problems: tuple[MetadataError, ...] = ()


async def try_out(
    transaction: ModelTransaction,
    builds: Iterable[Callable[[Snapshot], Change]],
    *,
    refuse_loss: bool = False,
    gathers: bool = False,
) -> Preview:
    """Return the preview of changes that are not to be made; each refusal of theirs is one of this too.

    Where only the changes themselves can tell, they are made and undone, with the locks that they take. The arguments
    are those of `preview`.

    Raises:
        MetadataError: as `ModelTransaction.apply` does.
    """
    found = await preview(transaction, builds, refuse_loss=refuse_loss, gathers=gathers)
    if not found.is_certain and not found.problems:
        try:
            await transaction.make_and_undo(found.changes)
        except _REFUSALS as error:
            if not gathers:
                raise
            return replace(found, problems=(error,))
    return found


async def preview(
    transaction: ModelTransaction,
    builds: Iterable[Callable[[Snapshot], Change]],
    *,
    ask_rows: bool = True,
    refuse_loss: bool = False,
    gathers: bool = False,
) -> Preview:
    """Return the preview of changes, each built for the model that those before it make; none is applied.

    Args:
        transaction: holds the model, and asks the rows.
        builds: the changes.
        ask_rows: True if the rows are checked and counted.
        refuse_loss: True if values that would be lost are a refusal too, as they are when the changes are made.
        gathers: True if refusals are the preview's problems, up to `MOST_PROBLEMS`, instead of being raised; the
            changes behind a refused one are checked as if it had been left out.

    Raises:
        InvalidChange: one breaks a rule, or rows are in its way.
        UnknownObject: the subject of one is not there.
    """
    drafting = _Drafting(transaction, ask_rows=ask_rows, refuse_loss=refuse_loss)
    problems: list[MetadataError] = []
    for place, build in enumerate(builds):
        await transaction.give_way()
        try:
            await drafting.add(build)
        except _REFUSALS as error:
            error.change = place
            if not gathers:
                raise
            problems.append(error)
            if len(problems) == MOST_PROBLEMS:
                break
    return await drafting.finish(problems)


class _Drafting:
    """The preview of changes while they are added, one after the other."""

    def __init__(self, transaction: ModelTransaction, *, ask_rows: bool, refuse_loss: bool) -> None:
        self._transaction = transaction
        self._connection, self._first = transaction.connection, transaction.snapshot
        self._ask_rows, self._refuse_loss = ask_rows, refuse_loss
        self._snapshot = self._first
        self._changes: list[Change] = []
        self._statements: list[str] = []
        self._views = transaction.views.copy()
        self._later: dict[str, LaterWork] = {}
        self._locks: list[JsonValue] = []
        self._conversions: list[JsonValue] = []
        self._written: set[UUID] = set()
        self._created: set[UUID] = set()
        self._deleted: set[UUID] = set()
        self._is_certain = True

    async def add(self, build: Callable[[Snapshot], Change]) -> None:
        """Add a change, built for the model that those before it make; a refused one leaves that model as it is."""
        change = build(self._snapshot)
        draft = self._transaction.draft(self._snapshot, change)
        if draft is None:
            self._changes.append(change)
            return
        plan = await self._transaction.plan(draft)
        if self._ask_rows:
            await self._ask(plan)
        self._written |= {id_ for work in plan.draft.asked.work if isinstance(work, _Writing) for id_ in _fields(work)}
        drops = self._views.drop_changed(plan.before, plan.applied.snapshot)
        self._statements += [one.as_string() for one in (*drops, *plan.statements)]
        # Work that an earlier change of the list leaves is left by this one, too.
        self._later |= {work.statement: work for work in later_work(plan, self._transaction.bounds.trigram)}
        for lock in find_locks(plan):
            # Nobody waits for a table that is only being made.
            if _has_table(self._first, self._snapshot, lock.object_id):
                object_ = self._first.objects[lock.object_id]
                is_counted = lock.writes_rows and self._ask_rows
                rows = await _count_rows(self._connection, object_) if is_counted else 0
                when = _LATER if lock.is_later else {}
                self._locks.append({"table": object_.table.name, "lock": lock.mode, "rowsWritten": rows, **when})
        self._changes.append(change)
        self._snapshot = plan.applied.snapshot
        difference = plan.difference
        self._created |= {object_.id for object_ in difference.new_objects}
        self._created |= {field.id for field in difference.new_fields}
        self._deleted |= {object_.id for object_ in difference.removed_objects}
        self._deleted |= {field.id for _, field in difference.removed_fields}

    async def _ask(self, plan: ChangePlan) -> None:
        """Check and count the rows of a change."""
        connection = self._connection
        for required in plan.required:
            if _has_table(self._first, self._snapshot, required.field.object_id):
                await require_no_rows(connection, required)
        for role in plan.difference.removed_roles:
            if role.id in self._first.roles:
                await require_unheld(connection, plan.before, role)
        for work in plan.draft.asked.work:
            if not _has_table(self._first, plan.before, work.object_.id):
                continue  # a table that is only being made has no rows
            if not _is_there(self._first, work) or self._written & set(_fields(work)):
                self._is_certain = False
                continue
            await check_row_work(connection, work, largest_rewrite=self._transaction.bounds.largest_rewrite)
            if isinstance(work, ConvertValues):
                self._conversions.append(await _preview_conversion(connection, work, refuse_loss=self._refuse_loss))
            when = _LATER if plan.is_deferred(work) else {}
            self._locks += [{**lock, **when} async for lock in _preview_work(connection, work)]

    async def finish(self, problems: Sequence[MetadataError]) -> Preview:
        """Return the preview of all changes that were added."""
        views = [one.as_string() for one in self._views.make(self._snapshot)]
        shown = {
            "changes": [describe(change) for change in self._changes],
            "sql": [*self._statements, *views],
            "later": list(self._later),
            "builds": [_show(work) for work in self._later.values()],
            "locks": self._locks,
            "conversions": self._conversions,
            "lost": [entry async for entry in find_deleted(self._connection, self._first, self._deleted)],
            **compare_schemas(self._first, self._snapshot),
            "roles": find_access_changes(self._first, self._snapshot),
        }
        return Preview(
            changes=tuple(self._changes),
            snapshot=self._snapshot,
            created=self._created,
            plan=shown,
            is_certain=self._is_certain,
            problems=tuple(problems),
        )


def _show(work: LaterWork) -> JsonValue:
    """Return work that is left for after the commit, as plans show it."""
    object_, names = work.object_, [field.name for field in work.fields]
    name = path_of(object_, work.fields[0]) if len(names) == 1 else f"{object_.name_singular}({', '.join(names)})"
    return {"kind": work.kind, "name": name, "table": object_.table.name, "statement": work.statement}


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
