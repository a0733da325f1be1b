"""What the executor asks of a pool of connections, whichever way they are driven."""

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

from fieldstone.sql.pool_settings import PoolStats
from fieldstone.sql.statement import Parameters, Row, Statement, Step


class PooledConnection(Protocol):
    """One connection, held by one caller at a time."""

    async def execute(self, statement: Statement, parameters: Parameters, limit: float | None = None) -> list[Row]:
        """Run one statement and return its rows; outside a transaction it is committed by itself.

        At the end of `limit` (seconds) the server is asked to stop, and the answer is what it says then.
        """
        ...

    async def execute_all(
        self, steps: Sequence[Step], *, begin: bool = False, limit: float | None = None
    ) -> list[list[Row]]:
        """Run the steps in order, all or none of them, and return the rows of each.

        With `begin` they start a transaction that stays open; without it, outside a transaction, they are one.
        """
        ...

    async def command(self, sql: bytes) -> bytes:
        """Run a command such as COMMIT, never prepared, and return its tag."""
        ...

    def forget(self, statements: Iterable[Statement], /) -> None:
        """See to it that the statements are prepared anew before this connection next runs them."""
        ...

    def release(self) -> asyncio.Task[None] | None:
        """Give the connection back.

        Where it still runs something or has a transaction open, the task returned ends that first.
        """
        ...


class Driver(Protocol):
    """A bounded number of connections, handed out in turn."""

    async def open(self) -> None:
        """Get ready to serve; connections are made when they are first needed."""
        ...

    async def close(self) -> None:
        """Refuse new callers, wait for the present ones, cancel those that stay, close everything."""
        ...

    async def acquire(self, *, verify: bool = False, share: Hashable = None) -> PooledConnection:
        """Return a connection of the caller's own; with `verify` one whose socket is not known to be dead.

        Args:
            verify: look at the socket.
            share: callers with the same one count together, so that others are served as they are; None has no limit.

        Raises:
            DatabaseBusy: None came free in time, or too many wait.
            DatabaseUnavailable: None can be made.
        """
        ...

    def stats(self) -> PoolStats:
        """Return the present state."""
        ...
