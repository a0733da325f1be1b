"""Writes that wait for the lock of a person, whose record another client changes meanwhile."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import psycopg

from tests.apis import SCHEMA
from tests.citus_cluster import ON_CITUS
from tests.waiting import until_found

WAITING = (
    "SELECT 1 FROM citus_lock_waits WHERE blocked_statement LIKE %s"
    if ON_CITUS
    else "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
)


async def race(dsn: str, asking: Awaitable[Any], change: str, value: Any, email: str = "a") -> Any:
    """The answer to a mutation that waits for the lock of the person with this email, which is changed meanwhile."""
    async with await psycopg.AsyncConnection.connect(dsn) as other:
        text = f"UPDATE {SCHEMA}.person SET {change} WHERE email = %s"  # noqa: S608 - names of this test
        await other.execute(text.encode(), (value, email))
        asked = asyncio.ensure_future(asking)
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as watching:
            await until_found(watching, WAITING, ("%person%",))
        await other.commit()
    return await asked
