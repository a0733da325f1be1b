"""A model being changed: each change is applied to the snapshot, the tables and the catalog's rows alike."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
from psycopg.sql import SQL

from metadata.changes import Change, apply, describe
from metadata.changes.migration import RequiredColumn, build_ddl, find_required_columns
from metadata.errors import ChangeFailed, InvalidChange
from metadata.json_text import JsonValue, dumps
from metadata.model import Snapshot
from metadata.queries import QUERIES
from metadata.sessions import Connection
from metadata.store import insert_rows
from sql import ddl
from sql.ddl import TrigramClass
from sql.errors import (
    DatabaseUnavailable,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    Serialization,
    StatementTimeout,
)
from sql.sqlstate import translate_error

_COUNTED_ROWS = 1_000_000


class ModelTransaction:
    """What is applied to it is committed together, or not at all.

    Attributes:
        connection: what the changes are written on; what is read on it sees them.
        snapshot: the model as changed so far; its version is that of the model before until `finish`.
    """

    def __init__(self, connection: Connection, snapshot: Snapshot, *, trigram: TrigramClass | None) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self._trigram = trigram
        self._history: list[JsonValue] = []
        self._callbacks: list[Callable[[], None]] = []

    async def apply(self, change: Change) -> Snapshot:
        """Apply a change and write it; return the model after it.

        Raises:
            InvalidChange: it breaks a rule.
            UnknownObject: what it is about is not there.
            ChangeFailed: PostgreSQL refused it.
        """
        applied = apply(self.snapshot, change)
        statements = list(build_ddl(applied, trigram=self._trigram))
        try:
            for required in find_required_columns(applied):
                await self._require_no_rows(required)
            if statements:
                await self.connection.execute(SQL("; ").join(statements), prepare=False)
            await insert_rows(self.connection, applied.snapshot.workspace, applied)
        except psycopg.Error as error:
            raise _refusal(error) from error
        self.snapshot = applied.snapshot
        self._history.append(describe(change))
        return self.snapshot

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once the transaction has been committed."""
        self._callbacks.append(callback)

    async def finish(self, actor: str) -> None:
        """Write the next version with its history, if anything was changed. What is left is to commit."""
        if not self._history:
            return
        self.snapshot = replace(self.snapshot, version=self.snapshot.version + 1)
        parameters = {"workspace_id": self.snapshot.workspace.id, "version": self.snapshot.version}
        await self.connection.execute(QUERIES["set_version"], parameters)
        await self.connection.execute(
            QUERIES["record_change"], {**parameters, "change": dumps(self._history), "actor": actor}
        )

    def committed(self) -> None:
        """Call what waits for the commit."""
        for callback in self._callbacks:
            callback()

    async def _require_no_rows(self, required: RequiredColumn) -> None:
        cursor = await self.connection.execute(ddl.count_rows(required.table, limit=_COUNTED_ROWS))
        row = await cursor.fetchone()
        if row is None or row[0] == 0:
            return
        count = f"{row[0]:,}" if row[0] < _COUNTED_ROWS else f"{_COUNTED_ROWS:,} or more"
        field = required.field
        way_out = (
            "leave isNullable out, and make the field required when every record has a value"
            if field.relation_id
            else "give a defaultValue, or leave isNullable out"
        )
        raise InvalidChange(
            f"{field.name} cannot be required: {required.object_name} has {count} records (deleted ones included) that"
            f" would have no value; {way_out}",
            field="isNullable",
        )


def _refusal(error: psycopg.Error) -> Exception:
    """Return what to raise for an error of PostgreSQL; an error of `sql.errors` is not a refusal of the change."""
    known = translate_error(error)
    match known:
        case NotNullViolation():
            # A record came in after the rows were counted: tried again, the count finds it.
            return Serialization(known.message, sqlstate=known.sqlstate)
        case LockTimeout() | Serialization() | StatementTimeout() | DatabaseUnavailable():
            return known
        case LimitExceeded():
            return InvalidChange(f"this is past a limit of PostgreSQL: {known.message}")
        case _:
            return ChangeFailed(f"PostgreSQL refused the change, and nothing was changed: {known.message}")
