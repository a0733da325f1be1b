"""A model being changed: each change is applied to the snapshot, the tables and the catalog's rows alike."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg.sql import SQL

from metadata.changes import Applied, Change, CreateIndex, apply, describe
from metadata.changes.alteration import build_alterations
from metadata.changes.difference import compare
from metadata.changes.inverse import invert
from metadata.changes.migration import RequiredColumn, build_ddl, find_required_columns
from metadata.changes.record import encode_change, show_difference
from metadata.conversion_worker import LARGEST_REWRITE
from metadata.errors import ChangeFailed, InvalidChange
from metadata.json_text import JsonValue, dumps
from metadata.model import Snapshot
from metadata.moves import find_moved
from metadata.queries import QUERIES
from metadata.row_worker import COUNTED_ROWS, counted, do_row_work
from metadata.sessions import Connection
from metadata.store import insert_rows, write_difference
from sql import ddl
from sql.ddl import TrigramClass
from sql.errors import (
    DatabaseUnavailable,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    Serialization,
    StatementTimeout,
    UniqueViolation,
)
from sql.identifiers import quote_table
from sql.sqlstate import translate_error

BIG_TABLE = 32 << 20
"""The bytes of a table from which on an index is built after the commit, beside readers and writers."""


class ModelTransaction:
    """What is applied to it is committed together, or not at all.

    Attributes:
        connection: what the changes are written on; what is read on it sees them.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        snapshot: the model as changed so far; its version is that of the model before until `finish`.
    """

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        *,
        trigram: TrigramClass | None,
        big_table: int = BIG_TABLE,
        largest_rewrite: int = LARGEST_REWRITE,
        postponed: Callable[[], None] = lambda: None,
    ) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self._before = snapshot
        self.trigram = trigram
        self._big_table = big_table
        self._largest_rewrite = largest_rewrite
        self._postponed = postponed
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
        applied = apply(before, change)
        if applied.snapshot is before:
            return before
        difference = compare(before, applied.snapshot)
        built = await self._build_later(applied) if isinstance(change, CreateIndex) else applied
        statements = [*build_alterations(before, difference), *build_ddl(built, trigram=self.trigram)]
        try:
            for required in find_required_columns(applied):
                await self._require_no_rows(required)
            for work in applied.work:
                await do_row_work(self.connection, work, largest_rewrite=self._largest_rewrite)
            if statements:
                await self.connection.execute(SQL("; ").join(statements), prepare=False)
            await insert_rows(self.connection, before.workspace, applied)
            await write_difference(self.connection, before.workspace, difference)
            if built is not applied:
                await self._postpone(applied)
        except psycopg.Error as error:
            raise _refusal(error) from error
        self.snapshot = applied.snapshot
        self._history.append(
            {
                **describe(change),
                **show_difference(applied, difference),
                "inverse": [encode_change(step) for step in invert(before, change, applied.snapshot)],
            }
        )
        return self.snapshot

    @property
    def is_changed(self) -> bool:
        """Whether anything was applied, and so makes a new version."""
        return bool(self._history)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once the transaction has been committed."""
        self._callbacks.append(callback)

    async def finish(self, actor: str) -> None:
        """Write the next version with its history, if anything was changed. What is left is to commit."""
        if not self.is_changed:
            return
        self.snapshot = replace(self.snapshot, version=self.snapshot.version + 1)
        parameters = {"workspace_id": self.snapshot.workspace.id, "version": self.snapshot.version}
        await self.connection.execute(QUERIES["set_version"], parameters)
        moved = find_moved(self._before, self.snapshot)
        await self.connection.execute(QUERIES["set_object_versions"], {**parameters, "object_ids": list(moved)})
        await self.connection.execute(
            QUERIES["record_change"], {**parameters, "change": dumps(self._history), "actor": actor}
        )

    def committed(self) -> None:
        """Call what waits for the commit."""
        for callback in self._callbacks:
            callback()

    async def _build_later(self, applied: Applied) -> Applied:
        """Return the change without its index where the table is big: it is built after the commit."""
        thing = applied.snapshot.objects[applied.indexes[0].object_id]
        cursor = await self.connection.execute(QUERIES["table_bytes"], {"table": quote_table(thing.table)})
        row = await cursor.fetchone()
        return replace(applied, indexes=()) if row and (row[0] or 0) > self._big_table else applied

    async def _postpone(self, applied: Applied) -> None:
        for index in applied.indexes:
            await self.connection.execute(
                QUERIES["postpone_index"], {"workspace_id": self.snapshot.workspace.id, "id": index.id}
            )
        self.after_commit(self._postponed)

    async def _require_no_rows(self, required: RequiredColumn) -> None:
        cursor = await self.connection.execute(ddl.count_rows(required.table, limit=COUNTED_ROWS))
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


def _refusal(error: psycopg.Error) -> Exception:
    """Return what to raise for an error of PostgreSQL; an error of `sql.errors` is not a refusal of the change."""
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
