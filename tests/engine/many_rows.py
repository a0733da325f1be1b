"""Many rows for the tables of a workspace, written as a restore writes them: indexes and checks come after the rows."""

import psycopg
from psycopg import sql

from tests.apis import SCHEMA

_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = %s::regnamespace AND NOT indisunique
"""


def insert_many(dsn: str, statements: str) -> None:
    """Run INSERTs of valid rows, in which `{schema}` is that of the workspace, and gather statistics.

    Made after the rows, indexes take a tenth of the time.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        indexes = connection.execute(_INDEXES, [SCHEMA]).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        # Foreign keys are not looked up row by row.
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(statements).format(schema=sql.Identifier(SCHEMA)))
        for _, definition in indexes:
            connection.execute(str(definition).encode())
        connection.execute("VACUUM ANALYZE")
