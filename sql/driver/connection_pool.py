"""A bounded pool of connections that serves its callers by their shares, and within a share in their order."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Hashable
from contextvars import Context
from dataclasses import asdict
from functools import partial
from typing import Any

import psycopg

from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.driver.callback_statement import CallbackStatement
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.contention import Contention
from fieldstone.sql.driver.hosts import Hosts
from fieldstone.sql.driver.pace import SHORT, Pace
from fieldstone.sql.driver.sharing.processors import find_process
from fieldstone.sql.driver.sharing.share import Group, Share
from fieldstone.sql.driver.sharing.shares import Shares
from fieldstone.sql.errors import DatabaseBusy, DatabaseError, DatabaseUnavailable
from fieldstone.sql.pool_settings import PoolCounters, PoolSettings, PoolStats, build_conninfo, session_settings
from fieldstone.sql.statement import Statement

_WATCH_INTERVAL = 1.0
_Caller = asyncio.Future[DriverConnection] | CallbackStatement
_SET = Statement(text="SELECT pg_catalog.set_config($1::text, $2::text, false)")


class ConnectionPool:
    """At most `connections` connections over libpq, lent to one caller at a time.

    Connections are made when a caller finds none free, and in place of those that were recycled. One that comes back
    goes straight to a waiting caller, see Shares; within a share nobody overtakes. The connection used last is lent
    first: its statements are prepared and its caches warm.
    """

    def __init__(self, dsn: str, settings: PoolSettings, counters: PoolCounters) -> None:
        self._settings = settings
        self._counters = counters
        self._hosts = Hosts(build_conninfo(dsn, settings, statement_timeout=settings.statement_timeout))
        self._all: set[DriverConnection] = set()
        self._idle: list[DriverConnection] = []
        self._shares: Shares[_Caller] = Shares(settings.connections, settings.max_waiting, long=settings.long_statement)
        self._contention = Contention(self._shares, self._all)
        self._patience = Overdue(settings.acquire_timeout)
        self._clock = time.monotonic
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._vacant = asyncio.Event()
        self._closing = False
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Get ready to serve; connections are made when they are first needed."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Refuse new callers, wait for the present ones, cancel those that stay, close all connections."""
        self._closing = True
        self._refuse_waiters("the connections are closed")
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

    async def acquire(
        self, *, verify: bool = False, share: Hashable = None, pace: Pace | None = None
    ) -> DriverConnection:
        """Return a connection of the caller's own.

        Args:
            verify: look at the socket, so that it is not known to be dead.
            share: the key under which callers count together, so that others are served too; None has no limit.
            pace: that of the caller's statement; None where several run, or it is not known yet.

        Raises:
            DatabaseBusy: None came free in time, or too many callers wait.
            DatabaseUnavailable: None can be made.
        """
        while True:
            asking = self._shares.find(share)
            whole = asking.whole
            if whole.group is not None and whole.group.refusal:
                raise DatabaseUnavailable(whole.group.refusal)
            pace = pace or whole.unknown
            line = self._shares.line_of(asking, pace)
            connection = self._hand_out(line) if self._may_have(line) else await self._wait(line)
            connection.begin_run(pace)
            if not verify or connection.verify():
                return connection

    def lend(self, quick: CallbackStatement) -> None:
        """Have a statement take a connection as soon as one is free, in its turn."""
        share = self._shares.find(quick.share)
        group = share.whole.group
        if group is not None and group.refusal:
            self._refuse(quick, DatabaseUnavailable(group.refusal))
            return
        share = self._shares.line_of(share, quick.pace)
        if self._may_have(share):
            connection = self._hand_out(share, quick.pace)
            if not quick.take(connection):
                connection.pace = None
                self.take_back(connection)
        elif self._line_up(share, quick):
            quick.line, quick.place = share, self._patience.enter(partial(self._give_up, share, quick))

    def borrow(self) -> DriverConnection | None:
        """Return a free connection that no other caller may have now; without one, None, and another is made if it may.

        It counts for no share.
        """
        share = self._shares.unlimited
        if self._idle and not share.waiting:
            return self._hand_out(share)
        self._grow(self._shares.waiting + 1)
        return None

    def is_held_up(self, share: Hashable, pace: Pace) -> bool:
        """Return whether a statement of this pace would wait for long ones of its share."""
        asking = self._shares.find(share)
        line = self._shares.line_of(asking, pace)
        return line is not asking and (bool(line.waiting) or not self._shares.may_take(line))

    @property
    def is_waited_for(self) -> bool:
        """Whether a caller waits for a connection."""
        return self._shares.waiting > 0

    @property
    def is_shared(self) -> bool:
        """Whether several shares are present."""
        return self._shares.is_shared

    def is_late(self, share: Hashable, ahead: int, patience: float, *, is_first: bool) -> bool:
        """Return whether a caller that came now would wait for too long, see `Shares.is_late`."""
        if not self.is_waited_for and not ahead:
            return False
        return self._shares.is_late(self._shares.find(share), ahead, patience, is_first=is_first)

    def note_lane(self, connection: DriverConnection, share: Hashable) -> None:
        """Note that a connection that was lent for short reads has all their answers, the last one for this share."""
        if self._shares.is_shared:
            seconds = self._clock() - connection.lent_at
            self._counters.contended += self._contention.note(seconds, self._shares.find_whole(share))

    def note_short(self, share: Hashable) -> None:
        """Note that a share has a caller that needs a connection for a short time, and shares it with others."""
        self._shares.find(share).note(SHORT / 1_000_000)

    def take_seconds(self) -> dict[Hashable, float]:
        """Return the seconds for which the callers of each share have kept connections since the last call."""
        return self._shares.take_seconds()

    def place(self, share: Hashable, group: Group | None) -> None:
        """Have the callers of a share belong to a group from now on; None is no group."""
        self._shares.place(share, group)

    def refuse_group(self, group: Group) -> None:
        """Refuse the callers of a group that wait, for the reason that it has."""
        for share, caller in self._shares.everybody():
            if share.whole.group is group:
                self._shares.leave(share, caller)
                self._refuse(caller, DatabaseUnavailable(group.refusal))

    def strike_off(self, quick: CallbackStatement) -> None:
        """Take a waiting statement out of the queue."""
        self._patience.leave(quick.place)
        if quick.line is not None:
            self._shares.leave(quick.line, quick)

    def take_back(self, connection: DriverConnection) -> asyncio.Task[None] | None:
        """Receive a connection from its caller and hand it on, after restoring it where that is needed."""
        if connection.at_rest and not connection.is_worn:
            self._receive(connection)
            return None
        return None if connection.ended else self._spawn(self._restore(connection))

    def remove(self, connection: DriverConnection) -> None:
        """Strike off a connection that has ended."""
        self._all.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        self._take_from_share(connection)
        if not self._all:
            self._vacant.set()
        self._counters.lost += not connection.retired
        self._grow(self._shares.waiting)

    def drop(self, reason: str) -> None:
        """End all connections, and refuse those that wait for one: the server is no longer the right one."""
        self._refuse_waiters(reason)
        for connection in list(self._all):
            connection.end(reason)

    def stats(self) -> PoolStats:
        """Return the present state."""
        return PoolStats(
            **asdict(self._counters),
            limit=self._settings.connections,
            in_use=len(self._all) - len(self._idle),
            idle=len(self._idle),
            opening=self._opening,
            waiting=self._shares.waiting,
        )

    def _may_have(self, share: Share[_Caller]) -> bool:
        return bool(self._idle) and not share.waiting and self._shares.may_take(share)

    def _hand_out(self, share: Share[_Caller], pace: Pace | None = None) -> DriverConnection:
        connection = self._idle.pop()
        self._shares.take(share)
        connection.share = share
        connection.lent_at = self._clock()
        connection.begin_run(pace)
        return connection

    def _take_from_share(self, connection: DriverConnection) -> None:
        share, connection.share = connection.share, None
        if share is not None:
            self._shares.give_back(share)
            pace = connection.pace
            # Without a pace nothing has run: its caller left at that moment, or its statement is not prepared there.
            if share.is_limited and pace is not None:
                seconds, unknown = self._clock() - connection.lent_at, share.whole.unknown
                if pace.is_brief and self._shares.is_shared:
                    self._counters.contended += self._contention.note(seconds, share.whole)
                share.note(seconds)
                if not pace.seconds and pace is not unknown:
                    unknown.note_kept(seconds)
                connection.end_run(pace, seconds)

    async def _wait(self, share: Share[_Caller]) -> DriverConnection:
        waiter: asyncio.Future[DriverConnection] = asyncio.get_running_loop().create_future()
        place = self._patience.enter(partial(self._give_up, share, waiter))
        try:
            self._line_up(share, waiter)
            return await waiter
        except (asyncio.CancelledError, DatabaseUnavailable):
            self._shares.leave(share, waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It was served in the same moment in which its caller left.
                self.take_back(waiter.result())
            raise
        finally:
            self._patience.leave(place)

    def _line_up(self, share: Share[_Caller], caller: _Caller) -> bool:
        """Have a caller wait; return False where it was refused at once."""
        if self._closing:
            self._refuse(caller, DatabaseUnavailable("the connections are closed"))
            return False
        displaced = self._shares.line_up(share, caller)
        if displaced is not None:
            self._counters.refused += 1
            self._refuse(displaced, DatabaseBusy(f"{self._shares.waiting} callers already wait for a connection"))
        self._grow(self._shares.waiting)
        return displaced is not caller

    def _receive(self, connection: DriverConnection) -> None:
        """Lend a free connection to the next waiting caller, or let it idle."""
        self._take_from_share(connection)
        if self._closing:
            connection.retire()
            return
        self._idle.append(connection)
        if self._shares.waiting:
            self._serve()

    def _serve(self) -> None:
        """Lend the free connections to waiting callers, as far as their shares allow."""
        while self._idle and self._shares.waiting and (found := self._shares.next()):
            share, caller = found
            if isinstance(caller, CallbackStatement):
                self._patience.leave(caller.place)
                connection = self._hand_out(share, caller.pace)
                if not caller.take(connection):
                    connection.pace = None
                    self._take_from_share(connection)
                    self._idle.append(connection)
            elif not caller.done():
                caller.set_result(self._hand_out(share))

    async def _restore(self, connection: DriverConnection) -> None:
        await connection.restore()
        if connection.ended:
            return
        if not connection.is_worn:
            self._receive(connection)
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
            session, _ = await self._hosts.connect(psycopg.AsyncConnection[Any], autocommit=True)
        except psycopg.Error as error:
            self._opening -= 1
            # Connections in use will come back; without any, the callers would wait in vain.
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
        connection = DriverConnection(session, self._settings, self._counters, self)
        made = session.pgconn
        connection.measured_pid = find_process(made.backend_pid, made.socket, most_long=self._shares.most_long)
        self._all.add(connection)
        self._counters.opened += 1
        await self._configure(connection)

    async def _configure(self, connection: DriverConnection) -> None:
        if not self._settings.prepare:
            settings = session_settings(self._settings, statement_timeout=self._settings.statement_timeout)
            steps = [(_SET, (name.encode(), value.encode())) for name, value in settings.items()]
            try:
                await connection.execute_all(steps)
            except DatabaseError as error:
                connection.end(error.message)
                return
        self._receive(connection)

    async def _watch(self) -> None:
        """End statements that the server should have ended: it does not answer, or a pooler stands before it.

        A connection that was reset in the middle of an answer may have been reported only once, see Wire.
        """
        limit = self._settings.statement_timeout
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            # A share may have more once the others have not asked for long.
            self._serve()
            for connection in list(self._all):
                if connection.busy_for() > _WATCH_INTERVAL and not connection.verify():
                    continue
                if not self._settings.prepare and connection.busy_for() > limit:
                    # Behind a pooler the server does not know the limit.
                    connection.cancel()
                elif connection.busy_for() > limit + self._settings.cancel_timeout:
                    connection.give_up()

    async def _vacate(self, limit: float) -> None:
        for connection in list(self._idle):
            connection.retire()
        if self._all:
            self._vacant.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    await self._vacant.wait()

    def _refuse_waiters(self, reason: str) -> None:
        for share, caller in self._shares.everybody():
            self._shares.leave(share, caller)
            self._refuse(caller, DatabaseUnavailable(reason))

    def _give_up(self, share: Share[_Caller], caller: _Caller) -> None:
        """Refuse a caller that has waited for too long."""
        self._shares.leave(share, caller)
        if self._all:
            self._counters.refused += 1
            self._refuse(caller, DatabaseBusy("no connection came free in time"))
        else:
            self._refuse(caller, DatabaseUnavailable("no connection could be made in time"))

    def _refuse(self, caller: _Caller, error: DatabaseUnavailable) -> None:
        if isinstance(caller, CallbackStatement):
            self._patience.leave(caller.place)
            caller.refuse(error)
        elif not caller.done():
            caller.set_exception(error)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        # The callbacks of a connection have the context that it is made in, far beyond the request that needed it.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
