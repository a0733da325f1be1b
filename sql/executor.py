"""The database as the rest of the program sees it: statements in, rows out."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace

import psycopg

from fieldstone.sql.concurrency.deadlines import DEADLINE, TIME_IS_UP, time_left
from fieldstone.sql.driver.callback_statement import CallbackStatement
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.connection_pool import ConnectionPool
from fieldstone.sql.driver.lanes.lanes import Lanes
from fieldstone.sql.driver.server import (
    IDLE_LIMIT,
    fit_settings,
    require_supported,
    wait_for_server,
    warn_of_idle_limit,
)
from fieldstone.sql.driver.sessions import Sessions
from fieldstone.sql.driver.sharing.share import Group
from fieldstone.sql.driver.standby import Standby
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    ConnectionLost,
    NoAnswer,
    ReadOnlyServer,
    Serialization,
    StalePlan,
    StatementTimeout,
)
from fieldstone.sql.listen import Listener
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings, PoolStats, build_conninfo
from fieldstone.sql.sqlstate import translate_error
from fieldstone.sql.statement import Parameters, Row, Statement, Step
from fieldstone.sql.transaction import Transaction, run_again


class Database:
    """One database with the connections of this process to it.

    All failures are DatabaseErrors, see `sql/errors.py`. A `timeout` is in seconds; without one the settings'
    `statement_timeout` ends a statement, by the server's own timer. Where the server does not answer, the connection is
    given up after `cancel_timeout` more, and nothing is tried again. The `DEADLINE` of the running task bounds the wait
    for a connection and the statement. Callers with the same `share`, such as the requests of one workspace, have a
    share of the connections, see `sql/driver/sharing/shares.py`; `None`, that of the server's own, goes first.

    Where there are two logins, one that serves runs the statements, and the sessions are those of the tables' owner.
    """

    def __init__(
        self, dsn: str, settings: PoolSettings, *, owner_dsn: str | None = None, direct_dsn: str | None = None
    ) -> None:
        self._dsn, self._direct_dsn = dsn, direct_dsn
        self._counters = PoolCounters()
        first = replace(settings, connect_timeout=min(settings.connect_timeout, settings.open_timeout))
        self._conninfo = build_conninfo(dsn, first, statement_timeout=0)
        self._owner_dsn, self._has_owner = owner_dsn or dsn, owner_dsn is not None
        self._set(settings)

    def _set(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._pool = ConnectionPool(self._dsn, settings, self._counters)
        self._lanes = Lanes(self._pool, settings, self._counters)
        self._sessions = Sessions(self._owner_dsn, settings)
        self._standby = Standby(self._dsn, self._owner_dsn, self._conninfo, settings, self._pool, self._sessions)
        self._direct = Database(self._direct_dsn, replace(settings, prepare=True)) if self._direct_dsn else None

    @classmethod
    def connect(
        cls, dsn: str, *, settings: PoolSettings, owner_dsn: str | None = None, direct_dsn: str | None = None
    ) -> "Database":
        """Return the database that `dsn` names, a libpq connection string or URL, without reaching for it yet.

        Args:
            dsn: the login that serves.
            settings: those of the connections.
            owner_dsn: the same database with the login that owns the tables; that of `dsn` if None.
            direct_dsn: the same with that login and no pooler, where `dsn` leads to a pooler and this is known.
        """
        return cls(dsn, settings, owner_dsn=owner_dsn, direct_dsn=direct_dsn)

    async def open(self, *, has_sessions: bool = True, needs_primary: bool = False) -> None:
        """Wait until the database accepts connections, and get ready to serve.

        Args:
            has_sessions: keep the connection that has been made for it as the first session.
            needs_primary: wait until the server is no standby, too.

        Raises:
            DatabaseUnavailable: It accepts none within the settings' `open_timeout`, or is a standby still.
            UnsupportedServer, UnsupportedEncoding: The server is too old, or the database's encoding is not UTF8.
        """
        async with AsyncExitStack() as closing:
            waiting = wait_for_server(self._conninfo, self._settings, needs_primary=needs_primary)
            connection = await closing.enter_async_context(await waiting)
            require_supported(connection.info)
            self._set(await fit_settings(connection, self._settings))
            if has_sessions and not self._has_owner:
                await self._sessions.keep(connection)
                closing.pop_all()
        await self._pool.open()
        if not self._settings.prepare:
            warn_of_idle_limit(await self.read(IDLE_LIMIT, (), share=None))

    async def close(self) -> None:
        """Close all connections; statements in progress get the settings' `close_timeout` to end."""
        await asyncio.gather(self._pool.close(), self._sessions.close())
        if self._direct is not None:
            await self._direct.close()

    async def read(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable,
    ) -> list[Row]:
        """Return the rows of one statement that changes nothing.

        After a lost connection the statement is run once more, and after a deadlock with a change of the tables again.
        """
        try:
            return await self.read_once(statement, parameters, timeout=timeout, share=share, verify=False)
        except NoAnswer:
            raise
        except ConnectionLost:
            self._counters.retried += 1
        except (StalePlan, Serialization):
            pass
        return await run_again(lambda: self.read_once(statement, parameters, timeout=timeout, share=share))

    async def read_once(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable,
        verify: bool = True,
    ) -> list[Row]:
        """Return the rows of one statement that changes nothing, which is not run again if it fails.

        The socket of its connection is looked at before, unless `verify` is False.
        """
        connection = await self._acquire(share, statement, verify=verify)
        try:
            return await connection.execute(statement, parameters, time_left(timeout))
        except StalePlan:
            connection.forget([statement])
            raise
        finally:
            connection.release()

    def begin(self, quick: CallbackStatement) -> None:
        """Begin the run of a statement without a task, where statements are prepared; it may end before this returns.

        The settings' `statement_timeout` ends it.
        """
        lanes = self._lanes
        quick.lender = lanes
        quick.limit = self._settings.response_limit
        quick.pace = lanes.paces.find(quick.statement)
        lanes.lend(quick)

    async def write(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable,
    ) -> list[Row]:
        """Run one statement, commit it, and return its rows.

        Raises:
            CommitOutcomeUnknown: The connection was lost and with it the answer; it is never run again.
        """
        return (await self.pipeline([(statement, parameters)], timeout=timeout, share=share))[0]

    async def pipeline(
        self,
        steps: Sequence[Step],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable,
    ) -> list[list[Row]]:
        """Run the statements as one transaction in one round trip, and return the rows of each.

        Raises:
            CommitOutcomeUnknown: The connection was lost and with it the answers; they are never run again.
            WritesRefused: The database takes no writes now.
        """
        only = steps[0][0] if len(steps) == 1 else None
        connection = await self._acquire(share, only, verify=True)
        try:
            try:
                return await _run_steps(connection, steps, time_left(timeout))
            except StalePlan:
                # Nothing was committed: PostgreSQL notices a stale plan before it runs the statement.
                connection.forget([statement for statement, _ in steps])
            except ReadOnlyServer as error:
                await self._standby.leave(error, connection)
        finally:
            await _release(connection)
        connection = await self._acquire(share, only, verify=True)
        try:
            return await _run_steps(connection, steps, time_left(timeout))
        finally:
            await _release(connection)

    @asynccontextmanager
    async def transaction(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable,
        statement: Statement | None = None,
    ) -> AsyncIterator[Transaction]:
        """Hold a transaction that is committed at the end, or rolled back where an exception leaves the block.

        Args:
            timeout: seconds for all of it up to the commit.
            share: the share that its connection counts for.
            statement: the one whose pace tells how long it is expected to take, if there is one.

        Raises:
            CommitOutcomeUnknown: The connection was lost while committing.
        """
        connection = await self._acquire(share, statement, verify=True)
        try:
            transaction = Transaction(connection, time_left(timeout))
            yield transaction
            await transaction.commit()
        except ReadOnlyServer as error:
            await self._standby.leave(error, connection)
            raise
        finally:
            await _release(connection)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Hold an ordinary psycopg connection, whose transaction ends with the block as psycopg's own blocks do.

        It has no statement timeout, but ends where the database answers no connection, see `BoundedConnection`.
        psycopg's errors leave the block as DatabaseErrors.
        """
        try:
            async with self._sessions.lend() as connection:
                yield connection
        except ReadOnlyServer as error:
            await self._leave_standby(error)
            raise
        except psycopg.Error as error:
            translated = translate_error(error)
            if isinstance(translated, ReadOnlyServer):
                await self._leave_standby(translated)
            raise translated from error

    async def _leave_standby(self, error: ReadOnlyServer) -> None:
        """End the connections where a session has met a standby, which has no connection of the pool to ask.

        Raises:
            WritesRefused: The server is the primary, and takes no writes by its settings.
            ReadOnlyServer: A new connection would lead to a standby, too.
        """
        await self._standby.require_writes(error)
        connection = await self._acquire(None, None, verify=True)
        try:
            await self._standby.leave(error, connection)
        finally:
            await _release(connection)

    def lasting_session(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection]:
        """Hold a connection as `session` does, past a pooler whose database has a known address.

        So locks and settings of the session belong to it alone.
        """
        return (self._direct or self).session()

    def place(self, share: Hashable, group: Group | None) -> None:
        """Have the callers of a share belong to a group from now on, see `Group`; None is no group."""
        self._pool.place(share, group)

    def refuse_group(self, group: Group) -> None:
        """Refuse the callers of a group that wait for a connection, for the reason that it has."""
        self._pool.refuse_group(group)

    def drop(self, reason: str) -> None:
        """End all connections that serve statements: the server is no longer the right one."""
        self._pool.drop(reason)

    async def listen(self, channel: str, *, address: str | None = None) -> Listener:
        """Return a connection of its own that receives the messages of a channel.

        Args:
            channel: an identifier.
            address: a connection string of this database itself, where `dsn` is that of a pooler.

        Raises:
            DatabaseUnavailable: The connection cannot be made now.
        """
        return await Listener.open(address or self._dsn, channel, settings=self._settings)

    async def _acquire(self, share: Hashable, statement: Statement | None, *, verify: bool = False) -> DriverConnection:
        """Return a connection as the pool does; raises StatementTimeout where the deadline comes first."""
        pace = None if statement is None else self._lanes.paces.find(statement)
        deadline = DEADLINE.get()
        if deadline is None:
            return await self._pool.acquire(verify=verify, share=share, pace=pace)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._pool.acquire(verify=verify, share=share, pace=pace)
        except TimeoutError:
            raise StatementTimeout(TIME_IS_UP) from None

    @property
    def is_waited_for(self) -> bool:
        """Whether a statement waits for a connection."""
        return self._pool.is_waited_for

    @property
    def is_shared(self) -> bool:
        """Whether statements of several shares have come in the last minute."""
        return self._pool.is_shared

    def is_late(self, share: Hashable, ahead: int, patience: float, *, is_first: bool) -> bool:
        """Return whether a statement that came now would wait for its connection for longer than `patience` seconds.

        Args:
            share: the share that its connection counts for.
            ahead: how many of the share come before it that do not wait for a connection yet.
            patience: in seconds, behind a queue that stands; a burst may take `BURST` times as long.
            is_first: grant it the time of a burst in any case.
        """
        return self._pool.is_late(share, ahead, patience, is_first=is_first)

    def is_held_up(self, statement: Statement, share: Hashable) -> bool:
        """Return whether a statement is expected to be long, and would wait for other long ones of its share."""
        return self._pool.is_held_up(share, self._lanes.paces.find(statement))

    def take_seconds(self) -> dict[Hashable, float]:
        """Return the seconds of statements by share since the last call."""
        return self._pool.take_seconds()

    def stats(self) -> PoolStats:
        """Return the present state of the connections that serve statements."""
        stats = self._pool.stats()
        stats.waiting += self._lanes.waiting
        return stats


async def _run_steps(connection: DriverConnection, steps: Sequence[Step], limit: float | None) -> list[list[Row]]:
    try:
        if len(steps) == 1:
            return [await connection.execute(*steps[0], limit)]
        return await connection.execute_all(steps, limit=limit)
    except ConnectionLost as error:
        if error.outcome_unknown:
            raise CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}") from error
        raise


async def _release(connection: DriverConnection) -> None:
    """Give the connection back, and wait until its open transaction has been rolled back."""
    restoring = connection.release()
    if restoring is not None:
        await asyncio.shield(restoring)
