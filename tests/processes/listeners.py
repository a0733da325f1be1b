"""The connections by which servers hear each other through PostgreSQL."""

import psycopg

from fieldstone.sql.listen import APPLICATION_NAME
from tests.waiting import eventually

_LISTENERS = "FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"


def count_listeners(dsn: str) -> int:
    """Return how many there are in a database."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(f"SELECT 1 {_LISTENERS}".encode(), [APPLICATION_NAME]).rowcount


def end_listeners(dsn: str, number: int) -> None:
    """Terminate those of a database, as soon as there are so many.

    None is terminated before: servers that reconnect at different times would never be there together.
    """
    eventually(lambda: count_listeners(dsn) == number, "a server does not listen")
    with psycopg.connect(dsn, autocommit=True) as connection:
        ended = connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {_LISTENERS}".encode(), [APPLICATION_NAME])
        assert ended.rowcount == number
