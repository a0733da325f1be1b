"""Where connections come from."""

from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from psycopg import AsyncConnection

from fieldstone.sql.statement import Parameters, Row, Statement

Session = AsyncConnection[Any]


class SessionSource(Protocol):
    """A source of ordinary connections, such as `sql.executor.Database`."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Return a context manager that lends a connection of its own to its block."""
        ...


class LastingSessions(Protocol):
    """A source of connections whose locks and settings last until they are given back, whatever stands in between."""

    def lasting_session(self) -> AbstractAsyncContextManager[Session]:
        """Return a context manager that lends a connection of its own to its block."""
        ...


class Reads(SessionSource, Protocol):
    """... that also answers small questions, on connections that no change of a model holds."""

    async def read(self, statement: Statement, parameters: Parameters, *, share: Hashable) -> list[Row]:
        """Return the rows of one statement that changes nothing, whose connection counts for a share."""
        ...
