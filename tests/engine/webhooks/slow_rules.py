"""Rules of roles that PostgreSQL answers late, or never in time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from tests.engine.metadata_api.roles import CREATE
from tests.engine.webhooks.conftest import Sending

BUYERS = {"or": [{"opportunities": {"some": {"name": {"eq": "ships"}}}}, {"city": {"eq": "Berlin"}}]}
"""A rule that reads the opportunities."""


@asynccontextmanager
async def locked(dsn: str, table: str, *workspaces: str) -> AsyncIterator[None]:
    """Keep statements that read a table, of the default workspace unless told otherwise, from an end but by time."""
    tables = ", ".join(f"workspace_{workspace}.{table}" for workspace in workspaces or ("default",))
    async with await psycopg.AsyncConnection.connect(dsn) as other:
        await other.execute(f"LOCK TABLE {tables}".encode())
        yield
        await other.rollback()


async def make_role(sending: Sending, rule: Any) -> str:
    """A role that reads the people of a rule."""
    grants = [{"object": "person", "read": {"rule": rule}}, {"object": "opportunity", "read": {}}]
    made = await sending.data(CREATE, input={"name": "rep", "label": "Rep", "grants": grants})
    return str(made["createRole"]["id"])
