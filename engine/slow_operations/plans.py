"""PostgreSQL's plan of a statement for any values: none of a request is in it."""

import re

import psycopg
from psycopg.sql import SQL, Literal

from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement

_PARAMETER = re.compile(r"\$(\d+)")
_NAME = SQL("fieldstone_slow")


async def explain_generic(database: Database, statement: Statement) -> JsonValue:
    """Return PostgreSQL's generic plan as JSON; None if it cannot be had now.

    EXPLAIN (GENERIC_PLAN) came with PostgreSQL 16; a statement that is prepared and executed with NULLs is as good.
    """
    number = max((int(place) for place in _PARAMETER.findall(statement.text)), default=0)
    values = SQL(", ").join([Literal(None)] * number)
    execute = SQL("EXECUTE {}({})").format(_NAME, values) if number else SQL("EXECUTE {}").format(_NAME)
    try:
        async with database.session() as connection, connection.transaction():
            await connection.execute(
                "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL lock_timeout = '500ms';"
                " SET LOCAL statement_timeout = '2s'"
            )
            await connection.execute(f"PREPARE fieldstone_slow AS {statement.text}".encode())
            try:
                cursor = await connection.execute(SQL("EXPLAIN (FORMAT JSON) ") + execute)
                row = await cursor.fetchone()
            finally:
                if connection.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS:
                    await connection.execute("DEALLOCATE fieldstone_slow")
    except DatabaseError:
        return None
    plan: JsonValue = row[0] if row else None
    return plan
