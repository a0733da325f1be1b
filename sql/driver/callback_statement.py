"""One prepared statement without a task: its caller is called back with the answer."""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Protocol

from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.results import decode_rows
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseError,
    NoAnswer,
    ReadOnlyServer,
    Serialization,
    StalePlan,
)
from fieldstone.sql.sqlstate import translate_result
from fieldstone.sql.statement import Parameters, Row, Statement

if TYPE_CHECKING:
    from fieldstone.sql.driver.connection import DriverConnection

_FATAL_ERROR = int(ExecStatus.FATAL_ERROR)

Finish = Callable[[Sequence[Row], DatabaseError | None], None]
"""Takes the rows, or the error in their place."""


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

    Args:
        lender: lends the connection.
        statement: the whole transaction.
        parameters: its values, none of which holds a NUL.
        writes: True where the statement changes anything, and so must not be sent twice.
        limit: bytes of the answer.
        finish: called once, unless the statement is cancelled before.
        share: the share that the connection counts for, see `ConnectionPool.acquire`.
        pace: is told the time of the runs that the server has timed.
        give_up: called instead where the statement is not prepared on this connection, or a failure may not recur:
            the caller starts over as usual.
    """

    __slots__ = (
        "_connection",
        "_finish",
        "_give_up",
        "_lender",
        "_limit",
        "_writes",
        "pace",
        "parameters",
        "place",
        "share",
        "statement",
    )

    def __init__(
        self,
        lender: Lender,
        statement: Statement,
        parameters: Parameters,
        *,
        writes: bool,
        limit: int,
        share: Hashable,
        finish: Finish,
        give_up: Callable[[], None],
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace
        self._lender = lender
        self.statement = statement
        self.parameters = parameters
        self._writes = writes
        self._limit = limit
        self._finish: Finish | None = finish
        self._give_up = give_up
        self._connection: DriverConnection | None = None
        self.place = 0
        self.share = share

    def begin(self) -> None:
        """Ask for a connection; `finish` or `give_up` may be called before this returns."""
        self._lender.lend(self)

    def cancel(self) -> None:
        """End the statement, unless it has ended: the server is told to stop, and neither callback is called."""
        if self._finish is None:
            return
        self._finish = None
        if self._connection is None:
            self._lender.strike_off(self)
        else:
            self._connection.cancel()
            self._release()

    def take(self, connection: "DriverConnection") -> bool:
        """Send the statement on this connection; return False where the connection stays free, and the lender's."""
        if self._writes and not connection.verify():
            self._lender.lend(self)
            return True
        if connection.ask(self.statement, self.parameters, self, is_timed=self.is_timed()):
            self._connection = connection
            return True
        self._give_up()
        return connection.ended

    def is_timed(self) -> bool:
        """Return whether the server is to tell the time of this run, which begins now."""
        return self.pace is not None and self.pace.is_next_timed()

    def let_go(self) -> Sequence["CallbackStatement"]:
        """Note that this statement is slow; nothing waits behind it."""
        if self.pace is not None:
            self.pace.note_slow()
        return ()

    def start_over(self) -> None:
        """Have the caller start over, if it still waits."""
        if self._finish is not None:
            self._finish = None
            self._give_up()

    def refuse(self, error: DatabaseError) -> None:
        """Take the pool's refusal of a connection."""
        if self._finish is not None:
            self._finish((), error)

    # The methods below are those of asyncio.Future that a connection calls with its answer.

    def done(self) -> bool:
        """Return whether the answer is no longer waited for."""
        return self._finish is None

    def set_result(self, results: list[PGresult]) -> None:
        """Take the answer."""
        self._release()
        rows: Sequence[Row] = ()
        error: DatabaseError | None = None
        try:
            # A statement is complete before its commit is, which may fail yet: for a deferred constraint.
            for result in results:
                if result.status == _FATAL_ERROR:
                    raise translate_result(result)
            if self.pace is not None and len(results) > 1:
                self.pace.note_answer(results[1])
            rows = decode_rows(results[0], self._limit)
        except DatabaseError as found:
            error = found
        self._tell(rows, error)

    def set_exception(self, error: BaseException) -> None:
        """Take the error that comes in place of the answer."""
        self._release()
        if not isinstance(error, DatabaseError):
            raise error
        self._tell((), error)

    def _release(self) -> None:
        if self._connection is not None:
            self._lender.take_back(self._connection)

    def _tell(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        finish, self._finish = self._finish, None
        if finish is None:
            return
        if error is None:
            finish(rows, None)
        elif isinstance(error, StalePlan | Serialization | ReadOnlyServer):
            self._give_up()
        elif not isinstance(error, ConnectionLost):
            finish((), error)
        elif self._writes and error.outcome_unknown:
            finish((), CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}"))
        elif self._writes or isinstance(error, NoAnswer):
            finish((), error)
        else:
            self._give_up()
