"""A bounded pool of driven connections that serves its callers in the order in which they came."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine
from functools import partial

import psycopg

from sql.driver.connection import Connection
from sql.driver.quick_statement import QuickStatement
from sql.errors import DatabaseError, DatabaseUnavailable
from sql.overdue import Overdue
from sql.pool_settings import PoolCounters, PoolSettings, PoolStats, build_conninfo, session_settings
from sql.statement import Statement

_WATCH_INTERVAL = 1.0
_NONE_CAME_FREE = "no connection came free in time"
_SET = Statement(text="SELECT pg_catalog.set_config($1::text, $2::text, false)")


class DirectPool:
    """A Driver over libpq.

    Connections are made when a caller finds none free, and in place of those that were recycled. An idle connection
    goes straight to the caller who has waited longest, so that nobody overtakes. The latest used is used first: its
    statements are prepared and its caches warm.
    """

    def __init__(self, dsn: str, settings: PoolSettings, counters: PoolCounters) -> None:
        self._settings = settings
        self._counters = counters
        self._conninfo = build_conninfo(dsn, settings, statement_timeout=settings.statement_timeout)
        self._all: set[Connection] = set()
        self._idle: list[Connection] = []
        self._waiters: deque[asyncio.Future[Connection] | QuickStatement] = deque()
        self._patience = Overdue(settings.acquire_timeout)
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._vacant = asyncio.Event()
        self._closing = False
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Get ready to serve, see Driver."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """End everything, see Driver."""
        self._closing = True
        self._refuse_waiters("the connections are being closed")
        await self._vacate(self._settings.close_timeout)
        for connection in self._all:
            connection.cancel()
        await self._vacate(self._settings.cancel_timeout)
        for connection in list(self._all):
            await connection.close()
        tasks = [*self._tasks, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def acquire(self, *, verify: bool = False) -> Connection:
        """Return a connection of the caller's own, see Driver."""
        while True:
            connection = self._idle.pop() if self._idle else await self._wait()
            if not verify or connection.verify():
                return connection

    def lend(self, quick: QuickStatement) -> None:
        """Have a statement take a connection as soon as one is free, in its turn."""
        if self._idle:
            connection = self._idle.pop()
            if not quick.take(connection):
                self.take_back(connection)
            return
        try:
            self._line_up(quick)
        except DatabaseUnavailable as error:
            quick.refuse(error)
            return
        quick.place = self._patience.enter(partial(self._refuse, quick, _NONE_CAME_FREE))

    def strike_off(self, quick: QuickStatement) -> None:
        """Forget a statement that waits."""
        self._patience.leave(quick.place)
        with contextlib.suppress(ValueError):
            self._waiters.remove(quick)

    def take_back(self, connection: Connection) -> asyncio.Task[None] | None:
        """Receive a connection from its caller and hand it on, after restoring it where that is needed."""
        if connection.at_rest and not connection.is_worn:
            self._serve(connection)
            return None
        return None if connection.ended else self._spawn(self._restore(connection))

    def remove(self, connection: Connection) -> None:
        """Strike off a connection that has ended."""
        self._all.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        if not self._all:
            self._vacant.set()
        self._counters.lost += not connection.retired
        self._grow(len(self._waiters))

    def stats(self) -> PoolStats:
        """Return the present state, see Driver."""
        return self._counters.stats(
            limit=self._settings.connections,
            in_use=len(self._all) - len(self._idle),
            idle=len(self._idle),
            opening=self._opening,
            waiting=len(self._waiters),
        )

    async def _wait(self) -> Connection:
        waiter: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._line_up(waiter)
        place = self._patience.enter(partial(self._refuse, waiter, _NONE_CAME_FREE))
        try:
            return await waiter
        except (asyncio.CancelledError, DatabaseUnavailable):
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It was served in the same moment in which its caller left.
                self.take_back(waiter.result())
            raise
        finally:
            self._patience.leave(place)

    def _line_up(self, waiter: "asyncio.Future[Connection] | QuickStatement") -> None:
        if self._closing:
            raise DatabaseUnavailable("the connections are closed")
        if len(self._waiters) >= self._settings.max_waiting:
            raise DatabaseUnavailable(f"{len(self._waiters)} callers already wait for a connection")
        self._waiters.append(waiter)
        self._grow(len(self._waiters))

    def _serve(self, connection: Connection) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if isinstance(waiter, QuickStatement):
                self._patience.leave(waiter.place)
                if waiter.take(connection):
                    return
            elif not waiter.done():
                waiter.set_result(connection)
                return
        if self._closing:
            connection.retire()
        else:
            self._idle.append(connection)

    async def _restore(self, connection: Connection) -> None:
        await connection.restore()
        if connection.ended:
            return
        if not connection.is_worn:
            self._serve(connection)
            return
        self._counters.recycled += 1
        connection.retire()
        self._grow(1)

    def _grow(self, wanted: int) -> None:
        """Make connections until `wanted` are on their way, within the limit."""
        room = self._settings.connections - len(self._all) - self._opening
        for _ in range(min(room, wanted - self._opening) if not self._closing else 0):
            self._opening += 1
            self._spawn(self._open_one())

    async def _open_one(self) -> None:
        try:
            session = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            self._opening -= 1
            # Those in use will come back; without any nobody is to wait in vain.
            if not self._all:
                self._refuse_waiters(str(error).strip())
            return
        except asyncio.CancelledError:
            self._opening -= 1
            raise
        self._opening -= 1
        if self._closing:
            await session.close()
            return
        connection = Connection(session, self._settings, self._counters, self)
        self._all.add(connection)
        self._counters.opened += 1
        await self._configure(connection)

    async def _configure(self, connection: Connection) -> None:
        if not self._settings.prepare:
            settings = session_settings(self._settings, statement_timeout=self._settings.statement_timeout)
            steps = [(_SET, (name.encode(), value.encode())) for name, value in settings.items()]
            try:
                await connection.execute_all(steps)
            except DatabaseError as error:
                connection.end(error.message)
                return
        self._serve(connection)

    async def _watch(self) -> None:
        """Cancel what runs on although the server should have ended it: the server may be unable to, or a pooler.

        A connection that was reset in the middle of an answer may have been reported only once, see Wire.
        """
        grace = self._settings.cancel_timeout if self._settings.prepare else 0.0
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            for connection in list(self._all):
                if connection.busy_for() > _WATCH_INTERVAL and not connection.verify():
                    continue
                if connection.busy_for() > self._settings.statement_timeout + grace:
                    connection.cancel()

    async def _vacate(self, limit: float) -> None:
        for connection in list(self._idle):
            connection.retire()
        if self._all:
            self._vacant.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._vacant.wait()

    def _refuse_waiters(self, reason: str) -> None:
        for waiter in list(self._waiters):
            self._refuse(waiter, reason)

    def _refuse(self, waiter: "asyncio.Future[Connection] | QuickStatement", reason: str) -> None:
        if isinstance(waiter, QuickStatement):
            self.strike_off(waiter)
            waiter.refuse(DatabaseUnavailable(reason))
        elif not waiter.done():
            waiter.set_exception(DatabaseUnavailable(reason))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
