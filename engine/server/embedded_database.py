"""An embedded PostgreSQL for the length of a block.

Only its start imports this module: a server with a given database has no use for it and its imports.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fieldstone.engine.settings import Settings
from fieldstone.sql import embedded
from fieldstone.sql.concurrency.tasks import running


@asynccontextmanager
async def embedded_database(settings: Settings, *, creates: bool = True) -> AsyncIterator[embedded.Watch]:
    """Start or join the server on the data folder, and yield the watch over it.

    Raises:
        EmbeddedServerError: it cannot be started, or it would have to be made without `creates`.
    """
    server = await _start(settings, creates=creates)
    watch = embedded.Watch(server)
    try:
        async with running({"watch over PostgreSQL": watch.run}):
            yield watch
    finally:
        await asyncio.shield(asyncio.to_thread(embedded.stop, server))


async def _start(settings: Settings, *, creates: bool) -> embedded.EmbeddedServer:
    port, host = settings.database_port, settings.database_host
    tcp = None if port is None else embedded.TcpAddress(host=host, port=port)
    starting = asyncio.ensure_future(asyncio.to_thread(embedded.start, settings.data_dir, tcp=tcp, creates=creates))
    try:
        server = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The thread cannot be stopped halfway: the server that it starts must be stopped again.
        await asyncio.to_thread(embedded.stop, await starting)
        raise
    if server.password is not None:
        sys.stderr.write(
            f"PostgreSQL listens at {host}:{port}. The password of its user fieldstone, a superuser, is shown this"
            f" once: {server.password}\n"
        )
    return server
