"""The template database that the apps of these tests start from."""

import asyncio

from fieldstone.engine.events.log.partitions import Partitions
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import load_settings
from tests.citus_cluster import ON_CITUS


def migrate(dsn: str) -> None:
    """Bring a database's catalog up to date, and make the workspace `default` and the log's first partition in it."""
    settings = load_settings(database_url=dsn, log_level="error", distribute="citus" if ON_CITUS else None)

    async def run() -> None:
        async with open_foundation(settings) as foundation:
            await Partitions(foundation.database).cover(1)

    asyncio.run(run())
