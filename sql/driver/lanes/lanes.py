"""The lanes: connections on which short reads share messages, so that PostgreSQL is woken once for several of them.

Statements that begin in one turn of the event loop go out together, each with a sync of its own: each is a transaction
with its own snapshot, its own error and its own time limit. They share a backend, so that one waits for those before it
in its message, but for none outside. A lane borrows a connection of the pool for one message.
"""

import asyncio
from typing import Final

from fieldstone.sql.driver.callback_statement import CallbackStatement
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.connection_pool import ConnectionPool
from fieldstone.sql.driver.lanes.lane import Lane
from fieldstone.sql.driver.pace import Paces
from fieldstone.sql.driver.pipeline_sync import can_send_sync
from fieldstone.sql.driver.sharing.shares import Shares
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings

_MOST_TOGETHER: Final = 16
"""Statements of one message; those before one in it take some 1.5 ms at most."""
_MOST_BESIDE: Final = 8
"""Statements of one message while several shares are present, so that those of one wait for few of another one's."""
_LATE: Final = 0.004
"""Seconds after which a lane's answer is no longer worth waiting for; the lanes are looked at as often."""
_PATIENCE: Final = 0.02
"""Seconds after which the statements of a lane leave the one that holds them up."""


class Lanes:
    """Lends connections to statements without a task: to short reads together, to all others by the pool.

    A short read goes at once if none is on its way; if the last message had several, the next one waits for all reads
    of the event loop's turn. Short reads wait while all lanes are busy, in a queue that serves the shares evenly. Where
    lanes stand still, or the pool has no connection for one, each read asks the pool for itself.

    Args:
        pool: the pool that the connections belong to.
        settings: their `lanes` is the number of connections that are used so at once.
        counters: where shared messages are counted.

    Attributes:
        paces: those of all statements; only where there are lanes, reads are timed.
    """

    def __init__(self, pool: ConnectionPool, settings: PoolSettings, counters: PoolCounters) -> None:
        self._pool = pool
        self._counters = counters
        self._most = settings.lanes if settings.prepare and can_send_sync() else 0
        self._busy: dict[DriverConnection, Lane | CallbackStatement] = {}
        self._queue: Shares[CallbackStatement] = Shares(settings.connections, settings.max_waiting)
        self.paces = Paces(are_timed=self._most > 0)
        self._is_due = False
        self._is_watched = False
        self._is_crowded = False

    @property
    def waiting(self) -> int:
        """Return the number of statements that wait for a lane."""
        return self._queue.waiting

    def lend(self, quick: CallbackStatement) -> None:
        """Have a statement take a connection, alone or with others."""
        if quick.writes or not quick.pace.is_short:
            self._pool.lend(quick)
            return
        # The pool keeps more for others as soon as there are any.
        self._pool.note_short(quick.share)
        if not self._is_crowded and not self._busy and not self._queue.waiting:
            connection = self._pool.borrow()
            if connection is not None:
                self._send(connection, [quick])
                self._begin_watch()
                return
        displaced = self._queue.line_up(self._queue.find_whole(quick.share), quick)
        if displaced is not None:
            self._pool.lend(displaced)
        self._serve_soon()

    def strike_off(self, quick: CallbackStatement) -> None:
        """Take a waiting statement out of the queue."""
        self._queue.leave(self._queue.find_whole(quick.share), quick)
        self._pool.strike_off(quick)

    def take_back(self, connection: DriverConnection) -> None:
        """Receive a connection that has answered, or has ended."""
        lane = self._busy.pop(connection, None)
        if lane is not None:
            self._pool.note_lane(connection, lane.share)
        self._pool.take_back(connection)
        if self._queue.waiting:
            self._serve_soon()

    def _serve_soon(self) -> None:
        """Serve the queue when all that has arrived by now stands in it."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        self._is_due = False
        most = _MOST_BESIDE if self._pool.is_shared else _MOST_TOGETHER
        while self._queue.waiting and self._may_begin(most):
            connection = self._pool.borrow()
            if connection is None:
                break
            members: list[CallbackStatement] = []
            while len(members) < most and (found := self._queue.next()) is not None:
                members.append(found[1])
            self._is_crowded = len(members) > 1
            self._send(connection, members)
        if not self._busy:
            while (found := self._queue.next()) is not None:
                self._pool.lend(found[1])
        self._begin_watch()

    def _may_begin(self, full: int) -> bool:
        """Return whether a lane may begin: beside others it takes a full message, or waits for their answers."""
        if not self._busy:
            return True
        if len(self._busy) >= self._most:
            return False
        if self._queue.waiting >= full:
            return True
        return all(connection.busy_for() >= _LATE for connection in self._busy)

    def _send(self, connection: DriverConnection, members: list[CallbackStatement]) -> None:
        """Send these statements on this connection; those that are not prepared there start over."""
        if len(members) > 1:
            missing = [one for one in members if not connection.has_prepared(one.statement)]
            if missing:
                members = [one for one in members if one not in missing]
            for one in missing:
                one.start_over()
        if len(members) > 1:
            lane = self._busy[connection] = Lane(self, connection, members)
            self._counters.joined += len(members)
            connection.ask_each([(one.statement, one.parameters, one.is_timed()) for one in members], lane)
            return
        if members and members[0].take(connection):
            # Alone it may be cancelled, and gives the connection back itself.
            if not connection.ended:
                self._busy[connection] = members[0]
            return
        connection.release()

    def _begin_watch(self) -> None:
        if self._busy and not self._is_watched:
            self._is_watched = True
            asyncio.get_running_loop().call_later(_LATE, self._watch)

    def _watch(self) -> None:
        """Break up the lanes that stand still: they count no longer, and those behind the running statement leave."""
        self._is_watched = False
        for connection, lane in list(self._busy.items()):
            if connection.busy_for() < _PATIENCE:
                continue
            del self._busy[connection]
            for member in lane.let_go():
                self._counters.moved += 1
                self._pool.lend(member)
        if self._queue.waiting:
            self._serve_soon()
        self._begin_watch()
