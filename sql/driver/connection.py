"""One connection that serves statements: prepared as needed, cancelled and rolled back when their caller leaves."""

import asyncio
import math
import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import psycopg
from psycopg import capabilities
from psycopg.errors import Diagnostic
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from fieldstone.sql.driver.pace import CLOCK, Pace
from fieldstone.sql.driver.pipeline_sync import send_sync
from fieldstone.sql.driver.prepared import PreparedStatements
from fieldstone.sql.driver.results import decode_rows
from fieldstone.sql.driver.sharing.processors import processor_seconds
from fieldstone.sql.driver.sharing.share import Share
from fieldstone.sql.driver.wire import COMPLETE, Waiting, Wire
from fieldstone.sql.errors import ConnectionLost, DatabaseError, NoAnswer
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings
from fieldstone.sql.sqlstate import FATAL_ERROR, lacks_commit, translate_result
from fieldstone.sql.statement import Parameters, Row, Statement, Step, refuse_nul

_IDLE = int(TransactionStatus.IDLE)
_CONNECTED = int(ConnStatus.OK)

Run = tuple[Statement, Parameters, bool]
"""A statement with its values, and whether the server is to tell its time."""


class Home(Protocol):
    """The pool that a connection goes back to."""

    def take_back(self, connection: "DriverConnection") -> asyncio.Task[None] | None:
        """Receive a connection that its caller gives back."""
        ...

    def remove(self, connection: "DriverConnection") -> None:
        """Learn that a connection has ended."""
        ...


class DriverConnection(Wire):
    """One connection over libpq, held by one caller at a time.

    Args:
        session: the psycopg connection that made the socket; it only cancels statements.
        settings: the limits.
        counters: where its statements are counted.
        home: the pool, which is told when the connection ends.

    Attributes:
        retired: it was ended on purpose.
        share: the share of its present caller; None while it is free.
        lent_at: the time at which that caller got it.
        pace: is told for how long that caller keeps it, if anything is.
        measured_pid: the process of its backend, whose time on a processor is measured now and then; None: it is not.
    """

    __slots__ = (
        "_can_close",
        "_cancelling",
        "_counters",
        "_home",
        "_lacking",
        "_max_age",
        "_opened",
        "_prepared",
        "_preparing",
        "_processor_at",
        "_server_limit",
        "_session",
        "_settings",
        "_statements",
        "lent_at",
        "measured_pid",
        "pace",
        "retired",
        "share",
    )

    def __init__(
        self, session: psycopg.AsyncConnection, settings: PoolSettings, counters: PoolCounters, home: Home
    ) -> None:
        super().__init__(session.pgconn)
        self._session = session
        self._settings = settings
        self._counters = counters
        self._home = home
        self._can_close = capabilities.has_send_close_prepared()
        self._prepared = PreparedStatements(settings.prepared_statements, counters)
        self._preparing: list[tuple[int, bytes]] = []
        self._cancelling: asyncio.Task[None] | None = None
        self._lacking: str | None = None
        session.add_notice_handler(self._hear)
        self._opened = self._started
        # So that connections made together are not all replaced together.
        self._max_age = settings.max_age * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        self._statements = 0
        # A timer for each statement would cost more than most statements do here.
        self._server_limit = settings.statement_timeout if settings.prepare else math.inf
        self.retired = False
        self.share: Share[Any] | None = None
        self.lent_at = 0.0
        self.pace: Pace | None = None
        self.measured_pid: int | None = None
        self._processor_at: float | None = None

    @property
    def at_rest(self) -> bool:
        """Return whether the connection can serve the next caller as it is."""
        return (
            self._waiting is None
            and self._cancelling is None
            and not self.ended
            and self.pgconn.transaction_status == _IDLE
        )

    @property
    def is_worn(self) -> bool:
        """Return whether the connection is old or used enough to be replaced: its backend's caches only grow."""
        return self._statements >= self._settings.max_statements or self._started - self._opened >= self._max_age

    def begin_run(self, pace: Pace | None) -> None:
        """Note the pace of its caller's statement, and whether the time on a processor is measured of it."""
        self.pace, self._processor_at = pace, None
        if self.measured_pid is not None and pace is not None and pace.is_next_measured():
            self._processor_at = processor_seconds(self.measured_pid)

    def end_run(self, pace: Pace, seconds: float) -> None:
        """Tell the pace of its caller's statement for how long it has kept the connection, and a processor."""
        pace.note_kept(seconds)
        if self._processor_at is None or self.measured_pid is None:
            return
        if (now := processor_seconds(self.measured_pid)) is not None:
            pace.note_processor(now - self._processor_at, seconds)

    async def execute(self, statement: Statement, parameters: Parameters, limit: float | None = None) -> list[Row]:
        """Run one statement and return its rows; outside a transaction it is committed by itself.

        A prepared statement is one message there and one back.

        Args:
            statement: the statement, which is prepared when it is first run here.
            parameters: its values.
            limit: the seconds after which the server is asked to stop; the answer is the server's then.
        """
        refuse_nul(parameters)
        try:
            if self._prepared.touch(statement.name):
                self.pgconn.send_query_prepared(statement.name, parameters)
            elif self._settings.prepare:
                # It is prepared together with the clock, which may time its next runs.
                clock: Sequence[Step] = ((CLOCK, ()),) if self._settings.lanes else ()
                return (await self.execute_all(((statement, parameters), *clock), limit=limit))[0]
            else:
                self.pgconn.send_query_params(statement.sql, parameters)
        except psycopg.OperationalError as error:
            raise self._unsent(error) from error
        if limit is not None and limit >= self._server_limit:
            limit = None
        results = await self._answer(1, limit)
        return decode_rows(results[0], self._settings.response_limit, statement.counted)

    async def execute_all(
        self, steps: Sequence[Step], *, begin: bool = False, limit: float | None = None
    ) -> list[list[Row]]:
        """Run the steps in one round trip, all or none of them, and return the rows of each.

        Args:
            steps: the statements with their values, in order.
            begin: start a transaction that stays open; without it, outside a transaction, the steps are one.
            limit: as for `execute`.
        """
        for _, parameters in steps:
            refuse_nul(parameters)
        wanted: list[int] = []
        sent = 0
        try:
            sent = self._send_pipeline(steps, wanted, begin=begin)
        except psycopg.OperationalError as error:
            raise self._unsent(error) from error
        finally:
            # A pipeline without its sync can neither be finished nor be left.
            if not sent:
                self.end("a pipeline could not be sent")
        results = await self._answer(sent, limit, steps=wanted)
        most = self._settings.response_limit
        asked = zip(wanted, steps, strict=True)
        return [decode_rows(results[index], most, statement.counted) for index, (statement, _) in asked]

    def ask(self, statement: Statement, parameters: Parameters, waiting: Waiting, is_timed: Callable[[], bool]) -> bool:
        """Send a prepared statement; return False where it is not prepared here, or cannot be sent.

        `is_timed` is asked once it is known to be prepared. Behind the results of a timed one are the clock's, if that
        is prepared here.
        """
        if not self._prepared.touch(statement.name):
            return False
        if is_timed():
            self.ask_each([(statement, parameters, True)], waiting)
            return True
        try:
            self.pgconn.send_query_prepared(statement.name, parameters)
        except psycopg.OperationalError as error:
            self._unsent(error)
            return False
        self._statements += 1
        self.tell(waiting, 1)
        return True

    def ask_each(self, runs: Sequence[Run], waiting: Waiting) -> None:
        """Send prepared statements as one message, each with its own sync and so a transaction of its own.

        `waiting` takes the results of each in their order. Where the message cannot be sent, the connection ends.
        """
        pgconn = self.pgconn
        self.enter_pipeline()
        self._waiting = waiting
        try:
            for statement, parameters, is_timed in runs:
                pgconn.send_query_prepared(statement.name, parameters)
                if is_timed and self._prepared.touch(CLOCK.name):
                    pgconn.send_query_prepared(CLOCK.name, None)
                send_sync(pgconn)
        except psycopg.OperationalError as error:
            self.end(str(error))
            return
        self._statements += len(runs)
        self.tell(waiting, 1, syncs=len(runs))

    def has_prepared(self, statement: Statement) -> bool:
        """Return whether the statement is prepared here, and count this as a use of it."""
        return self._prepared.touch(statement.name)

    async def command(self, sql: bytes) -> bytes:
        """Run a command such as COMMIT, never prepared, and return its tag."""
        try:
            self.pgconn.send_query_params(sql, None)
        except psycopg.OperationalError as error:
            raise self._unsent(error) from error
        return (await self._answer(1, None))[0].command_status or b""

    def forget(self, statements: Iterable[Statement], /) -> None:
        """Have the statements prepared again before this connection next runs them."""
        self._prepared.forget(statement.name for statement in statements)
        if not self._can_close:
            self.retired = True
            self.end("prepared statements went stale")

    def release(self) -> asyncio.Task[None] | None:
        """Give the connection back.

        Where it still runs a statement or has a transaction open, the returned task ends that first.
        """
        return self._home.take_back(self)

    def cancel(self) -> None:
        """Ask the server to end the running statement; the caller's answer is then the server's."""
        if self._cancelling is None and self._waiting is not None:
            self._counters.cancelled += 1
            self._cancelling = self._loop.create_task(self._cancel())

    async def restore(self) -> None:
        """Bring it back to rest after its caller has gone: end its statement, roll back its transaction."""
        if self._waiting is not None:
            self.cancel()
        if self._cancelling is not None:
            # Until the server has taken the cancellation it could hit the next caller's statement.
            await self._cancelling
            self._cancelling = None
        await self._await_cancelled(self._loop.time())
        try:
            if not self.ended and self.pgconn.transaction_status != _IDLE:
                async with asyncio.timeout(self._settings.cancel_timeout):
                    await self.command(b"ROLLBACK")
        except TimeoutError:
            self.give_up()
        except DatabaseError as error:
            self.end(error.message)

    def give_up(self) -> None:
        """End it since the server has not answered when the statement's time was up."""
        self.end("the database did not answer in time", NoAnswer)

    def retire(self) -> None:
        """End the connection on purpose."""
        self.retired = True
        self.end("the connection was closed")

    async def close(self) -> None:
        """End the connection on purpose, even while a statement runs."""
        self.retire()
        if self._cancelling is not None:
            self._cancelling.cancel()
            await asyncio.gather(self._cancelling, return_exceptions=True)

    def _on_ended(self) -> None:
        self._home.remove(self)

    def _on_pipelined(self, results: list[PGresult]) -> None:
        for index, name in self._preparing:
            if results[index].status in COMPLETE:
                self._prepared.add(name)
        self._preparing.clear()

    def _send_pipeline(self, steps: Sequence[Step], wanted: list[int], *, begin: bool) -> int:
        """Send everything up to the sync, and note in `wanted` the steps' places; return the number of results."""
        prepare = self._settings.prepare
        self.enter_pipeline()
        sent = 0
        closing, missing = self._prepared.make_room([step[0].name for step in steps] if prepare else ())
        # First, so that no failed statement makes the server skip it.
        for name in closing:
            if self._can_close:
                self.pgconn.send_close_prepared(name)
            else:
                self.pgconn.send_query_params(b'DEALLOCATE "' + name + b'"', None)
            sent += 1
        if begin:
            self.pgconn.send_query_params(b"BEGIN", None)
            sent += 1
        for statement, parameters in steps:
            if statement.name in missing:
                missing.discard(statement.name)
                self.pgconn.send_prepare(statement.name, statement.sql)
                self._preparing.append((sent, statement.name))
                sent += 1
            if prepare:
                self.pgconn.send_query_prepared(statement.name, parameters)
            else:
                self.pgconn.send_query_params(statement.sql, parameters)
            wanted.append(sent)
            sent += 1
        self.pgconn.pipeline_sync()
        return sent

    async def _answer(self, expected: int, limit: float | None, *, steps: Sequence[int] = ()) -> list[PGresult]:
        """Return the results of the messages sent, those of `steps` among them, or raise the first error."""
        self._statements += 1
        # That of a statement which nobody waits for any more, or that failed, is not of this one.
        self._lacking = None
        future = self.answer(expected)
        if limit is None:
            results = await future
        else:
            timer = self._loop.call_later(limit, self.cancel)
            try:
                results = await future
            finally:
                timer.cancel()
        for index, result in enumerate(results):
            if result.status == FATAL_ERROR:
                error = translate_result(result)
                error.step = bisect_left(steps, index) if steps else None
                error.answers = [
                    decode_rows(results[one], self._settings.response_limit) for one in steps[: error.step]
                ]
                raise error
        if self._lacking is not None:
            raise ConnectionLost(self._lacking, outcome_unknown=True)
        return results

    def _hear(self, warning: Diagnostic) -> None:
        if lacks_commit(warning):
            self._lacking = warning.message_primary

    async def _cancel(self) -> None:
        begun = self._loop.time()
        try:
            await self._session.cancel_safe(timeout=self._settings.cancel_timeout)
        except psycopg.Error as error:
            self.end(f"cannot cancel: {error}", NoAnswer)
        await self._await_cancelled(begun)

    async def _await_cancelled(self, begun: float) -> None:
        """Wait for the end of the cancelled statement; give the connection up `cancel_timeout` after `begun`."""
        if not await self.over(max(0.0, begun + self._settings.cancel_timeout - self._loop.time())):
            self.give_up()

    def _unsent(self, error: psycopg.Error) -> DatabaseError:
        if self.pgconn.status == _CONNECTED:
            return DatabaseError(str(error).strip())
        self.end(str(error))
        return ConnectionLost(str(error).strip())
