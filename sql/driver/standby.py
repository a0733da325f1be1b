"""The end of the connections to a server that has become a standby."""

import asyncio
import logging

import psycopg

from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.connection_pool import ConnectionPool
from fieldstone.sql.driver.server import leads_to_standby, refuses_writes, session_refuses_writes
from fieldstone.sql.driver.sessions import Sessions
from fieldstone.sql.errors import DatabaseError, ReadOnlyServer, WritesRefused
from fieldstone.sql.pool_settings import PoolSettings, asks_for_writes

_LOG = logging.getLogger(__name__)

_REFUSED = "the database takes no writes now: default_transaction_read_only is on"
_STANDBY = "the server is a standby by now"
_DROP_EACH = 1.0
"""The least seconds between two looks at the server, or ends of all connections, for one that takes no writes."""


class Standby:
    """Leaves a server that takes no writes, if it is a standby and another one has become the primary.

    Args:
        dsn: the address of the database.
        owner_dsn: the same with the login of the sessions.
        conninfo: the address for a look at the server.
        settings: those of the connections.
        pool: the connections that serve statements.
        sessions: the connections of the tables' owner.
    """

    def __init__(
        self, dsn: str, owner_dsn: str, conninfo: str, settings: PoolSettings, pool: ConnectionPool, sessions: Sessions
    ) -> None:
        self._asks_for_writes = (asks_for_writes(dsn), asks_for_writes(owner_dsn))
        self._conninfo = conninfo
        self._settings = settings
        self._pool = pool
        self._sessions = sessions
        self._looking, self._next_look, self._stays = asyncio.Lock(), 0.0, False

    async def require_writes(self, error: ReadOnlyServer) -> None:
        """Ask a session: its login, or a setting newer than the pool's connections, may refuse writes to it alone.

        Raises:
            WritesRefused: The server is the primary, and takes no writes of sessions by its settings.
        """
        try:
            async with self._sessions.lend() as session:
                is_refused = await session_refuses_writes(session)
        except (psycopg.Error, DatabaseError):
            return
        if is_refused:
            _, owner_asks = self._asks_for_writes
            if not owner_asks:
                await self._sessions.drop()
            raise WritesRefused(_REFUSED) from error

    async def leave(self, error: ReadOnlyServer, connection: DriverConnection) -> None:
        """End this connection, and all others with it where that is due: each of them may lead to the old primary.

        Raises:
            WritesRefused: The server is the primary, and takes no writes by its settings; readers are left alone.
            ReadOnlyServer: A new connection would lead to a standby, too; readers are left alone.
        """
        now = asyncio.get_running_loop().time
        is_refused = await refuses_writes(connection, self._settings)
        if self._looking.locked() and self._stays and not is_refused:
            raise error
        async with self._looking:  # One look serves all callers that meet the standby meanwhile.
            is_due = now() >= self._next_look
            if is_due and not is_refused:
                stood, self._stays = self._stays, await leads_to_standby(self._conninfo, self._settings)
                if self._stays and not stood:
                    _LOG.warning("the address of the database leads to a standby, which takes no writes")
            self._next_look = now() + _DROP_EACH if is_due else self._next_look
        if is_refused:
            # The settings of a session may outlast those of its database: some are made again each time.
            serving_asks, owner_asks = self._asks_for_writes
            if is_due and not serving_asks:
                connection.retire()
            if is_due and not owner_asks:
                await self._sessions.drop()
            raise WritesRefused(_REFUSED) from error
        if self._stays:
            raise error
        connection.end(_STANDBY)
        if is_due:
            _LOG.warning("%s: all connections are made again (%s)", _STANDBY, error.message)
            self._pool.drop(_STANDBY)
            await self._sessions.drop()
