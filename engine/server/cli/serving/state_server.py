"""The second port of `fieldstone serve`, with the pages about the server's state."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cli.serving.listener import listen, url_of
from fieldstone.engine.server.connections.guarded_http import GuardedProtocol
from fieldstone.engine.settings import Settings


class _StateServer(uvicorn.Server):
    """uvicorn's server without its signals, which are for the server of the APIs."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def state_server(settings: Settings) -> Iterator[Callable[[Fieldstone], Coroutine[Any, Any, None]]]:
    """Listen on the second port if there is one; yield a function that serves it until its task is cancelled.

    Raises:
        CommandError: the address cannot be listened on.
    """
    if settings.metrics_port is None:
        yield _serve_nothing
        return
    with contextlib.closing(listen(settings.host, settings.metrics_port)) as listener:

        async def serve(app: Fieldstone) -> None:
            app.log.info("metrics", address=f"{url_of(listener)}/metrics")
            await serve_state(app, listener)

        yield serve


async def _serve_nothing(_app: Fieldstone) -> None:
    """Return at once."""


async def serve_state(app: Fieldstone, listener: socket.socket) -> None:
    """Serve the pages about an app's state until cancelled."""
    server = _StateServer(
        uvicorn.Config(
            app.state_pages,
            http=GuardedProtocol,
            ws="none",
            proxy_headers=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
