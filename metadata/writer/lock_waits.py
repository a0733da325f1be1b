"""Waits for locks that any login of the database may hold: each ends in time, and the refusal names the login."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import ModelBusy
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.queries import read_queries

LIMIT: Final = 30.0
"""The seconds that a lock is waited for."""

_QUERIES: Final = read_queries(__name__)


async def wait_for_lock(connection: Session, lock: AdvisoryLock) -> None:
    """Take one of Fieldstone's locks, up to the end of the transaction, whose own `lock_timeout` comes first.

    Raises:
        ModelBusy: another session did not let it go in time.
        psycopg.Error: PostgreSQL refused it.
    """
    await _wait(connection, CATALOG["wait_for_lock"], {**lock.parameters, "word": ""})


async def wait_for_gate(connection: Session, workspace_id: UUID) -> None:
    """Hold the gate of a workspace open, up to the end of the transaction; it raises as `wait_for_lock`."""
    values = {"space": 0, "lock": 0, "word": f"fieldstone.rows {workspace_id}", "workspace_id": workspace_id}
    await _wait(connection, _QUERIES["share_gate"], values)


async def _wait(connection: Session, query: bytes, values: Mapping[str, object]) -> None:
    bound = await (await connection.execute(_QUERIES["lock_timeout"])).fetchone()
    if bound != ("0",):
        # Of a change of the model, which is tried again.
        await connection.execute(query, values)
        return
    try:
        # A savepoint of the transaction that the first statement has begun.
        async with connection.transaction():
            milliseconds = {"milliseconds": f"{round(LIMIT * 1_000)}ms"}
            await connection.execute(CATALOG["wait_for_locks_at_most"], milliseconds)
            await connection.execute(query, values)
    except psycopg.errors.LockNotAvailable as error:
        found = await (await connection.execute(CATALOG["lock_holder"], values)).fetchone()
        pid, login, application = found or ("unknown", "unknown", "")
        raise ModelBusy(
            f'the login "{login}" (pid {pid}, {application or "without a name"}) holds a lock of Fieldstone, and did'
            f" not let it go within {LIMIT:g} seconds; nothing was changed: try again later"
        ) from error
    await connection.execute(CATALOG["wait_for_locks_at_most"], {"milliseconds": "0"})
