"""The connections by which servers hear each other through PostgreSQL."""

import psycopg

from sql.listen import APPLICATION_NAME


def end_listeners(dsn: str) -> int:
    """Terminate those of a database, and return how many there were."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [APPLICATION_NAME],
        ).rowcount
