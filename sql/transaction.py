"""Transactions, and their repetition where the server rolls them back in favour of others."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.errors import CommitOutcomeUnknown, ConnectionLost, DatabaseError, StalePlan, StatementTimeout
from fieldstone.sql.statement import Parameters, Row, Statement, Step

T = TypeVar("T")

_FIRST_PAUSE = 0.01

ATTEMPTS = 5
"""The most times that a transaction is run which the server rolls back in favour of others."""


class Transaction:
    """A transaction on one connection, begun together with its first statement.

    Args:
        connection: its caller's own.
        limit: seconds for all of it up to the commit.
    """

    def __init__(self, connection: DriverConnection, limit: float | None) -> None:
        self._connection = connection
        self._deadline = None if limit is None else asyncio.get_running_loop().time() + limit
        self._begun = False
        self._before: list[Step] = []

    def precede(self, step: Step) -> None:
        """Have a statement run before the next one, in its round trip; nobody gets its rows."""
        self._before.append(step)

    async def run(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Run one statement and return its rows."""
        if not self._begun or self._before:
            return (await self.pipeline([(statement, parameters)]))[0]
        try:
            return await self._connection.execute(statement, parameters, self._time_left())
        except StalePlan:
            self._connection.forget([statement])
            raise

    async def pipeline(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Run the statements in order, in one round trip, and return the rows of each."""
        begin, self._begun = not self._begun, True
        count, steps, self._before = len(self._before), [*self._before, *steps], []
        try:
            return (await self._connection.execute_all(steps, begin=begin, limit=self._time_left()))[count:]
        except DatabaseError as error:
            if isinstance(error, StalePlan):
                self._connection.forget([statement for statement, _ in steps])
            error.answers = error.answers[count:]
            error.step = None if error.step is None or error.step < count else error.step - count
            raise

    async def commit(self) -> None:
        """Commit.

        Raises:
            CommitOutcomeUnknown: The connection was lost meanwhile.
            DatabaseError: A deferred constraint is violated, or a statement had failed: nothing was committed.
        """
        if not self._begun:
            return
        try:
            tag = await self._connection.command(b"COMMIT")
        except ConnectionLost as error:
            raise CommitOutcomeUnknown(f"the connection was lost while committing: {error.message}") from error
        if tag != b"COMMIT":
            raise DatabaseError("a statement of the transaction had failed, so it was rolled back", sqlstate="25P02")

    def _time_left(self) -> float | None:
        if self._deadline is None:
            return None
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise StatementTimeout("the transaction's time is up")
        return left


class _Transactional(Protocol):
    def transaction(
        self, *, share: Hashable, timeout: float | None = None, statement: Statement | None = None
    ) -> AbstractAsyncContextManager[Transaction]: ...


async def run_transaction(
    database: _Transactional,
    work: Callable[[Transaction], Awaitable[T]],
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the server is to be told
    share: Hashable,
    statement: Statement | None = None,
    attempts: int = ATTEMPTS,
) -> T:
    """Return the result of `work` once its transaction has been committed.

    Where the server rolled the transaction back in favour of another one, `work` is run again after a backoff: it must
    have no effects but those on the transaction.

    Args:
        database: where to run it.
        work: runs the statements.
        timeout: seconds for each attempt.
        share: the share that its connection counts for, see `Database`.
        statement: the one whose pace tells how long it is expected to take, if there is one.
        attempts: the most times that it is run.

    Raises:
        DatabaseError: It failed for another reason, or at the last attempt.
    """

    async def attempt() -> T:
        async with database.transaction(timeout=timeout, share=share, statement=statement) as transaction:
            return await work(transaction)

    return await run_again(attempt, attempts=attempts)


async def run_again(attempt: Callable[[], Awaitable[T]], *, attempts: int = ATTEMPTS) -> T:
    """Return the result of `attempt`, which is repeated while the server rolls it back in favour of other transactions.

    Raises:
        DatabaseError: It failed for another reason, or at the last attempt.
    """
    # Down to none: transactions that collided must not collide again.
    backoff = Backoff(_FIRST_PAUSE, spread=(0.0, 1.0))
    while True:
        attempts -= 1
        try:
            return await attempt()
        except DatabaseError as error:
            if not error.retryable or attempts <= 0:
                raise
        await backoff.wait()
