"""Events that are in the log and have not become deliveries yet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from fieldstone.engine.webhooks.apart import CONSUMER
from tests.engine.webhooks.conftest import Sending


@asynccontextmanager
async def unread(workspace_dsn: str, sending: Sending) -> AsyncIterator[None]:
    """Have no process read events for webhooks during the block; the events of its writes are in the log at its end."""
    known = len(await sending.deliveries())
    async with await psycopg.AsyncConnection.connect(workspace_dsn) as reader:
        await reader.execute("SELECT FROM fieldstone.log_consumer WHERE name = %s FOR UPDATE", [CONSUMER])
        yield
        async with asyncio.timeout(30):
            async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as watcher:
                while await (await watcher.execute("SELECT 1 FROM fieldstone.event_staging LIMIT 1")).fetchone():
                    await asyncio.sleep(0.005)
        assert len(await sending.deliveries()) == known
