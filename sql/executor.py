"""The database as the rest of the program sees it: statements in, rows out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import psycopg

from fieldstone.sql.driver.callback_statement import Finish, QuickStatement
from fieldstone.sql.driver.direct_pool import DirectPool
from fieldstone.sql.driver.protocols import Driver, PooledConnection
from fieldstone.sql.driver.server import may_set, require_version, wait_for_server
from fieldstone.sql.driver.session_pool import SessionPool
from fieldstone.sql.driver.sessions import Sessions
from fieldstone.sql.errors import CommitOutcomeUnknown, ConnectionLost, NoAnswer, Serialization, StalePlan
from fieldstone.sql.listen import Listener
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings, PoolStats, build_conninfo
from fieldstone.sql.sqlstate import translate_error
from fieldstone.sql.statement import Parameters, Row, Statement, Step
from fieldstone.sql.transaction import Transaction, run_again

_LOG = logging.getLogger(__name__)

_IDLE_LIMIT = Statement(text="SELECT pg_catalog.current_setting('idle_in_transaction_session_timeout')")


class Database:
    """One database with the connections of this process to it.

    All failures are DatabaseErrors, see sql/errors.py. A `timeout` is in seconds; without one the settings'
    `statement_timeout` ends a statement, which the server sees to at no cost to us. Where the server does not, the
    connection is given up after `cancel_timeout` more, and nothing is tried again. Callers with the same `share`, such
    as the requests of one tenant, have a share of the connections together, see sql/driver/shares.py.
    """

    def __init__(self, dsn: str, settings: PoolSettings) -> None:
        self._dsn = dsn
        self._settings = settings
        self._counters = PoolCounters()
        self._conninfo = build_conninfo(dsn, settings, statement_timeout=0)
        self._driver = self._drive(settings)
        self._sessions = Sessions(dsn, settings)

    @classmethod
    def connect(cls, dsn: str, *, settings: PoolSettings) -> "Database":
        """Return the database that `dsn` names, a libpq connection string or URL, without reaching for it yet."""
        return cls(dsn, settings)

    async def open(self) -> None:
        """Wait until the database accepts connections, and get ready to serve.

        Raises:
            DatabaseUnavailable: It does not within the settings' `open_timeout`.
            UnsupportedServer: It is too old.
        """
        require_version(await wait_for_server(self._conninfo, limit=self._settings.open_timeout))
        bounds_files = self._settings.prepare and self._settings.temp_file_mb
        if bounds_files and not await may_set(self._conninfo, "temp_file_limit"):
            _LOG.info(
                "the user of DATABASE_URL may not set temp_file_limit, so that PostgreSQL's own value bounds the files"
                " of a statement: GRANT SET ON PARAMETER temp_file_limit TO that user, or set it for the server"
            )
            self._driver = self._drive(replace(self._settings, temp_file_mb=0))
        await self._driver.open()
        if not self._settings.prepare:
            await self._look_at_idle_limit()

    def _drive(self, settings: PoolSettings) -> Driver:
        return (DirectPool if settings.direct else SessionPool)(self._dsn, settings, self._counters)

    async def close(self) -> None:
        """Close all connections; what still runs gets the settings' `close_timeout` to end."""
        await asyncio.gather(self._driver.close(), self._sessions.close())

    async def read(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable = None,
    ) -> list[Row]:
        """Return the rows of one statement that changes nothing.

        A lost connection is replaced once, and a deadlock with a change of the tables tried again, unseen.
        """
        link = await self._driver.acquire(share=share)
        try:
            return await link.execute(statement, parameters, timeout)
        except StalePlan:
            link.forget([statement])
        except NoAnswer:
            raise
        except ConnectionLost:
            self._counters.retried += 1
        except Serialization:
            pass
        finally:
            link.release()
        return await run_again(lambda: self._read_anew(statement, parameters, timeout, share))

    async def _read_anew(
        self, statement: Statement, parameters: Parameters, limit: float | None, share: Hashable
    ) -> list[Row]:
        link = await self._driver.acquire(verify=True, share=share)
        try:
            return await link.execute(statement, parameters, limit)
        except StalePlan:
            link.forget([statement])
            raise
        finally:
            link.release()

    def prepare_quickly(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        writes: bool,
        share: Hashable,
        finish: Finish,
        give_up: Callable[[], None],
    ) -> QuickStatement | None:
        """Prepare to do what `read` and `write` do without a task: one of the two is called, unless it is cancelled.

        It is ended by the settings' `statement_timeout`.

        Args:
            statement: all of its transaction.
            parameters: its values, none of which holds a NUL.
            writes: whether it changes anything.
            share: whose connections it counts among.
            finish: takes the rows, or the error in their place.
            give_up: learns that nothing was done, and that it takes more than this: call `read` or `write`.

        Returns:
            What it can be begun and cancelled by; None where the connections are not driven by us.
        """
        if not isinstance(self._driver, DirectPool) or not self._settings.prepare:
            return None
        return QuickStatement(
            self._driver,
            statement,
            parameters,
            writes=writes,
            limit=self._settings.response_limit,
            share=share,
            finish=finish,
            give_up=give_up,
        )

    async def write(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable = None,
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
        share: Hashable = None,
    ) -> list[list[Row]]:
        """Run the statements as one transaction in one round trip, and return the rows of each.

        Raises:
            CommitOutcomeUnknown: The connection was lost and with it the answers; they are never run again.
        """
        link = await self._driver.acquire(verify=True, share=share)
        try:
            try:
                return await _run_steps(link, steps, timeout)
            except StalePlan:
                # Nothing was kept: a stale plan is noticed before its statement runs.
                link.forget([statement for statement, _ in steps])
        finally:
            await _release(link)
        link = await self._driver.acquire(verify=True, share=share)
        try:
            return await _run_steps(link, steps, timeout)
        finally:
            await _release(link)

    @asynccontextmanager
    async def transaction(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
        share: Hashable = None,
    ) -> AsyncIterator[Transaction]:
        """Hold a transaction that is committed at the end, or rolled back where an exception leaves the block.

        Args:
            timeout: seconds for all of it up to the commit.
            share: whose connections it counts among.

        Raises:
            CommitOutcomeUnknown: The connection was lost while committing.
        """
        link = await self._driver.acquire(verify=True, share=share)
        try:
            transaction = Transaction(link, timeout)
            yield transaction
            await transaction.commit()
        finally:
            await _release(link)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Hold an ordinary psycopg connection, whose transaction ends with the block as psycopg's own blocks do.

        It has no statement timeout, but ends where the database answers nobody, see BoundedConnection. What psycopg
        raises leaves the block as an error of ours.
        """
        try:
            async with self._sessions.lend() as connection:
                yield connection
        except psycopg.Error as error:
            raise translate_error(error) from error

    async def listen(self, channel: str, *, address: str | None = None) -> Listener:
        """Return a connection of its own that hears what is sent on a channel.

        Args:
            channel: an identifier.
            address: a connection string that leads to this database directly, where ours leads to a pooler.

        Raises:
            DatabaseUnavailable: It cannot be made now.
        """
        return await Listener.open(address or self._dsn, channel, settings=self._settings)

    async def _look_at_idle_limit(self) -> None:
        """Warn where nothing ends a transaction of ours that has stopped: a pooler does not carry our setting."""
        if await self.read(_IDLE_LIMIT, ()) == [(b"0",)]:
            _LOG.warning(
                "idle_in_transaction_session_timeout is 0, and cannot be set through a pooler: the locks of a process"
                " that stops within a transaction stay until the pooler ends its connection. ALTER ROLE .. SET"
                " idle_in_transaction_session_timeout = '10s' sets it for the user of DATABASE_URL"
            )

    def stats(self) -> PoolStats:
        """Return the present state of the connections that serve statements."""
        return self._driver.stats()


async def _run_steps(link: PooledConnection, steps: Sequence[Step], limit: float | None) -> list[list[Row]]:
    try:
        if len(steps) == 1:
            return [await link.execute(*steps[0], limit)]
        return await link.execute_all(steps, limit=limit)
    except ConnectionLost as error:
        if error.outcome_unknown:
            raise CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}") from error
        raise


async def _release(link: PooledConnection) -> None:
    """Give the connection back, and wait until what was left open on it has been rolled back."""
    restoring = link.release()
    if restoring is not None:
        await asyncio.shield(restoring)
