"""The end of a worker: the requests in progress and the clients that come back have one drain time together."""

import asyncio
from contextlib import closing

from fieldstone.engine.server.cli.serving.serve import configure
from fieldstone.engine.server.cli.workers.worker import _WorkerServer
from tests.engine.server.conftest import StartApp
from tests.waiting import until


async def test_a_client_that_does_not_leave_is_not_waited_for_twice(start_app: StartApp) -> None:
    async with start_app(drain_timeout=60) as (app, client):
        server = _WorkerServer(configure(app, app.settings), app, 0.2)
        assert server.config.timeout_graceful_shutdown == 57
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        async with await asyncio.get_running_loop().create_server(server.make_protocol, "127.0.0.1", 0) as listening:
            _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            with closing(writer):
                # A request in progress: its body is still to come.
                key = client.headers["Authorization"]
                writer.write(
                    f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: 10\r\n"
                    "Content-Type: application/json\r\n\r\n".encode()
                )
                await until(lambda: bool(server.server_state.tasks))
                server.stop()
                await until(lambda: server.should_exit)
                assert server.connection_count == 1
                # uvicorn waits as long again: the supervisor would kill the worker before it has closed anything.
                assert server.config.timeout_graceful_shutdown == 1
            await until(lambda: server.connection_count == 0)
