"""A few ordinary psycopg connections, made when a caller finds none free.

psycopg's own pool doubles its backoff after each connection that it could not make, and all callers wait with it: after
an outage of a minute the first change of a model would wait for up to another one. Here each caller is told at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.pq import TransactionStatus

from fieldstone.sql.driver.bounded import BoundedConnection
from fieldstone.sql.driver.hosts import Hosts
from fieldstone.sql.errors import CommitOutcomeUnknown, DatabaseBusy, DatabaseUnavailable
from fieldstone.sql.pool_settings import PoolSettings, build_conninfo


class Sessions:
    """The sessions of one process.

    Args:
        dsn: the database.
        settings: the number of sessions, how long a caller waits for one, and how old one becomes.
    """

    def __init__(self, dsn: str, settings: PoolSettings) -> None:
        # A session runs migrations too, whose time has no limit.
        self._hosts = Hosts(build_conninfo(dsn, settings, statement_timeout=0))
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.sessions)
        # Each connection with the time at which it is too old.
        self._idle: list[tuple[BoundedConnection, float]] = []
        self._is_closed = False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Hold a connection whose transaction is committed at the end, or rolled back where an exception leaves.

        Raises:
            DatabaseBusy: none came free in time.
            DatabaseUnavailable: none can be made.
            CommitOutcomeUnknown: a node of Citus may lack a transaction of the coordinator.
        """
        if self._is_closed:
            raise DatabaseUnavailable("the sessions are closed")
        try:
            async with asyncio.timeout(self._settings.acquire_timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise DatabaseBusy("no session came free in time") from None
        try:
            connection, limit = await self._take()
            try:
                # psycopg's own block would close it.
                try:
                    yield connection
                except BaseException:
                    await _roll_back(connection)
                    raise
                await connection.commit()
                if connection.lacking is not None:
                    raise CommitOutcomeUnknown(
                        f"the coordinator has committed, and a node of Citus may not have: {connection.lacking}"
                    )
            finally:
                connection.lacking = None
                await self._take_back(connection, limit)
        finally:
            self._slots.release()

    async def keep(self, connection: BoundedConnection) -> None:
        """Have a connection that is in autocommit, to the same database and by the same login, be a free session."""
        await connection.set_autocommit(False)
        self._idle.append((connection, self._limit()))

    async def drop(self) -> None:
        """End the free sessions: the server is no longer the right one."""
        while self._idle:
            connection, _ = self._idle.pop()
            await connection.close()

    async def close(self) -> None:
        """End the free sessions; those in use are ended when they come back."""
        self._is_closed = True
        await self.drop()

    async def _take(self) -> tuple[BoundedConnection, float]:
        while self._idle:
            connection, limit = self._idle.pop()
            try:
                await _check(connection)
            except psycopg.Error as error:
                await connection.close()
                if connection.is_given_up:
                    # A check of each of the others would take as long.
                    raise DatabaseUnavailable("the database does not answer") from error
            except BaseException:
                await connection.close()
                raise
            else:
                return connection, limit
        try:
            connection = await BoundedConnection.open(self._hosts, self._settings)
        except psycopg.Error as error:
            raise DatabaseUnavailable(str(error).strip()) from error
        return connection, self._limit()

    def _limit(self) -> float:
        return asyncio.get_running_loop().time() + self._settings.max_age

    async def _take_back(self, connection: BoundedConnection, limit: float) -> None:
        is_at_rest = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
        is_young = asyncio.get_running_loop().time() < limit
        if is_at_rest and is_young and not connection.autocommit and not self._is_closed:
            self._idle.append((connection, limit))
        else:
            await connection.close()


async def _check(connection: psycopg.AsyncConnection) -> None:
    """Ask the server for an empty answer.

    Raises:
        psycopg.Error: the connection is lost.
    """
    # Out of a transaction, so that it is one round trip and nothing stays open.
    await connection.set_autocommit(True)
    await connection.execute(b"")
    await connection.set_autocommit(False)


async def _roll_back(connection: psycopg.AsyncConnection) -> None:
    try:
        if not connection.closed:
            await connection.rollback()
    except psycopg.Error:
        # The caller hears of the error that ended the block.
        await connection.close()
