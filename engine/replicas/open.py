"""The opening of the replicas of a process."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict

from fieldstone.engine.replicas.reads import Reads
from fieldstone.engine.replicas.routing import ReplicaReads
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.replicas.primary import PrimaryPosition
from fieldstone.sql.replicas.replica import Replica


@asynccontextmanager
async def open_replica_reads(
    database: Database,
    urls: Sequence[str],
    settings: PoolSettings,
    *,
    connect: Callable[..., Database] = Database.connect,
) -> AsyncIterator[Reads]:
    """Answer reads from the primary and the replicas with these addresses, which need not be there yet.

    `connect` makes the databases of the replicas.
    """
    if not urls:
        yield Reads(database)
        return
    replicas = [Replica(_name(url), url, settings, connect=connect) for url in urls]
    primary = PrimaryPosition(database)
    try:
        async with running({f"replica {replica.name}": replica.run for replica in replicas}):
            yield ReplicaReads(database, primary, replicas)
    finally:
        await primary.close()
        for replica in replicas:
            await replica.close()


def _name(url: str) -> str:
    """Return the host and port of an address."""
    given = conninfo_to_dict(url)
    return f"{given.get('host') or given.get('hostaddr') or 'localhost'}:{given.get('port') or 5432}"
