"""Handshakes of WebSockets: one in each turn of the event loop, so that other requests are answered between them."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

from fieldstone.engine.server.connections.transport import ClientTransport


class Handshakes:
    """The handshakes that wait for their turn; each takes as long as several short requests."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, client: ClientTransport, make: Callable[[], None]) -> None:
        """Have `make` do a handshake in a turn of its own; nothing more is read from its client before."""
        client.pause_reading()
        # Else it had the context of another client's handshake, or of that client's request.
        self._waiting.append(partial(copy_context().run, _make, client, make))
        if len(self._waiting) == 1:
            self._wait()

    def _wait(self) -> None:
        asyncio.get_running_loop().call_soon(self._make_next)

    def _make_next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()
            if self._waiting:
                self._wait()


def _make(client: ClientTransport, make: Callable[[], None]) -> None:
    try:
        if not client.is_closing():
            make()
    except BaseException:
        client.abort()
        raise
    finally:
        client.resume_reading()
