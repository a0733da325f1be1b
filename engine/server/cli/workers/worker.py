"""A worker: an app on the sockets that the supervisor has bound, among others."""

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.cli.exit_codes import run_server
from fieldstone.engine.server.cli.serving.serve import CLOSING, Server, configure, serve_app
from fieldstone.engine.server.cli.serving.state_server import serve_state
from fieldstone.engine.server.cli.supervisor.board import Board
from fieldstone.engine.server.cli.supervisor.tasks import WorkerTask
from fieldstone.engine.server.cli.workers.accepting import Acceptor
from fieldstone.engine.server.cli.workers.connection_budget import share_connections
from fieldstone.engine.server.cli.workers.lifeline import on_end
from fieldstone.engine.server.cli.workers.siblings import Siblings
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.engine.server.log import flush_log, route_standard_logging
from fieldstone.engine.server.metrics.metrics import render_restarts
from fieldstone.engine.server.rate_limits.shared_counts import SharedCounts
from fieldstone.engine.server.streams.websocket_protocol import BreakingProtocol
from fieldstone.engine.server.worker_place import WorkerPlace
from fieldstone.engine.settings import Settings, load_settings

_BEAT = 0.25
"""Seconds between two notes on the board."""
_AGE = 300
"""Seconds of a connection unless the settings say otherwise: with several workers its client may find another one."""


def run(text: str) -> int:
    """Serve until the supervisor asks for the end, and return the exit code."""
    task = WorkerTask.read(text)
    try:
        run_server(lambda settings: _work(settings, task), is_patient=False, **task.given)
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        flush_log()
    return 0


class _WorkerServer(Server):
    """A server that accepts connections in turn with the others, and ends by the supervisor's signals.

    Args:
        config: uvicorn's configuration.
        app: the app.
        drain: seconds for requests in progress and for clients that are asked to come back.
    """

    def __init__(self, config: uvicorn.Config, app: Fieldstone, drain: float) -> None:
        super().__init__(config, app)
        self.acceptor: Acceptor | None = None
        self._drain = drain
        self._leaving: asyncio.Task[None] | None = None

    def signal_actions(self) -> Mapping[int, Callable[[], None]]:
        return {
            # Ctrl+C and a service manager reach the workers, too; it is the supervisor that asks them to end.
            signal.SIGINT: lambda: None,
            signal.SIGHUP: lambda: None,
            signal.SIGTERM: self.stop,
            signal.SIGUSR1: partial(self.stop, has_successor=True),
            signal.SIGQUIT: self._stop_now,
        }

    @property
    def connection_count(self) -> int:
        """The number of connections."""
        return len(self.server_state.connections)

    def make_protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        make: type[Any] = self.config.http_protocol_class
        made: asyncio.Protocol = make(self.config, self.server_state, self.lifespan.state)
        return made

    def stop(self, *, has_successor: bool = False) -> None:
        """Begin to end; clients of a worker with a successor are asked to come back with their next answers."""
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._leave(has_successor))

    def _stop_now(self) -> None:
        self.app.end_streams()
        self.should_exit = self.force_exit = True

    async def _leave(self, has_successor: bool) -> None:
        if self.acceptor is not None:
            self.acceptor.stop()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._drain
        self.app.spread_streams(self._drain)
        for connection in list(self.server_state.connections):
            if isinstance(connection, BreakingProtocol):
                loop.call_later(random.uniform(0, self._drain), connection.shutdown)  # noqa: S311 - spreads load
            elif has_successor and isinstance(connection, FieldstoneProtocol):
                connection.retire()
            else:
                connection.shutdown()
        while self.server_state.connections and loop.time() < until and not self.should_exit:  # noqa: ASYNC110 - uvicorn's set
            await asyncio.sleep(_BEAT / 5)
        # uvicorn waits for the rest of the same drain time, not for as long again.
        self.config.timeout_graceful_shutdown = max(1, round(until - loop.time()))
        self.app.end_streams()
        self.should_exit = True


async def _work(settings: Settings, task: WorkerTask) -> None:
    settings = _settings_of(settings)
    route_standard_logging(settings, task.worker)
    board = Board(task.board)
    siblings = Siblings(Path(task.folder), task.worker, lambda: render_restarts(board.restarts()))
    app = Fieldstone(
        settings,
        place=WorkerPlace(
            number=task.worker,
            workers=task.workers,
            counts=SharedCounts(task.counts),
            embedded=task.embedded,
            is_embedded_broken=lambda: board.is_broken,
            gather_metrics=siblings.gather,
        ),
    )
    server = _WorkerServer(configure(app, settings), app, max(1.0, settings.drain_timeout - CLOSING))
    on_end(task.lifeline, server.stop)
    beating = asyncio.create_task(_beat(board, task.worker, server))
    listener = socket.socket(fileno=task.listener)

    @contextlib.asynccontextmanager
    async def serving(_services: Services) -> AsyncIterator[None]:
        async with siblings.answering(app.metrics.render):
            board.accept(task.worker, is_on=True)
            server.acceptor = Acceptor(
                listener,
                server.make_protocol,
                count=lambda: board.count(task.worker, server.connection_count),
                mean=board.mean_connections,
            )
            os.write(task.ready, b"1")
            os.close(task.ready)
            try:
                yield
            finally:
                board.accept(task.worker, is_on=False)
                server.acceptor.stop()

    try:
        await serve_app(server, [], partial(_show_state, task.state_listener), serving)
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        listener.close()


def _settings_of(settings: Settings) -> Settings:
    """Return the settings of one of several workers."""
    changed: dict[str, Any] = {}
    if settings.connection_age is None and settings.workers > 1:
        changed["connection_age"] = _AGE
    return load_settings(share_connections(settings), **changed)


async def _beat(board: Board, number: int, server: _WorkerServer) -> None:
    """Note at each turn that the event loop turns, and how many connections there are."""
    while True:
        board.beat(number, server.connection_count)
        await asyncio.sleep(_BEAT)


async def _show_state(listener: int | None, app: Fieldstone) -> None:
    if listener is not None:
        await serve_state(app, socket.socket(fileno=listener))
