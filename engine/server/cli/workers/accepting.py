"""Accepts connections from a socket that several workers share, so that each gets about as many."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

_ABOVE: Final = 1.25
"""Times the mean above which a worker leaves the next connection to the others for a moment."""
_MOMENT: Final = 0.05
_PATIENCE: Final = 1.0
"""Seconds without another attempt after one that found no file descriptor free."""
_UNCLAIMED: Final = 3
"""Connections in a row that the others left, after which nothing is left to them for a while."""
_WHILE: Final = 1.0


class Acceptor:
    """Accepts connections one at a time.

    Args:
        listener: the socket.
        make_protocol: returns the protocol of a new connection.
        count: returns this worker's connections, having noted them for the others.
        mean: returns those of all workers in the mean.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        count: Callable[[], int],
        mean: Callable[[], float],
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._count = count
        self._mean = mean
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.TimerHandle | None = None
        self._unclaimed = 0
        self._takes_all_until = 0.0
        self._opening: set[asyncio.Task[object]] = set()
        self._loop.add_reader(listener, self._notice)

    def stop(self) -> None:
        """Accept no more; a second call does nothing."""
        self._loop.remove_reader(self._listener)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _notice(self) -> None:
        """Accept a connection, now or in a moment in which the others may."""
        if self._has_many() and self._loop.time() >= self._takes_all_until:
            self._pause(_MOMENT)
        else:
            self._accept()

    def _has_many(self) -> bool:
        return self._count() > _ABOVE * self._mean()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listener, self._notice)
        if not self._has_many():
            # The others have taken some meanwhile, and may be in their own moment: the next one is this worker's turn.
            return
        # The others have had their chance: a client that still waits is not left to a worker that stands still.
        if not self._accept():
            self._unclaimed = 0
            return
        self._unclaimed += 1
        if self._unclaimed >= _UNCLAIMED:
            self._unclaimed = 0
            self._takes_all_until = self._loop.time() + _WHILE

    def _accept(self) -> bool:
        """Accept a connection; return False if there is none."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError:
            if self._waiting is None:
                self._pause(_PATIENCE)
            return False
        connection.setblocking(False)
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return True

    async def _open(self, connection: socket.socket) -> None:
        # The client may have gone already.
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(self._make_protocol, connection)
