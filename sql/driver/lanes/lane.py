"""A lane at work: one message of several reads on one connection, which takes their answers one by one."""

from collections import deque
from collections.abc import Iterator, Sequence
from time import perf_counter

from psycopg.pq.abc import PGresult

from fieldstone.sql.driver.callback_statement import CallbackStatement, Lender
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.pace import SLOW


class Lane:
    """The receiver of the answers to a message.

    Nothing of it is cancelled: a cancellation would hit the statement that happens to run. The answer to a caller that
    has left is dropped.

    Args:
        lender: takes the connection back behind the last answer.
        connection: the connection that the message goes to.
        members: the statements of the message, in its order.

    Attributes:
        share: that of its last statement, which the time of the whole message is the time of.
    """

    __slots__ = ("_begun", "_connection", "_lender", "_members", "share")

    def __init__(self, lender: Lender, connection: DriverConnection, members: Sequence[CallbackStatement]) -> None:
        self._lender = lender
        self._connection = connection
        self._members: deque[CallbackStatement | None] = deque(members)
        self.share = members[-1].share
        self._begun = perf_counter()

    def let_go(self) -> Iterator[CallbackStatement]:
        """Yield the statements behind the one that runs, and drop the answers to them."""
        running = self._members[0]
        if running is not None:
            running.let_go()
        for place in range(1, len(self._members)):
            member, self._members[place] = self._members[place], None
            if member is not None and not member.done():
                yield member

    # The methods below are those of asyncio.Future that a connection calls with its answers.

    def done(self) -> bool:
        """Return False: all answers are waited for."""
        return False

    def set_result(self, results: list[PGresult]) -> None:
        """Take the next answer."""
        member = self._members.popleft()
        begun, self._begun = self._begun, perf_counter()
        if not self._members:
            self._lender.take_back(self._connection)
        if member is None:
            return
        if self._begun - begun >= SLOW:
            member.pace.note_slow()
        if not member.done():
            member.set_result(results)

    def set_exception(self, error: BaseException) -> None:
        """Take the end of the connection: those whose statement has not begun start over."""
        self._lender.take_back(self._connection)
        running = self._members[0]
        waiting = list(self.let_go())
        if running is not None and not running.done():
            running.set_exception(error)
        for member in waiting:
            member.start_over()
