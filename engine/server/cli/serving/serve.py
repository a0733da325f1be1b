"""`fieldstone serve`: an app on a socket from the first connection to the last answer."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import FrameType
from typing import Any

import uvicorn

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cli.command_error import Interrupted
from fieldstone.engine.server.cli.garbage import SERVING, kept_objects
from fieldstone.engine.server.cli.serving.development_key import development_key
from fieldstone.engine.server.cli.serving.listener import listen, url_of
from fieldstone.engine.server.cli.serving.state_server import state_server
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.descriptors import raise_limit
from fieldstone.engine.server.fast_path.proxied_protocol import protocol_behind
from fieldstone.engine.server.log import log_unknown_settings, route_standard_logging
from fieldstone.engine.server.streams.websocket_protocol import BreakingProtocol
from fieldstone.engine.settings import Settings

CLOSING = 3
"""Seconds of the drain time that are kept for closing the database."""

_KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept: more than clients and proxies do; most take 60 and some 5.
Where the server closes first, a request that is just being sent is lost with its connection."""

_SWITCH_INTERVAL = 0.0005
"""Seconds for which the event loop waits at most for the work thread to let it run; Python's own default is 0.005."""

_LARGEST_FRAME = 1 << 20
"""Bytes of one message of a socket: unlike a body, it is read before its sender has shown a key."""


class Server(uvicorn.Server):
    """uvicorn's server, ended by the first signal after the requests in progress, by the second at once.

    uvicorn's own handling raises the signal again at the end, and the process would end by it instead of with a code.
    """

    def __init__(self, config: uvicorn.Config, app: Fieldstone) -> None:
        super().__init__(config)
        self.app = app
        self.is_interrupted = False

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals on the event loop for the length of the block."""
        loop = asyncio.get_running_loop()
        actions = self.signal_actions()
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
        try:
            yield
        finally:
            for number in actions:
                loop.remove_signal_handler(number)

    def signal_actions(self) -> Mapping[int, Callable[[], None]]:
        """Return the actions of signals, by their numbers."""
        actions: dict[int, Callable[[], None]] = {
            number: partial(self.handle_exit, number, None) for number in (signal.SIGTERM, signal.SIGINT)
        }
        # `nohup` has it ignored.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            actions[signal.SIGHUP] = self._hang_up if _has_terminal() else self._refuse_to_reload
        return actions

    def _hang_up(self) -> None:
        """End as by SIGTERM: the terminal has gone. The signal may come from the shell and again from the kernel."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.handle_exit(signal.SIGHUP, None)

    def _refuse_to_reload(self) -> None:
        self.app.log.warning("a reload needs several workers: nothing was reloaded")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to end, or end at once when that has begun."""
        self.is_interrupted |= sig == signal.SIGINT
        self.app.end_streams()
        self.force_exit = self.should_exit
        self.should_exit = True


def _has_terminal() -> bool:
    """Return whether the process has a controlling terminal, whose end it is told of by SIGHUP."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


async def serve(settings: Settings, *, demo: bool) -> None:
    """Serve until a signal ends it, and return when everything is closed.

    Raises:
        CommandError: the address cannot be listened on.
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
        Interrupted: Ctrl+C has ended it.
    """
    with contextlib.closing(listen(settings.host, settings.port)) as listener, state_server(settings) as show_state:
        route_standard_logging(settings)
        app = Fieldstone(settings, assembly=work.sample_data.assemble_with_demo if demo else None)
        log_unknown_settings(app.log)
        database = "given by DATABASE_URL" if settings.main_database_url else f"embedded in {settings.data_dir}"
        app.log.info("starting", address=url_of(listener), database=database)

        @contextlib.asynccontextmanager
        async def announced(services: Services) -> AsyncIterator[None]:
            async with (
                development_key(services.foundation, app.log, has_console=settings.console)
                if settings.is_development
                else no_key()
            ) as key:
                work.announcement.announce(url_of(listener), *(key or (None, None)))
                yield

        server = Server(configure(app, settings), app)
        await serve_app(server, [listener], show_state, announced)
        if server.is_interrupted:
            raise Interrupted


async def serve_app(
    server: Server,
    sockets: list[socket.socket],
    show_state: Callable[[Fieldstone], Coroutine[Any, Any, None]],
    when_ready: Callable[[Services], AbstractAsyncContextManager[None]],
) -> None:
    """Run the server of an app until it is ended, and close everything.

    Args:
        server: the server.
        sockets: those that it accepts connections from, from the beginning.
        show_state: serves the pages about the app's state.
        when_ready: a block that is entered when operations can be served, and left at the end of the server.
    """
    app = server.app
    wanted = app.settings.max_connections
    if (clients := raise_limit(wanted)) < wanted:
        app.log.warning(
            "few file descriptors: raise the limit (ulimit -n), or lower FIELDSTONE_MAX_CONNECTIONS",
            connections=max(0, clients),
            wanted=wanted,
        )
    serving = asyncio.create_task(server.serve(sockets=sockets))
    sys.setswitchinterval(_SWITCH_INTERVAL)
    showing = asyncio.create_task(show_state(app))
    # Health checks are answered, and everything else is told to wait, while this goes on.
    starting = asyncio.create_task(app.runtime.start())
    try:
        with kept_objects():
            await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            services = starting.result()
            gc.set_threshold(*SERVING)
            async with when_ready(services):
                await serving
    finally:
        server.should_exit = True
        starting.cancel()
        # The state is shown until the last operation is answered.
        await asyncio.gather(serving, starting, return_exceptions=True)
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        await app.runtime.stop()
        await asyncio.to_thread(app.flush_traces)


def configure(app: Fieldstone, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        app,
        http=protocol_behind(settings.proxy_protocol),
        proxy_headers=False,
        ws=BreakingProtocol,
        ws_max_size=min(settings.max_body_bytes, _LARGEST_FRAME),
        # It would cost each socket 100 kB, and each message more than it saves.
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, int(settings.drain_timeout) - CLOSING),
    )


@contextlib.asynccontextmanager
async def no_key() -> AsyncIterator[None]:
    """Yield None: only a development server makes a key."""
    yield None
