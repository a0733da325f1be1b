"""One prepared statement without a task: its caller is called back with the answer."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from psycopg.pq.abc import PGresult

from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.results import decode_rows
from fieldstone.sql.driver.sharing.share import Share
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseError,
    NoAnswer,
    ReadOnlyServer,
    Serialization,
    StalePlan,
)
from fieldstone.sql.sqlstate import FATAL_ERROR, translate_result
from fieldstone.sql.statement import Parameters, Row, Statement

if TYPE_CHECKING:
    from fieldstone.sql.driver.connection import DriverConnection


class Lender(Protocol):
    """Lends connections of the pool."""

    def lend(self, quick: "CallbackStatement") -> None:
        """Call the statement's `take` with a connection or its `refuse`, or send it with others."""
        ...

    def strike_off(self, quick: "CallbackStatement") -> None:
        """Take a waiting statement out of the queue."""
        ...

    def take_back(self, connection: "DriverConnection") -> None:
        """Receive a connection from a statement that has its answer, or was cancelled."""
        ...


class CallbackStatement:
    """One run of a statement that is prepared on the connections already, and so costs its two messages alone.

    A subclass takes its end: one of `finish` and `give_up` is called once, unless the statement is cancelled before.
    `Database.begin` begins it.

    Args:
        statement: the whole transaction.
        parameters: its values, none of which holds a NUL.
        writes: True where the statement changes anything, and so must not be sent twice.
        share: the share that the connection counts for, see `ConnectionPool.acquire`.

    Attributes:
        lender: lends the connection.
        limit: bytes of the answer.
        pace: is told the times of the runs.
        line: the share in whose line the pool has it wait; None before it did.
    """

    __slots__ = (
        "_connection",
        "_is_over",
        "lender",
        "limit",
        "line",
        "pace",
        "parameters",
        "place",
        "share",
        "statement",
        "writes",
    )

    lender: Lender
    limit: int
    pace: Pace

    def __init__(self, statement: Statement, parameters: Parameters, share: Hashable, *, writes: bool) -> None:
        self.statement = statement
        self.parameters = parameters
        self.share = share
        self.writes = writes
        self.place = 0
        self.line: Share[Any] | None = None
        self._connection: DriverConnection | None = None
        self._is_over = False

    def finish(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        """Take the rows, or the error in their place."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Start over as usual: the statement is not prepared on this connection, or a failure may not recur."""
        raise NotImplementedError

    def cancel(self) -> None:
        """End the statement, unless it has ended: the server is told to stop, and neither callback is called."""
        if self._is_over:
            return
        self._is_over = True
        if self._connection is None:
            self.lender.strike_off(self)
        else:
            self._connection.cancel()
            self.lender.take_back(self._connection)

    def take(self, connection: "DriverConnection") -> bool:
        """Send the statement on this connection; return False where the connection stays free, and the lender's."""
        if self.writes and not connection.verify():
            self.lender.lend(self)
            return True
        if connection.ask(self.statement, self.parameters, self, self.is_timed):
            self._connection = connection
            return True
        self.give_up()
        return connection.ended

    def is_timed(self) -> bool:
        """Return whether the server is to tell the time of this run, which begins now."""
        return not self.writes and self.pace.is_next_timed()

    def let_go(self) -> Sequence["CallbackStatement"]:
        """Note that this statement is slow; nothing waits behind it."""
        self.pace.note_slow()
        return ()

    def start_over(self) -> None:
        """Have the caller start over, if it still waits."""
        if not self._is_over:
            self._is_over = True
            self.give_up()

    def refuse(self, error: DatabaseError) -> None:
        """Take the pool's refusal of a connection."""
        if not self._is_over:
            self.finish((), error)

    def lack_memory(self) -> None:
        """Tell the caller that this process has no memory for the answer; a read starts over, which says so."""
        if self.writes:
            self.finish((), CommitOutcomeUnknown("this process has no memory for the answer"))
        else:
            self.give_up()

    # The methods below are those of asyncio.Future that a connection calls with its answer.

    def done(self) -> bool:
        """Return whether the answer is no longer waited for."""
        return self._is_over

    def set_result(self, results: list[PGresult]) -> None:
        """Take the answer."""
        if self._connection is not None:
            self.lender.take_back(self._connection)
        try:
            # A statement is complete before its commit is, which may fail yet: for a deferred constraint.
            for result in results:
                if result.status == FATAL_ERROR:
                    raise translate_result(result)
            if len(results) > 1:
                self.pace.note_answer(results[1])
            rows = decode_rows(results[0], self.limit, self.statement.counted)
        except DatabaseError as error:
            self._fail(error)
            return
        except MemoryError:
            if not self._is_over:
                self._is_over = True
                self.lack_memory()
            return
        if not self._is_over:
            self._is_over = True
            self.finish(rows, None)

    def set_exception(self, error: BaseException) -> None:
        """Take the error that comes in place of the answer."""
        if self._connection is not None:
            self.lender.take_back(self._connection)
        if not isinstance(error, DatabaseError):
            raise error
        self._fail(error)

    def _fail(self, error: DatabaseError) -> None:
        if self._is_over:
            return
        self._is_over = True
        if isinstance(error, StalePlan | Serialization | ReadOnlyServer):
            self.give_up()
        elif not isinstance(error, ConnectionLost):
            self.finish((), error)
        elif self.writes and error.outcome_unknown:
            self.finish((), CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}"))
        elif self.writes or isinstance(error, NoAnswer):
            self.finish((), error)
        else:
            self.give_up()
