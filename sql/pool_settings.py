"""The settings, limits and counts of the connections to the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql.frozen import frozen

# Of both ends of a connection: seconds of silence before the first probe, between two, and probes without an answer.
_KEEPALIVES_IDLE: Final = "10"
_KEEPALIVES_INTERVAL: Final = "3"
_KEEPALIVES_COUNT: Final = "3"
_TCP_USER_TIMEOUT: Final = "10000"
"""Milliseconds for which sent data may stay without an acknowledgement; keepalives do not cover that."""
_CHECK_INTERVAL: Final = "2000"
"""Milliseconds between two looks of a running statement, or of one that waits for a lock, at its client's socket."""


@frozen
class PoolSettings:
    """Limits of one process's connections; all times in seconds.

    Attributes:
        connections: how many serve statements at most.
        lanes: on how many of these short reads share messages, see `sql/driver/lanes`; 0 is off.
        sessions: how many ordinary psycopg connections there are beside them at most.
        prepare: prepare statements; False suits pgbouncer in transaction mode, which also drops session settings.
        prepared_statements: how many a connection keeps prepared at most.
        max_age: a connection older than this is replaced (a little earlier or later, so that not all go at once).
        max_statements: a connection that has run so many statements is replaced.
        acquire_timeout: the longest wait for a free connection.
        long_statement: a statement that keeps its connection for longer is long: beside others, few of those of a share
            run at once; 0 is no limit. A sixteenth of it counts for shares that make short reads of others late.
        max_waiting: how many may wait at once; the share with the most gives way to others.
        connect_timeout: the longest wait for one connection to be made.
        open_timeout: the longest wait for the database when starting.
        close_timeout: how long closing waits for running statements before it cancels them.
        statement_timeout: the server ends a statement after this, even if its caller asks for longer.
        cancel_timeout: how long a statement may take to end, once the server or we have cancelled it, before its
            connection is given up.
        session_patience: a round trip of a session that takes longer has the database asked whether it answers at all.
        idle_in_transaction_timeout: the server ends a session whose transaction waits so long for its next statement,
            and so frees the locks of a process that was paused or whose host has vanished.
        work_mem_mb: MiB of memory for each sort and hash of a statement, before it takes to files.
        temp_file_mb: MiB of the files of one connection's statements at most, where the database's user may set that;
            0 leaves it to the server.
        response_limit: bytes of one statement's answer at most.
        application_name: shown in pg_stat_activity.
        search_path: schemas of unqualified names; all tables are named with their schema.
        has_transaction_timeout: the server has `transaction_timeout`, as from PostgreSQL 17 on, which is turned off.
    """

    connections: int = 8
    lanes: int = 0
    sessions: int = 4
    prepare: bool = True
    prepared_statements: int = 200
    max_age: float = 1800.0
    max_statements: int = 100_000
    acquire_timeout: float = 10.0
    long_statement: float = 0.02
    max_waiting: int = 2000
    connect_timeout: float = 10.0
    open_timeout: float = 30.0
    close_timeout: float = 10.0
    statement_timeout: float = 15.0
    cancel_timeout: float = 5.0
    session_patience: float = 5.0
    idle_in_transaction_timeout: float = 10.0
    work_mem_mb: int = 8
    temp_file_mb: int = 1024
    response_limit: int = 64 * 1024 * 1024
    application_name: str = "fieldstone"
    search_path: str = "pg_catalog"
    has_transaction_timeout: bool = False


@dataclass(slots=True, kw_only=True)
class PoolCounters:
    """The counts of the connections since the start.

    Attributes:
        opened: made so far.
        lost: ended by the server or the network.
        recycled: replaced for their age or use.
        prepared: statements prepared so far.
        evicted: prepared statements closed to keep within the limit.
        cancelled: statements that the server was asked to end.
        retried: reads that were run again on another connection.
        refused: callers without a connection, as all were in use for too long, or too many callers waited.
        joined: reads that shared a message with others.
        moved: of these, those that left for a connection of their own, as another read held them up.
        contended: times at which short reads came back late beside statements of others too often.
    """

    opened: int = 0
    lost: int = 0
    recycled: int = 0
    prepared: int = 0
    evicted: int = 0
    cancelled: int = 0
    retried: int = 0
    refused: int = 0
    joined: int = 0
    moved: int = 0
    contended: int = 0


@dataclass(slots=True, kw_only=True)
class PoolStats(PoolCounters):
    """The connections at one moment, with their counts.

    Attributes:
        limit: how many there may be.
        in_use: how many are lent.
        idle: how many are free.
        opening: how many are being made.
        waiting: callers that wait for one.
    """

    limit: int
    in_use: int = 0
    idle: int = 0
    opening: int = 0
    waiting: int = 0


def session_settings(settings: PoolSettings, *, statement_timeout: float) -> dict[str, str]:
    """Return the server settings of a connection, on which the text format of values depends."""
    every = {
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "standard_conforming_strings": "on",
    }
    if not settings.prepare:
        # pgbouncer carries only reported parameters from one server connection to the next, and refuses the rest.
        return every
    return {
        **every,
        "extra_float_digits": "1",
        "search_path": settings.search_path,
        "statement_timeout": str(round(statement_timeout * 1000)),
        "jit": "off",
        **({"transaction_timeout": "0"} if settings.has_transaction_timeout else {}),
    }


def liveness_settings(settings: PoolSettings) -> dict[str, str]:
    """Return the server settings by which PostgreSQL notices that the client is gone, and ends its sessions.

    Over a UNIX socket, whose end the kernel reports, PostgreSQL ignores those of TCP.
    """
    return {
        "idle_in_transaction_session_timeout": str(round(settings.idle_in_transaction_timeout * 1000)),
        "tcp_keepalives_idle": _KEEPALIVES_IDLE,
        "tcp_keepalives_interval": _KEEPALIVES_INTERVAL,
        "tcp_keepalives_count": _KEEPALIVES_COUNT,
        "tcp_user_timeout": _TCP_USER_TIMEOUT,
        "client_connection_check_interval": _CHECK_INTERVAL,
    }


def resource_settings(settings: PoolSettings) -> dict[str, str]:
    """Return the server settings by which PostgreSQL bounds the memory and files of one statement."""
    bounds = {"work_mem": f"{settings.work_mem_mb}MB"}
    return bounds | ({"temp_file_limit": f"{settings.temp_file_mb}MB"} if settings.temp_file_mb else {})


def build_conninfo(dsn: str, settings: PoolSettings, *, statement_timeout: float) -> str:
    """Return `dsn` with the settings that every connection needs.

    The network settings of `dsn` stay, and so do those of its `options` on which no value's text depends. Without a
    `statement_timeout` statements may take any time, as those of a change of the model do.
    """
    given = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    options = [given["options"]] if "options" in given else []
    if settings.prepare:
        # Of two values the server takes the last.
        options = [
            *_as_options(liveness_settings(settings)),
            *_as_options(resource_settings(settings) if statement_timeout else {}),
            *options,
            *_as_options(session_settings(settings, statement_timeout=statement_timeout)),
        ]
    # libpq tries each of several hosts for the whole time, and takes a standby unless told otherwise. With
    # "read-write" a primary that takes no writes for now would have no readers either.
    has_several = "," in given.get("host", given.get("hostaddr", ""))
    network = {
        "connect_timeout": "2" if has_several else str(max(2, round(settings.connect_timeout))),
        **({"target_session_attrs": "primary"} if has_several else {}),
        "keepalives_idle": _KEEPALIVES_IDLE,
        "keepalives_interval": _KEEPALIVES_INTERVAL,
        "keepalives_count": _KEEPALIVES_COUNT,
        "tcp_user_timeout": _TCP_USER_TIMEOUT,
        "application_name": settings.application_name,
    }
    ours = {"client_encoding": "UTF8"} | ({"options": " ".join(options)} if options else {})
    return make_conninfo("", **(network | given | ours))


def asks_for_writes(dsn: str) -> bool:
    """Return whether libpq makes no connection of `dsn` while its primary takes no writes."""
    return conninfo_to_dict(dsn).get("target_session_attrs") == "read-write"


def _as_options(values: Mapping[str, str]) -> list[str]:
    return [f"-c {name}={_escape(value)}" for name, value in values.items()]


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
