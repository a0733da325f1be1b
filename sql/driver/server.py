"""Checks that the database can be used: it accepts connections, and it is new enough."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Sequence
from dataclasses import replace

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PGconn, Ping

from fieldstone.sql.driver.bounded import BoundedConnection
from fieldstone.sql.driver.connection import DriverConnection
from fieldstone.sql.driver.hosts import Hosts
from fieldstone.sql.errors import (
    DatabaseError,
    DatabaseUnavailable,
    ReadOnlyServer,
    UnsupportedEncoding,
    UnsupportedServer,
)
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Row, Statement

_LOG = logging.getLogger(__name__)

NEEDED_MAJOR_VERSION = 15
IDLE_LIMIT = Statement(text="SELECT pg_catalog.current_setting('idle_in_transaction_session_timeout')")
"""Reads how long a transaction may stand still."""

_WITH_TRANSACTION_TIMEOUT = 170000
_ON_STANDBY = "the server is a standby, which takes no writes"
_RETRY_INTERVAL = 0.25
# The looks at a replica or a node that is away wait for 2 s, again and again, and have a message of their own.
_LONG = 3.0
"""The seconds of a wait that is told."""

# The words of PostgreSQL and of pgbouncer, since libpq has no SQLSTATE for a connection that was refused.
_FULL = re.compile(r"too many (clients|connections)|connection slots are reserved|no more connections allowed")
_REFUSES = Statement(
    text="SELECT NOT pg_catalog.pg_is_in_recovery()"
    " AND pg_catalog.current_setting('default_transaction_read_only')::pg_catalog.bool"
)


def require_version(found: int) -> None:
    """Refuse a server that is too old.

    Args:
        found: the version number as libpq gives it, 150004 for 15.4.

    Raises:
        UnsupportedServer: It is older than NEEDED_MAJOR_VERSION.
    """
    if found < NEEDED_MAJOR_VERSION * 10000:
        raise UnsupportedServer(found=found, needed=NEEDED_MAJOR_VERSION)


def require_supported(info: psycopg.ConnectionInfo) -> None:
    """Refuse a database that Fieldstone cannot use.

    Raises:
        UnsupportedServer: its server is too old.
        UnsupportedEncoding: its encoding is not UTF8.
    """
    require_version(info.server_version)
    # A pooler may not tell it.
    encoding = info.parameter_status("server_encoding")
    if encoding not in {None, "UTF8"}:
        raise UnsupportedEncoding(str(encoding))


async def wait_for_server(conninfo: str, settings: PoolSettings, *, needs_primary: bool = False) -> BoundedConnection:
    """Return a connection to the server in autocommit, once it accepts connections.

    A server that refuses the user or the database is not waited for. One whose connections are all taken is, and so are
    standbys, of which one is to take over, with several hosts or with `needs_primary`. The log has the reason of a
    long wait once.

    Raises:
        DatabaseUnavailable: It did not accept a connection within the settings' `open_timeout`, or never will.
        ReadOnlyServer: It was a standby for all that time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.open_timeout
    hosts = Hosts(conninfo)
    is_told = settings.open_timeout < _LONG
    while True:
        try:
            connection = await BoundedConnection.open(hosts, settings, autocommit=True)
            if not needs_primary or not await _is_in_recovery(connection):
                return connection
            await connection.close()
            reason = _ON_STANDBY
            if loop.time() >= deadline:
                raise ReadOnlyServer(reason)
        except psycopg.OperationalError as error:
            if loop.time() >= deadline or await _is_final(error, conninfo):
                raise DatabaseUnavailable(f"cannot connect to the database: {str(error).strip()}") from error
            reason = " ".join(str(error).split())
        if not is_told:
            _LOG.warning("waiting up to %g s for the database: %s", settings.open_timeout, reason)
            is_told = True
        await asyncio.sleep(_RETRY_INTERVAL)


async def _is_in_recovery(connection: psycopg.AsyncConnection) -> bool:
    answer = await connection.execute("SELECT pg_catalog.pg_is_in_recovery()")
    return await answer.fetchone() == (True,)


async def leads_to_standby(conninfo: str, settings: PoolSettings) -> bool:
    """Return whether a new connection leads to a standby, or to no server that answers."""
    try:
        async with asyncio.timeout(settings.cancel_timeout):
            connection = await BoundedConnection.open(Hosts(conninfo), settings, autocommit=True)
            async with connection:
                return await _is_in_recovery(connection)
    except (psycopg.Error, TimeoutError):
        return True


async def _is_final(error: psycopg.OperationalError, conninfo: str) -> bool:
    """Return whether a server has refused a connection that it will never accept."""
    # libpq keeps the SQLSTATE of a refused connection to itself, but ping tells "not yet" from "not you".
    ping = await asyncio.to_thread(PGconn.ping, conninfo.encode())
    is_refused = ping in (Ping.OK, Ping.NO_ATTEMPT) and not _FULL.search(str(error))
    return is_refused and not await _is_standby(conninfo)


async def _is_standby(conninfo: str) -> bool:
    """Return whether a server lets the user in, but is not of the kind that the connection string asks for."""
    if "target_session_attrs" not in conninfo_to_dict(conninfo):
        return False
    any_server = make_conninfo(conninfo, target_session_attrs="any")
    with contextlib.suppress(psycopg.OperationalError):
        async with await psycopg.AsyncConnection.connect(any_server, autocommit=True):
            return True
    return False


async def fit_settings(connection: psycopg.AsyncConnection, settings: PoolSettings) -> PoolSettings:
    """Return the settings without a bound that the user may not set, and with those that only newer servers have.

    The connection, which was made before the server was known, gets the latter.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    settings = replace(settings, has_transaction_timeout=connection.info.server_version >= _WITH_TRANSACTION_TIMEOUT)
    if not settings.prepare:
        return settings
    try:
        if settings.has_transaction_timeout:
            await connection.execute("SET transaction_timeout = 0")
        if not settings.temp_file_mb or await _may_limit_files(connection):
            return settings
    except psycopg.Error as error:
        raise DatabaseUnavailable(f"cannot connect to the database: {str(error).strip()}") from error
    _LOG.info(
        "the user of DATABASE_URL may not set temp_file_limit, so that PostgreSQL's own value bounds the files"
        " of a statement: GRANT SET ON PARAMETER temp_file_limit TO that user, or set it for the server"
    )
    return replace(settings, temp_file_mb=0)


async def _may_limit_files(connection: psycopg.AsyncConnection) -> bool:
    """Return whether the user may set `temp_file_limit`, which only superusers may by default."""
    answer = await connection.execute("SELECT pg_catalog.has_parameter_privilege('temp_file_limit', 'SET')")
    return await answer.fetchone() == (True,)


def warn_of_idle_limit(idle_limit: Sequence[Row]) -> None:
    """Warn where no setting, by the rows of `IDLE_LIMIT`, ends a transaction that stands still: a pooler sets none."""
    if idle_limit == [(b"0",)]:
        _LOG.warning(
            "idle_in_transaction_session_timeout is 0, and cannot be set through a pooler: the locks of a process"
            " that stops within a transaction stay until the pooler ends its connection. ALTER ROLE .. SET"
            " idle_in_transaction_session_timeout = '10s' sets it for the user of DATABASE_URL"
        )


async def session_refuses_writes(session: psycopg.AsyncConnection) -> bool:
    """Return whether a session leads to a primary that takes no writes by the settings of its login or database."""
    answer = await session.execute(_REFUSES.text.encode())
    return await answer.fetchone() == (True,)


async def refuses_writes(connection: DriverConnection, settings: PoolSettings) -> bool:
    """Return whether a connection leads to a primary that takes no writes by its settings; its transaction ends."""
    await connection.restore()
    try:
        return await connection.execute(_REFUSES, (), settings.cancel_timeout) == [(b"t",)]
    except DatabaseError:
        return False
