"""One prepared statement without a task: its caller is called back with the answer."""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Protocol

from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from fieldstone.sql.driver.results import decode_rows
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseError,
    NoAnswer,
    Serialization,
    StalePlan,
)
from fieldstone.sql.sqlstate import translate_result
from fieldstone.sql.statement import Parameters, Row, Statement

if TYPE_CHECKING:
    from fieldstone.sql.driver.connection import DriverConnection

_FATAL_ERROR = int(ExecStatus.FATAL_ERROR)

Finish = Callable[[Sequence[Row], DatabaseError | None], None]
"""Takes the rows, or what stands in their place."""


class Lender(Protocol):
    """Where connections come from."""

    def lend(self, quick: "QuickStatement") -> None:
        """Have the statement's `take` called with a connection as soon as one is free, or its `refuse`."""
        ...

    def strike_off(self, quick: "QuickStatement") -> None:
        """Forget a statement that waits."""
        ...


class QuickStatement:
    """A statement that is repeated so often that it is prepared on the connections, and pays for its messages alone.

    Args:
        lender: where the connection comes from.
        statement: all of its transaction.
        parameters: its values, none of which holds a NUL.
        writes: whether it changes anything, and so must not be sent twice.
        limit: bytes of the answer.
        finish: called once, unless it is cancelled before.
        share: whose connections it counts among, see Driver.
        give_up: called instead where the statement is not prepared on this connection, or what failed may go well
            next time: the caller starts over as usual.
    """

    __slots__ = (
        "_connection",
        "_finish",
        "_give_up",
        "_lender",
        "_limit",
        "_parameters",
        "_statement",
        "_writes",
        "place",
        "share",
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
    ) -> None:
        self._lender = lender
        self._statement = statement
        self._parameters = parameters
        self._writes = writes
        self._limit = limit
        self._finish: Finish | None = finish
        self._give_up = give_up
        self._connection: DriverConnection | None = None
        self.place = 0
        self.share = share

    def begin(self) -> None:
        """Ask for a connection; what comes of it may be told before this returns."""
        self._lender.lend(self)

    def cancel(self) -> None:
        """End it: the server is told to stop, and nobody is called."""
        self._finish = None
        if self._connection is None:
            self._lender.strike_off(self)
        else:
            self._connection.cancel()
            self._connection.release()

    def take(self, connection: "DriverConnection") -> bool:
        """Send the statement on this connection; False where that is still free: it is the lender's then."""
        if self._writes and not connection.verify():
            self._lender.lend(self)
            return True
        if connection.ask(self._statement, self._parameters, self):
            self._connection = connection
            return True
        self._give_up()
        return connection.ended

    def refuse(self, error: DatabaseError) -> None:
        """Learn that there will be no connection."""
        if self._finish is not None:
            self._finish((), error)

    # What follows is what a connection needs of whom it answers, as of an asyncio.Future.

    def done(self) -> bool:
        """Whether nobody waits for the answer any more."""
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
            rows = decode_rows(results[0], self._limit)
        except DatabaseError as found:
            error = found
        self._tell(rows, error)

    def set_exception(self, error: BaseException) -> None:
        """Learn that the answer will not come."""
        self._release()
        if not isinstance(error, DatabaseError):
            raise error
        self._tell((), error)

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.release()

    def _tell(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        finish, self._finish = self._finish, None
        if finish is None:
            return
        if error is None:
            finish(rows, None)
        elif isinstance(error, StalePlan | Serialization):
            self._give_up()
        elif not isinstance(error, ConnectionLost):
            finish((), error)
        elif self._writes and error.outcome_unknown:
            finish((), CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}"))
        elif self._writes or isinstance(error, NoAnswer):
            finish((), error)
        else:
            self._give_up()
