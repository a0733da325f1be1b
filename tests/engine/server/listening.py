"""ASGI apps on a port, as uvicorn serves them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


@asynccontextmanager
async def listening(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Run an app on a port, a free one unless it is given, for as long as the block runs; yields its address."""
    # uvicorn tells a WebSocket nothing of its end that is being opened at that moment: a browser's page keeps it open.
    config = uvicorn.Config(app, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
