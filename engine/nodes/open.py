"""The opening of the servers that answer reads: the database alone, its replicas, or the nodes of a cluster."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fieldstone.engine.nodes.directory import Directory
from fieldstone.engine.nodes.reads import NodeReads
from fieldstone.engine.replicas.open import open_replica_reads
from fieldstone.engine.replicas.reads import Reads
from fieldstone.engine.settings import Settings
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings


@asynccontextmanager
async def open_reads(
    database: Database,
    settings: Settings,
    pool: PoolSettings,
    *,
    connect: Callable[..., Database] = Database.connect,
) -> AsyncIterator[Reads]:
    """Answer reads as the settings say, by servers which need not be there yet.

    Args:
        database: the primary, or the coordinator.
        settings: those of the process.
        pool: those of the connections to the database.
        connect: makes the databases of the other servers.
    """
    if settings.distribute is None or settings.database_url is None:
        async with open_replica_reads(database, settings.replica_urls, pool, connect=connect) as reads:
            yield reads
        return
    directory = Directory(database, settings.database_url, pool, connect=connect)
    try:
        async with running({"places of workspaces": directory.run}):
            yield NodeReads(database, directory)
    finally:
        await directory.close()
