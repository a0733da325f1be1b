"""An opened Database for the tests of the drivers, and a second way in to look at the server from outside."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg

from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.driver.callback_statement import CallbackStatement
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Parameters, Row, Statement
from tests.waiting import until_true

ECHO = Statement(text="SELECT $1::text")
BACKEND = Statement(text="SELECT pg_backend_pid()")
SLEEP = Statement(text="SELECT pg_sleep($1::float8)")

HELD = Statement(text="SELECT coalesce(pg_advisory_lock_shared($1::int)::text, '') || $1")
"""Waits while another holds the lock of this number exclusively."""

QUICK = PoolSettings(connections=4, acquire_timeout=60, close_timeout=5, open_timeout=60, application_name="driven")


@asynccontextmanager
async def opened(dsn: str, settings: PoolSettings = QUICK, **changes: Any) -> AsyncIterator[Database]:
    """An open Database with the settings changed."""
    database = Database.connect(dsn, settings=dataclasses.replace(settings, **changes))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def holding(dsn: str, number: int = 7) -> AsyncIterator[psycopg.AsyncConnection]:
    """Hold the lock that HELD of this number waits for, until the end or a `pg_advisory_unlock_all()`."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", [number])
        yield connection
        await connection.execute("SELECT pg_advisory_unlock_all()")


@contextmanager
def impatient(database: Database) -> Iterator[None]:
    """Have callers within the block wait a moment for a connection, whatever the settings say.

    None may wait when the block begins: it would leave a place that is another's.
    """
    pool = database._pool
    patience, pool._patience = pool._patience, Overdue(0.1)
    try:
        yield
    finally:
        pool._patience = patience


class Called(CallbackStatement):
    """A run of a statement without a task that passes its end on to one of two functions."""

    def __init__(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        finish: Callable[[Sequence[Row], DatabaseError | None], None],
        give_up: Callable[[], None],
        share: Hashable = None,
        writes: bool = False,
    ) -> None:
        super().__init__(statement, parameters, share, writes=writes)
        self.finish = finish  # type: ignore[method-assign, assignment]  # each run of a test has its own
        self.give_up = give_up  # type: ignore[method-assign]


class Observer:
    """A connection of its own that sees and ends the sessions of the others."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self.connection = connection

    async def active(self) -> int:
        """How many of the driven connections run something."""
        return await self._count("active")

    async def connected(self) -> int:
        """How many driven connections there are."""
        return await self._count("%")

    async def terminate(self) -> None:
        """End all driven connections, as an administrator does."""
        await self.connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'driven' AND datname = current_database()"
        )

    async def until_active(self, expected: int) -> None:
        """Wait until so many of them run something."""
        await until_true(lambda: self._is("active", expected))

    async def until_asleep(self) -> None:
        """Wait until one of them is inside `pg_sleep`, so that it is known which statement it has come to."""
        await until_true(lambda: self._is("%", 1, "PgSleep"))

    async def until_connected(self, expected: int) -> None:
        """Wait until there are so many of them."""
        await until_true(lambda: self._is("%", expected))

    async def _is(self, state: str, expected: int, event: str = "%") -> bool:
        return await self._count(state, event) == expected

    async def _count(self, state: str, event: str = "%") -> int:
        cursor = await self.connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'driven' AND datname = current_database()"
            " AND state LIKE %s AND coalesce(wait_event, '') LIKE %s",
            (state, event),
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def observing(dsn: str) -> AsyncIterator[Observer]:
    """An observer of the database."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield Observer(connection)
