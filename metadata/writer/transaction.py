"""A model being changed: each change is applied to the snapshot, the tables and the catalog's rows alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.round_trip import QueryStep, send_as_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import corrections, insertions
from fieldstone.metadata.changes import Applied, Change, apply, describe
from fieldstone.metadata.changes.difference import Difference, compare
from fieldstone.metadata.changes.history.inverse import invert
from fieldstone.metadata.changes.history.record import encode_change, show_difference
from fieldstone.metadata.changes.shared_parts import find_moved
from fieldstone.metadata.changes.tables.deferral import defer, find_slow
from fieldstone.metadata.changes.tables.migration import RequiredColumn, find_required_columns, find_rewriting
from fieldstone.metadata.changes.tables.statements import build_statements
from fieldstone.metadata.errors import ChangeFailed, InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Index, Object, Snapshot, Status
from fieldstone.metadata.snapshot import carry_look_ups
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, check_row_work, counted, do_row_work
from fieldstone.metadata.writer.value_conversion import LARGEST_REWRITE, require_size
from fieldstone.sql.ddl import create
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.errors import (
    DatabaseUnavailable,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    Serialization,
    StatementTimeout,
    UniqueViolation,
)
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.sqlstate import translate_error

BIG_TABLE = 32 << 20
"""The bytes of a table from which on an index is built after the commit, beside readers and writers."""


# https://www.postgresql.org/docs/current/limits.html
MAXIMUM_COLUMNS = 1_600


class Weighed(NamedTuple):
    """A change, held against the sizes of the tables.

    Attributes:
        applied: with what is left for after the commit marked as such.
        built: what of it is made at once.
        difference: what it makes of the model before.
        big: the objects whose tables are big and leave the rest for later.
    """

    applied: Applied
    built: Applied
    difference: Difference
    big: frozenset[UUID]


class ModelTransaction:
    """What is applied to it is committed together, or not at all.

    Attributes:
        connection: what the changes are written on; what is read on it sees them.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        snapshot: the model as changed so far; its version is that of the model before until `commit`.
        largest_rewrite: the bytes of a table up to which each row may be looked at or written while others wait.

    Args:
        big_table: the bytes of a table from which on what looks at each of its rows is left for after the commit.
        postponed: called after the commit where anything is left.
        touched: gets the names of the tables that are locked.
    """

    def __init__(
        self,
        connection: Session,
        snapshot: Snapshot,
        *,
        trigram: TrigramClass | None,
        big_table: int = BIG_TABLE,
        largest_rewrite: int = LARGEST_REWRITE,
        postponed: Callable[[], None] = lambda: None,
        touched: set[str] | None = None,
    ) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self._before = snapshot
        self.trigram = trigram
        self._big_table = big_table
        self.largest_rewrite = largest_rewrite
        self._postponed = postponed
        self._touched = set() if touched is None else touched
        self._waiting: list[QueryStep | Composed] = []
        self._history: list[JsonValue] = []
        self._callbacks: list[Callable[[], None]] = []

    async def apply(self, change: Change) -> Snapshot:
        """Apply a change and write it; return the model after it.

        Raises:
            InvalidChange: it breaks a rule.
            UnknownObject: what it is about is not there.
            ChangeFailed: PostgreSQL refused it.
        """
        before = self.snapshot
        asked = apply(before, change)
        if asked.snapshot is before:
            return before
        await self.write_tables()
        try:
            applied, built, difference, big = await self.weigh(before, asked)
            statements = list(build_statements(before, built, difference, trigram=self.trigram))
            for required in find_required_columns(applied):
                await self.require_no_rows(required)
            for work in asked.work:
                if not any(work is one for one in applied.work):
                    # It is done after the commit, when nobody is there to be refused.
                    await check_row_work(self.connection, work, largest_rewrite=self.largest_rewrite)
            await send_as_one(self.connection, self._catalog_steps(before, applied, difference, big))
            if statements:
                tables = list(_locked(before, applied, difference))
                self._touched |= set(tables)
                # Builds of ours on these tables give way at once; they are begun again after the commit.
                self._waiting = [("interrupt_builds", {"tables": tables})]
                if len(tables) == 1 and not (applied.indexes or applied.relations):
                    # All of it needs the lock that keeps everybody else out.
                    self._waiting.append(("lock_when_free", {"table": tables[0]}))
                self._waiting += statements
            # What it locks is locked up to the commit: as late as can be.
            for work in applied.work:
                await do_row_work(self.connection, work, largest_rewrite=self.largest_rewrite)
        except psycopg.Error as error:
            raise _refusal(error) from error
        if big or any(one.status is Status.BUILDING for one in _changed(difference)):
            self.after_commit(self._postponed)
        self.snapshot = applied.snapshot
        self._history.append(
            {
                **describe(change),
                **show_difference(applied, difference),
                "inverse": [encode_change(step) for step in invert(before, change, applied.snapshot)],
            }
        )
        return self.snapshot

    async def make_and_undo(self, changes: Iterable[Change]) -> None:
        """Apply changes and take them back.

        Raises:
            MetadataError: as `apply` does.
        """
        trial = ModelTransaction(
            self.connection,
            self.snapshot,
            trigram=self.trigram,
            big_table=self._big_table,
            largest_rewrite=self.largest_rewrite,
            touched=self._touched,
        )
        async with self.connection.transaction(force_rollback=True):
            for change in changes:
                await trial.apply(change)
            await trial.write_tables()

    @property
    def is_changed(self) -> bool:
        """Whether anything was applied, and so makes a new version."""
        return bool(self._history)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once the transaction has been committed."""
        self._callbacks.append(callback)

    async def write_tables(self) -> None:
        """Do to the tables what the last change means for them, which else waits for the commit or the next change.

        Raises:
            InvalidChange: it is past a limit.
            ChangeFailed: PostgreSQL refused it.
        """
        waiting, self._waiting = self._waiting, []
        await self._send(waiting)

    async def commit(self, actor: str) -> None:
        """Commit; write the next version with its history before that, if anything was changed.

        What locks a table goes with the commit as one message: whoever waits for the table waits for PostgreSQL alone,
        and not for this process, which is busy with those who wait.

        Raises:
            InvalidChange: what was left is past a limit.
            ChangeFailed: PostgreSQL refused it.
        """
        steps: list[QueryStep | Composed] = []
        if self.is_changed:
            self.snapshot = replace(self.snapshot, version=self.snapshot.version + 1)
            parameters = {"workspace_id": self.snapshot.workspace.id, "version": self.snapshot.version}
            moved = find_moved(self._before, self.snapshot)
            carry_look_ups(self._before, self.snapshot, moved)
            steps = [
                ("set_version", parameters),
                ("set_object_versions", {**parameters, "object_ids": list(moved)}),
                ("record_change", {**parameters, "change": dumps(self._history), "actor": actor}),
            ]
        await self._send([*steps, *self._waiting], commit=True)

    async def _send(self, steps: Iterable[QueryStep | Composed], *, commit: bool = False) -> None:
        try:
            await send_as_one(self.connection, steps, commit=commit)
        except psycopg.Error as error:
            raise _refusal(error) from error

    def committed(self) -> None:
        """Call what waits for the commit."""
        for callback in self._callbacks:
            callback()

    async def weigh(self, before: Snapshot, applied: Applied) -> Weighed:
        """Hold a change against the sizes of the tables.

        Raises:
            InvalidChange: a table is too large for it, or has no room for more columns.
        """
        difference = compare(before, applied.snapshot)
        slow = [applied.snapshot.objects[id_] for id_ in find_slow(before, applied, difference)]
        big = frozenset(object_.id for object_ in await self._tables_above(self._big_table, slow))
        await self._check_rewrites(before, applied)
        await self._check_room(before, applied, difference)
        left, built = defer(applied, difference, big)
        return Weighed(left, built, compare(before, left.snapshot) if big else difference, big)

    async def _tables_above(self, size: int, objects: Sequence[Object]) -> list[Object]:
        """Return those of the objects whose tables have more bytes."""
        if not objects:
            return []
        names = {quote_table(object_.table): object_ for object_ in objects}
        cursor = await self.connection.execute(QUERIES["tables_above"], {"tables": list(names), "bytes": size})
        return [names[name] for (name,) in await cursor.fetchall()]

    async def _check_rewrites(self, before: Snapshot, applied: Applied) -> None:
        """Make sure that no new column writes a large table anew."""
        for field in find_rewriting(applied):
            if field.object_id in before.objects:
                object_ = applied.snapshot.objects[field.object_id]
                what = (
                    "a TS_VECTOR" if field.type is FieldType.TS_VECTOR else "a value that is computed for each record"
                )
                await require_size(
                    self.connection,
                    object_.table,
                    self.largest_rewrite,
                    f"{what} would write every record of {object_.name_singular} anew while others wait",
                    "raise it for a quiet hour"
                    if field.type is FieldType.TS_VECTOR
                    else "create the field without defaultValue, and give it by updateField, for new records",
                )

    async def _check_room(self, before: Snapshot, applied: Applied, difference: Difference) -> None:
        """Make sure that the tables have room for new columns: PostgreSQL counts those that were dropped."""
        added = Counter({field.object_id: 0 for field in applied.fields if field.object_id in before.objects})
        for field in applied.fields:
            added[field.object_id] += len(field.parts)
        for changed in difference.fields:
            added[changed.after.object_id] += max(0, len(changed.after.parts) - len(changed.before.parts))
        for object_ in (before.objects[id_] for id_ in added if id_ in before.objects):
            cursor = await self.connection.execute(QUERIES["used_columns"], {"table": quote_table(object_.table)})
            row = await cursor.fetchone()
            used, dropped = row or (0, 0)
            if added[object_.id] and used + added[object_.id] > MAXIMUM_COLUMNS:
                raise InvalidChange(
                    f"{object_.name_singular} has used {used:,} columns, {dropped:,} of them of deleted fields, and a"
                    f" table of PostgreSQL takes {MAXIMUM_COLUMNS:,} in its life; `fieldstone doctor --rewrite` makes"
                    " room where fields were deleted, and a new object with a relation to"
                    f" {object_.name_singular} can hold more",
                    field="objectMetadataId",
                )

    def _catalog_steps(
        self, before: Snapshot, applied: Applied, difference: Difference, big: frozenset[UUID]
    ) -> Iterator[QueryStep]:
        yield from insertions(before.workspace, applied)
        yield from corrections(before.workspace, difference)
        touched = {status for one in difference.fields for status in (one.before.status, one.after.status)}
        touched |= {one.status for one in difference.removed_indexes}
        touched |= {field.status for _, field in difference.removed_fields}
        if big or difference.indexes or touched - {Status.READY}:
            yield "set_object_status", {"object_ids": list(find_moved(before, applied.snapshot))}

    async def require_no_rows(self, required: RequiredColumn) -> None:
        """Make sure that no record is there for a column that it would have no value for.

        Raises:
            InvalidChange: there is one.
        """
        cursor = await self.connection.execute(create.count_rows(required.table, limit=COUNTED_ROWS))
        row = await cursor.fetchone()
        if row is None or row[0] == 0:
            return
        field = required.field
        way_out = (
            "leave isNullable out, and make the field required when every record has a value"
            if field.relation_id
            else "give a defaultValue, or leave isNullable out"
        )
        raise InvalidChange(
            f"{field.name} cannot be required: {required.object_name} has {counted(row[0])} records (deleted ones"
            f" included) that would have no value; {way_out}",
            field="isNullable",
        )


def _changed(difference: Difference) -> Iterator[Index | Field]:
    yield from difference.indexes
    yield from (one.after for one in difference.fields)


def _locked(before: Snapshot, applied: Applied, difference: Difference) -> Iterator[str]:
    """Yield the tables, quoted, that a change locks and that were there before it."""
    ids = {field.object_id for field in applied.fields} | {index.object_id for index in applied.indexes}
    for relation in (*applied.relations, *difference.removed_relations):
        ids |= {relation.source_object_id, relation.target_object_id}
    ids |= {one.object_.id for one in difference.fields} | {object_.id for object_, _ in difference.removed_fields}
    ids |= {object_.id for object_ in difference.removed_objects}
    ids |= {index.object_id for index in difference.removed_indexes}
    return (quote_table(before.objects[id_].table) for id_ in ids & before.objects.keys())


def _refusal(error: psycopg.Error) -> Exception:
    """Return what to raise for an error of PostgreSQL; one of `fieldstone.sql.errors` is none of the change."""
    known = translate_error(error)
    match known:
        case NotNullViolation() | UniqueViolation() if known.schema != "fieldstone":
            # A record came in after the rows were asked: tried again, they say so.
            return Serialization(known.message, sqlstate=known.sqlstate)
        case LockTimeout() | Serialization() | StatementTimeout() | DatabaseUnavailable():
            return known
        case LimitExceeded():
            return InvalidChange(f"this is past a limit of PostgreSQL: {known.message}")
        case _:
            return ChangeFailed(f"PostgreSQL refused the change, and nothing was changed: {known.message}")
