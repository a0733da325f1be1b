"""Look-ups of the names of hosts, in threads of which no workspace has more than a part."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

WORKSPACE: Final = "workspace_id"
"""The extension of a request that has the id of the workspace whose target it is for."""
_PATIENCE = 3.0
"""Seconds that a look-up waits for others of its workspace."""

LookUp = Callable[[str, int], Sequence[str]]
"""Yields the addresses of a host, as texts; raises OSError. It may block."""


class UnknownHost(Exception):
    """The host's name cannot be resolved."""


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses that this machine finds for a host.

    Raises:
        OSError: it finds none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class LookUps:
    """Threads that look up hosts: a name server that does not answer must not take those of other work.

    Args:
        look_up: finds a host's addresses.
        threads: the most look-ups at once; a quarter of them may be of one workspace.
    """

    def __init__(self, look_up: LookUp, threads: int) -> None:
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="webhook host")
        self._each = max(1, threads // 4)
        self._places: WeakValueDictionary[UUID | None, asyncio.Semaphore] = WeakValueDictionary()

    def close(self) -> None:
        """End the look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def find(self, host: str, port: int, workspace_id: UUID | None) -> Sequence[str]:
        """Return the addresses of a host of a workspace's webhook, as texts.

        Raises:
            UnknownHost: the host has none, or too many look-ups of the workspace are not answered.
        """
        places = self._places.setdefault(workspace_id, asyncio.Semaphore(self._each))
        try:
            async with asyncio.timeout(_PATIENCE):
                await places.acquire()
        except TimeoutError:
            raise UnknownHost(
                f"the host {host} is not looked up: too many look-ups, {self._each} of other hosts of the workspace's"
                " webhooks, wait for an answer of the name server"
            ) from None
        loop = asyncio.get_running_loop()

        def end(_: "Future[Sequence[str]]") -> None:
            # The thread goes on when nobody waits for it any more, even behind the end of the loop.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(places.release)

        looking = self._threads.submit(self._look_up, host, port)
        looking.add_done_callback(end)
        try:
            return await asyncio.wrap_future(looking)
        except (OSError, UnicodeError) as error:
            raise UnknownHost(f"the host {host} cannot be resolved: {error}") from error
