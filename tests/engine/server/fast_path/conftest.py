"""A server that answers repeated requests."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from fieldstone.engine.server.fast_path.proxied_protocol import protocol_behind
from fieldstone.engine.server.streams.websocket_protocol import BreakingProtocol
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import Serve, Serving, Talk, create_person
from tests.waiting import until


@pytest.fixture
def serve(start_app: StartApp) -> Serve:
    """A function that serves an app with some settings."""

    @asynccontextmanager
    async def begin(*, creates: bool = True, **settings: Any) -> AsyncIterator[Serving]:
        async with start_app(**{"pool_size": 1, **settings}) as (app, client):
            config = uvicorn.Config(
                app,
                http=protocol_behind(app.settings.proxy_protocol),
                ws=BreakingProtocol,
                proxy_headers=False,
                lifespan="off",
                log_config=None,
                access_log=False,
            )
            server = uvicorn.Server(config)
            writers: list[asyncio.StreamWriter] = []
            with socket.create_server(("127.0.0.1", 0)) as listener:
                serving = asyncio.create_task(server._serve([listener]))
                await until(lambda: server.started)

                async def talk() -> Talk:
                    reader, writer = await asyncio.open_connection(*listener.getsockname())
                    writers.append(writer)
                    return Talk(reader, writer, client.headers["Authorization"].removeprefix("Bearer "))

                try:
                    for name in ("Ada", "Grace") if creates else ():
                        await create_person(client, name)
                    yield Serving(app=app, client=client, server=server, talk=talk)
                finally:
                    for writer in writers:
                        writer.close()
                    server.should_exit = True
                    await serving

    return begin
