"""The same as direct_pool over psycopg's own pool: slower, and in need of nothing but what psycopg supports."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format, TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from fieldstone.sql.driver.bounded import BoundedConnection
from fieldstone.sql.driver.results import decode_rows
from fieldstone.sql.errors import ConnectionLost, DatabaseBusy, DatabaseUnavailable
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings, PoolStats, build_conninfo, session_settings
from fieldstone.sql.sqlstate import translate_error
from fieldstone.sql.statement import Parameters, Row, Statement, Step, refuse_nul


class _UntypedText(Dumper):
    """Sends the bytes of a parameter as text whose type the statement says."""

    format = Format.TEXT
    oid = 0

    def dump(self, obj: bytes) -> bytes:
        return obj


class PooledConnection(BoundedConnection):
    """A psycopg connection that counts its statements."""

    statements = 0


class PooledLink:
    """A Link over one connection of psycopg's pool."""

    def __init__(self, connection: PooledConnection, pool: "SessionPool", settings: PoolSettings) -> None:
        self._connection = connection
        self._pool = pool
        self._settings = settings
        self._cancelling: asyncio.Task[None] | None = None

    async def execute(self, statement: Statement, parameters: Parameters, limit: float | None = None) -> list[Row]:
        """Run one statement, see Link."""
        refuse_nul(parameters)
        async with self._limited(limit):
            return await self._run(statement, parameters)

    async def execute_all(
        self, steps: Sequence[Step], *, begin: bool = False, limit: float | None = None
    ) -> list[list[Row]]:
        """Run several statements one after the other, in a transaction where there is none, see Link."""
        for _, parameters in steps:
            refuse_nul(parameters)
        alone = not begin and self._connection.info.transaction_status == TransactionStatus.IDLE
        async with self._limited(limit):
            if begin or alone:
                await self._send(b"BEGIN", ())
            answers = [await self._run(statement, parameters) for statement, parameters in steps]
            if alone:
                await self._send(b"COMMIT", ())
            return answers

    async def command(self, sql: bytes) -> bytes:
        """Run a command, see Link."""
        async with self._limited(None):
            return (await self._send(sql, ())).command_status or b""

    def forget(self, _statements: Iterable[Statement], /) -> None:
        """Close the connection: psycopg has no way to drop one prepared statement, see Link."""
        self._connection.pgconn.finish()

    def release(self) -> asyncio.Task[None]:
        """Give it back, see Link."""
        return self._pool.take_back(self._connection, self._restore())

    def verify(self) -> bool:
        """Tell whether the socket is still open, having read what has arrived on it."""
        try:
            # The server's farewell is read first, the end of the stream after it.
            self._connection.pgconn.consume_input()
            self._connection.pgconn.consume_input()
        except psycopg.Error:
            return False
        return True

    async def _run(self, statement: Statement, parameters: Parameters) -> list[Row]:
        result = await self._send(statement.sql, parameters, prepare=self._settings.prepare)
        return decode_rows(result, self._settings.response_limit)

    async def _send(self, sql: bytes, parameters: Parameters, *, prepare: bool = False) -> psycopg.pq.abc.PGresult:
        self._connection.statements += 1
        cursor = psycopg.AsyncRawCursor(self._connection)
        await cursor.execute(sql, parameters, prepare=prepare)
        if cursor.pgresult is None:
            raise ConnectionLost("the statement was not answered", outcome_unknown=True)
        return cursor.pgresult

    @asynccontextmanager
    async def _limited(self, limit: float | None) -> AsyncIterator[None]:
        """Cancel what runs inside at the time limit, and translate what it raises."""
        if limit is None and not self._settings.prepare:
            # Through a pooler the server has not been told.
            limit = self._settings.statement_timeout
        timer = None if limit is None else asyncio.get_running_loop().call_later(limit, self._cancel)
        try:
            yield
        except psycopg.Error as error:
            raise translate_error(error) from error
        finally:
            if timer is not None:
                timer.cancel()

    def _cancel(self) -> None:
        self._pool.counters.cancelled += 1
        self._cancelling = asyncio.create_task(self._connection.cancel_safe(timeout=self._settings.cancel_timeout))

    async def _restore(self) -> None:
        if self._cancelling is not None:
            await asyncio.gather(self._cancelling, return_exceptions=True)
        try:
            if not self._connection.closed:
                await self._connection.rollback()
        except psycopg.Error:
            await self._connection.close()
        if self._connection.statements >= self._settings.max_statements:
            self._pool.counters.recycled += 1
            await self._connection.close()


class SessionPool:
    """A Driver over psycopg's pool."""

    def __init__(self, dsn: str, settings: PoolSettings, counters: PoolCounters) -> None:
        self.counters = counters
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._conninfo = build_conninfo(dsn, settings, statement_timeout=settings.statement_timeout)
        self._pool = AsyncConnectionPool(
            self._conninfo,
            connection_class=PooledConnection,
            kwargs={"autocommit": True},
            configure=self._configure,
            min_size=0,
            max_size=settings.connections,
            max_waiting=settings.max_waiting,
            max_lifetime=settings.max_age,
            timeout=settings.acquire_timeout,
            # It would wait twice as long after each connection that it could not make.
            reconnect_timeout=1.0,
            open=False,
        )

    async def open(self) -> None:
        """Get ready to serve, see Driver."""
        await self._pool.open()

    async def close(self) -> None:
        """End everything, see Driver."""
        await self._pool.close(timeout=self._settings.close_timeout)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.close_timeout)

    async def acquire(self, *, verify: bool = False, share: Hashable = None) -> PooledLink:  # noqa: ARG002 - see below
        """Return a connection of the caller's own, see Driver; psycopg's pool has one queue and knows no shares."""
        while True:
            try:
                connection = await self._pool.getconn()
            except (PoolTimeout, TooManyRequests) as error:
                self.counters.refused += 1
                raise DatabaseBusy(str(error)) from error
            except PoolClosed as error:
                raise DatabaseUnavailable(str(error)) from error
            link = PooledLink(connection, self, self._settings)
            if not verify or link.verify():
                return link
            await self._pool.putconn(connection)

    def take_back(self, connection: PooledConnection, restoring: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Receive a connection, to be handed on once it has been restored."""

        async def give_back() -> None:
            try:
                await restoring
            finally:
                await self._pool.putconn(connection)

        task = asyncio.create_task(give_back())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stats(self) -> PoolStats:
        """Return the present state, see Driver."""
        found = self._pool.get_stats()
        size, idle = found.get("pool_size", 0), found.get("pool_available", 0)
        self.counters.opened = found.get("connections_num", 0)
        self.counters.lost = found.get("connections_lost", 0)
        return self.counters.stats(
            limit=self._settings.connections,
            in_use=size - idle,
            idle=idle,
            opening=0,
            waiting=found.get("requests_waiting", 0),
        )

    async def _configure(self, connection: PooledConnection) -> None:
        connection.adapters.register_dumper(bytes, _UntypedText)
        connection.bound(self._settings.session_patience, self._conninfo)
        connection.prepared_max = self._settings.prepared_statements
        if not self._settings.prepare:
            connection.prepare_threshold = None
            settings = session_settings(self._settings, statement_timeout=self._settings.statement_timeout)
            for name, value in settings.items():
                await connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
