"""LISTEN: a connection of its own that hears one channel of NOTIFY until it is lost."""

import asyncio
import dataclasses
from collections import deque

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql.driver.bounded import BoundedConnection
from fieldstone.sql.driver.hosts import Hosts
from fieldstone.sql.errors import ConnectionLost, DatabaseUnavailable
from fieldstone.sql.identifiers import quote_identifier
from fieldstone.sql.pool_settings import PoolSettings, build_conninfo
from fieldstone.sql.sqlstate import translate_error
from fieldstone.sql.statement import Statement

APPLICATION_NAME = "fieldstone listen"
"""The connection's name in pg_stat_activity."""

MOST_BYTES = 7_999
"""The longest payload that NOTIFY takes. https://www.postgresql.org/docs/current/sql-notify.html"""

NOTIFY = Statement(text="SELECT pg_catalog.pg_notify($1, $2)")
"""Sends to the channel $1 the payload $2 when its transaction is committed; it may go through a pooler."""


class Listener:
    """One connection that hears one channel.

    It is in autocommit, of the primary (a standby has no LISTEN), and must not go through a pooler in transaction mode,
    which would give the listening server connection to another client.
    """

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._heard: deque[str] = deque()
        self._readable = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._socket = connection.pgconn.socket
        # psycopg's own `notifies()` wakes up ten times a second without a message.
        self._loop.add_reader(self._socket, self._readable.set)

    @classmethod
    async def open(cls, dsn: str, channel: str, *, settings: PoolSettings) -> "Listener":
        """Connect and listen: messages from now on are received.

        Raises:
            DatabaseUnavailable: the connection cannot be made now.
        """
        conninfo = build_conninfo(
            dsn, dataclasses.replace(settings, application_name=APPLICATION_NAME), statement_timeout=0
        )
        if "target_session_attrs" not in conninfo_to_dict(conninfo):
            conninfo = make_conninfo(conninfo, target_session_attrs="primary")
        try:
            hosts = Hosts(conninfo)
            connection = await BoundedConnection.open(hosts, settings, autocommit=True)
            try:
                # A limit of idle sessions would end the connection, which only listens, again and again.
                await connection.execute(b"SET idle_session_timeout = 0")
                await connection.execute(b"LISTEN " + quote_identifier(channel).encode())
            except BaseException:
                await connection.close()
                raise
        except psycopg.Error as error:
            known = translate_error(error)
            raise DatabaseUnavailable(f"cannot listen to the database: {known.message}") from error
        return cls(connection)

    async def next(self) -> str:
        """Return the next payload, once there is one.

        Raises:
            ConnectionLost: the connection has ended; later messages are not received.
        """
        while not self._heard:
            await self._readable.wait()
            self._readable.clear()
            try:
                # The server's farewell is read first, then the end of the stream, which may not be reported again.
                self._connection.pgconn.consume_input()
                self._connection.pgconn.consume_input()
            except psycopg.Error as error:
                raise ConnectionLost(f"the listening connection was lost: {translate_error(error).message}") from error
            while notification := self._connection.pgconn.notifies():
                self._heard.append(notification.extra.decode("utf-8", "replace"))
        return self._heard.popleft()

    async def close(self) -> None:
        """End the connection."""
        if self._socket >= 0:
            self._loop.remove_reader(self._socket)
            self._socket = -1
        await self._connection.close()
