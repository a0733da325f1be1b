"""An ordinary psycopg connection that is given up when the database does not answer.

A statement of a session may take any time: a migration takes hours. So a round trip has no limit of its own, but during
a long one the database is asked on another connection, again and again. Where it does not answer there either, the
connection is given up.
"""

import asyncio
import logging
import os
import socket
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.pq import PGconn, Ping

from fieldstone.sql.driver.hosts import Hosts
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.sqlstate import lacks_commit

_LOG = logging.getLogger(__name__)

RV = TypeVar("RV")


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """A connection that is given up when the database answers neither it nor another connection.

    Attributes:
        is_given_up: the database did not answer.
        lacking: the warning that a node of Citus may lack a transaction which was committed; None if there was none.
    """

    is_given_up = False
    lacking: str | None = None
    _patience: float | None = None
    _conninfo: str | None = None
    _doubting: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, hosts: Hosts, settings: PoolSettings, *, autocommit: bool = False) -> Self:
        """Connect, see psycopg; after the settings' `session_patience` a round trip has the database asked.

        Raises:
            psycopg.Error: the connection cannot be made.
        """
        connection, conninfo = await hosts.connect(
            cls, autocommit=autocommit, prepare_threshold=5 if settings.prepare else None
        )
        # The server that it is connected to is asked: another one may answer in its place after a failover.
        connection.bound(settings.session_patience, conninfo)
        connection.add_notice_handler(connection.hear)
        return connection

    def bound(self, patience: float, conninfo: str | None = None) -> None:
        """Give the connection up when a round trip takes `patience` seconds, and the database there does not answer."""
        self._patience = patience
        self._conninfo = conninfo

    def hear(self, warning: Diagnostic) -> None:
        """Keep the warning that a node may lack a commit."""
        if lacks_commit(warning):
            self.lacking = warning.message_primary

    async def wait(self, gen: PQGen[RV], *arguments: Any, **options: Any) -> RV:
        """Carry out one round trip, see psycopg."""
        if self._patience is None:
            return await super().wait(gen, *arguments, **options)
        timer = asyncio.get_running_loop().call_later(self._patience, self._begin_to_doubt, self._patience)
        try:
            return await super().wait(gen, *arguments, **options)
        finally:
            timer.cancel()
            doubting, self._doubting = self._doubting, None
            if doubting is not None:
                doubting.cancel()
                await asyncio.wait([doubting])

    def _begin_to_doubt(self, patience: float) -> None:
        self._doubting = asyncio.create_task(self._doubt(patience))

    async def _doubt(self, patience: float) -> None:
        while self._conninfo is not None and await _answers(self._conninfo, patience):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(patience)
        if self._conninfo is not None:
            _LOG.warning("the database answers nobody: a session whose statement waits for it is given up")
        self.is_given_up = True
        if not self.closed:
            # A shutdown shows the waiting round trip the end of the stream; closing the socket would hide it.
            with socket.socket(fileno=os.dup(self.pgconn.socket)) as end:
                end.shutdown(socket.SHUT_RDWR)


async def _answers(conninfo: str, limit: float) -> bool:
    """Return whether the database answers; a refusal is an answer.

    Args:
        conninfo: its connection string, with the limit for connecting.
        limit: the seconds for a trivial statement.
    """
    try:
        connection = await BoundedConnection.connect(conninfo, autocommit=True)
    except psycopg.errors.ConnectionTimeout:
        return False
    except psycopg.OperationalError:
        # libpq keeps the SQLSTATE of a refused connection to itself, but ping tells a refusal from silence.
        return await asyncio.to_thread(PGconn.ping, conninfo.encode()) in (Ping.OK, Ping.REJECT)
    connection.bound(limit)
    try:
        # A pooler accepts connections by itself.
        await connection.execute("SELECT 1")
    except psycopg.Error:
        return not connection.is_given_up
    finally:
        await connection.close()
    return True
