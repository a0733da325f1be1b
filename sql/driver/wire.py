"""One libpq connection's messages, sent and received without ever blocking the event loop.

The socket is watched for as long as the connection lives, not for each statement: a statement costs one system call to
send and one to receive, and an idle connection that dies is noticed when it does.
"""

import asyncio
import contextlib
import select
from typing import Protocol

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from fieldstone.sql.errors import ConnectionLost
from fieldstone.sql.sqlstate import FATAL_ERROR, is_reported_error, translate_result

COMPLETE = frozenset({int(ExecStatus.COMMAND_OK), int(ExecStatus.TUPLES_OK), int(ExecStatus.EMPTY_QUERY)})
_COPYING = frozenset({int(ExecStatus.COPY_IN), int(ExecStatus.COPY_OUT), int(ExecStatus.COPY_BOTH)})
_BROKEN = int(ConnStatus.BAD)
_PIPELINE_SYNC = int(ExecStatus.PIPELINE_SYNC)


class Waiting(Protocol):
    """The receiver of the results: the future of a task, or a callback."""

    def done(self) -> bool:
        """Return whether the answer is no longer waited for."""
        ...

    def set_result(self, results: list[PGresult], /) -> None:
        """Take the results."""
        ...

    def set_exception(self, error: BaseException, /) -> None:
        """Take the error that comes in place of the results."""
        ...


class Wire:
    """The traffic of one connected socket.

    Attributes:
        pgconn: libpq's connection; others may only send on it.
        ended: closed, by either side.
    """

    __slots__ = (
        "_arrivals",
        "_expected",
        "_loop",
        "_over",
        "_pipelined",
        "_results",
        "_socket",
        "_started",
        "_syncs",
        "_waiting",
        "ended",
        "pgconn",
    )

    def __init__(self, pgconn: PGconn) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: Waiting | None = None
        self._over: asyncio.Future[None] | None = None
        self._results: list[PGresult] = []
        self._pipelined = False
        self._expected = 1
        self._syncs = 1
        self._started = self._loop.time()
        self._socket = pgconn.socket
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        self.pgconn = pgconn
        self.ended = False
        pgconn.nonblocking = 1
        self._loop.add_reader(self._socket, self._on_readable)

    def busy_for(self) -> float:
        """Return the seconds that the last statement has been running, 0 where it has ended."""
        return 0.0 if self._waiting is None else self._loop.time() - self._started

    def verify(self) -> bool:
        """Return whether the socket is still open, having read the bytes that have arrived on it."""
        # One system call looks for data; a read without any takes four.
        if not self.ended and self._arrivals.poll(0):
            # The server's farewell is read first, the end of the stream after it.
            for _ in range(2):
                if not self.ended:
                    self._on_readable()
        return not self.ended

    async def over(self, limit: float) -> bool:
        """Wait for the end of the running statement; return False where it takes longer than `limit`."""
        if self._waiting is None:
            return True
        self._over = over = self._loop.create_future()
        await asyncio.wait([over], timeout=limit)
        self._over = None
        # The next one of the same transaction may run by now.
        return over.done() or self._waiting is None

    def enter_pipeline(self) -> None:
        """Begin a pipeline: its commands are answered together, at its sync."""
        self.pgconn.enter_pipeline_mode()
        self._pipelined = True
        # Until all has been sent.
        self._expected = 0

    def answer(self, expected: int) -> asyncio.Future[list[PGresult]]:
        """Flush the messages; the future's results are those of their `expected` commands, and of a failed commit."""
        future: asyncio.Future[list[PGresult]] = self._loop.create_future()
        self.tell(future, expected)
        return future

    def tell(self, waiting: Waiting, expected: int, *, syncs: int = 1) -> None:
        """Flush the messages, and give the results to `waiting` as `answer` does, once for each of the `syncs`."""
        self._expected = expected
        self._syncs = syncs
        self._started = self._loop.time()
        self._waiting = waiting
        try:
            if self.pgconn.flush():
                self._loop.add_writer(self._socket, self._on_writable)
        except psycopg.Error as error:
            self.end(str(error))

    def end(self, reason: str, kind: type[ConnectionLost] = ConnectionLost) -> None:
        """Close the socket; a waiting caller gets ConnectionLost, or that `kind` of it."""
        if self.ended:
            return
        self.ended = True
        for remove in (self._loop.remove_reader, self._loop.remove_writer):
            # libpq has closed a socket that was reset; asyncio raises then if it was watched for both.
            with contextlib.suppress(OSError):
                remove(self._socket)
        waiting = self._take_waiting()
        loss = None if waiting is None or waiting.done() else self._loss(reason, kind)
        self.pgconn.finish()
        self._on_ended()
        if waiting is not None and loss is not None:
            waiting.set_exception(loss)

    def _on_ended(self) -> None:
        """Called once, after the socket was closed."""

    def _on_pipelined(self, results: list[PGresult]) -> None:
        """Called with the results of a pipeline, whether or not its caller still waits."""

    def _on_writable(self) -> None:
        try:
            if not self.pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self.end(str(error))

    def _on_readable(self) -> None:
        was_idle = self._waiting is None
        try:
            self.pgconn.consume_input()
            if not was_idle:
                self._collect()
            if was_idle or (self._results and self._results[-1].status == FATAL_ERROR):
                # The server may have said, before the statement's end, that it closes the connection.
                # A reset socket is reported once, with the data before the reset, and libuv watches it no longer.
                self.pgconn.consume_input()
                # It may have been no farewell: the end of the statement, read by this, is not reported again.
                if not was_idle:
                    self._collect()
        except psycopg.Error as error:
            self.end(str(error))

    def _collect(self) -> None:
        pgconn = self.pgconn
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                # In a pipeline it ends the results of one command, else of all.
                if self._pipelined:
                    continue
                self._finish()
                return
            status = result.status
            if status == _PIPELINE_SYNC:
                if self._syncs > 1:
                    self._pass_on()
                    continue
                self._finish()
                return
            if status in _COPYING:
                self.end("COPY is not for this driver")
                return
            self._results.append(result)

    def _pass_on(self) -> None:
        """Give the results up to a sync that others follow."""
        self._syncs -= 1
        self._started = self._loop.time()
        results, self._results = self._results, []
        try:
            if self._waiting is not None:
                self._waiting.set_result(results)
        except BaseException:
            # The next answers may have been read already, and nothing else would report them.
            self._loop.call_soon(self._on_readable)
            raise

    def _finish(self) -> None:
        results, self._results = self._results, []
        if self._pipelined:
            self.pgconn.exit_pipeline_mode()
            self._pipelined = False
            self._on_pipelined(results)
        waiting = self._take_waiting()
        if waiting is not None and not waiting.done():
            waiting.set_result(results)

    def _take_waiting(self) -> Waiting | None:
        waiting, self._waiting = self._waiting, None
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        return waiting

    def _loss(self, reason: str, kind: type[ConnectionLost]) -> ConnectionLost:
        """Return the error for a caller whose answer will not come, with the server's last words if there are any."""
        with contextlib.suppress(psycopg.Error):
            # Only of a broken socket: one that is given up may go on sending.
            while self.pgconn.status == _BROKEN and (result := self.pgconn.get_result()) is not None:
                self._results.append(result)
        reported = next(filter(is_reported_error, self._results), None)
        answered = sum(result.status in COMPLETE for result in self._results)
        # A statement is complete before its commit is: an error reported after all answers leaves that open.
        if reported is None or answered >= self._expected:
            return kind(reason.strip(), outcome_unknown=True)
        error = translate_result(reported)
        return ConnectionLost(error.message, sqlstate=error.sqlstate)
