"""Looks at a server over a connection of their own, so that they need not wait behind statements."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Row, Statement

ANSWER: Final = Statement(text="SELECT 1")

_CONNECT_TIMEOUT = 2.0


def impatient(settings: PoolSettings) -> PoolSettings:
    """Return the settings of connections to a server for which no read waits long: another one can answer it."""
    return replace(
        settings,
        sessions=1,
        acquire_timeout=min(settings.acquire_timeout, _CONNECT_TIMEOUT),
        connect_timeout=_CONNECT_TIMEOUT,
        open_timeout=_CONNECT_TIMEOUT,
    )


class Probe:
    """The connection of the looks at one server, which is opened by the first look.

    Args:
        dsn: the address of the server.
        settings: those of its connections.
        beside: a database that is opened along with it.
    """

    def __init__(self, dsn: str, settings: PoolSettings, *, beside: Database | None = None) -> None:
        self._own = Database.connect(dsn, settings=replace(settings, connections=1, lanes=0))
        self._to_open = [self._own] if beside is None else [beside, self._own]

    @property
    def is_open(self) -> bool:
        """Whether a look has reached the server so far."""
        return not self._to_open

    async def look(self, statement: Statement = ANSWER) -> list[Row]:
        """Return the rows of a statement; raises SqlError."""
        if self._to_open:
            await asyncio.gather(*(database.open(has_sessions=False) for database in self._to_open))
            self._to_open = []
        return await self._own.read_once(statement, (), share=None)

    def drop(self, reason: str) -> None:
        """End the connection: the server does not answer."""
        self._own.drop(reason)

    async def close(self) -> None:
        """End the connection."""
        await self._own.close()


async def is_in_time(ask: Callable[[], Awaitable[object]], seconds: float) -> bool:
    """Return whether a server has answered within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await ask()
    except (SqlError, TimeoutError):
        return False
    return True
