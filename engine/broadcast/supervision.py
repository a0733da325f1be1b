"""A backend for broadcaster that reconnects by itself.

broadcaster 0.3.1 does not notice that its listener has died of an error, and leaves its subscribers waiting: here
`next_published` never fails.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from broadcaster import BroadcastBackend, Event

from fieldstone.engine.broadcast.transport import ChannelConnection, ChannelLost, Medium
from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.concurrency.tasks import end_tasks, report_failure

_LOG = logging.getLogger(__name__)

SILENCE: Final = 25.0
"""Seconds without any message, one's own included, after which a connection counts as lost."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_CONNECTING = 10.0


class SupervisedBackend(BroadcastBackend):
    """A backend that hears one channel over one connection after another.

    Args:
        medium: makes the connections.
        connected: called after each connection: earlier messages may have been missed.
        silence: seconds without a message after which a connection is given up.
    """

    def __init__(self, medium: Medium, connected: Callable[[], None], *, silence: float = SILENCE) -> None:
        self._medium = medium
        self._connected = connected
        self._silence = silence
        self._channel: asyncio.Future[str] | None = None
        self._connection: ChannelConnection | None = None
        self._reader: asyncio.Task[object] | None = None
        self._is_silent = False

    @property
    def is_connected(self) -> bool:
        """Return whether messages are heard, as far as is known."""
        return self._connection is not None

    async def connect(self) -> None:
        """Prepare; the connection is made once the channel is known."""
        self._channel = asyncio.get_running_loop().create_future()

    async def disconnect(self) -> None:
        """End everything. broadcaster has cancelled the task that reads, and does not wait for it."""
        if self._reader is not None:
            await end_tasks(self._reader)
        await self._drop()
        await self._medium.close()

    async def subscribe(self, group: str) -> None:
        """Hear a channel, the only one."""
        if self._channel is not None:
            self._channel.set_result(group)

    async def unsubscribe(self, group: str) -> None:
        """Do nothing: the one channel is heard until the end."""

    async def publish(self, channel: str, message: str) -> None:
        """Send a message.

        Raises:
            ChannelLost: it has not been sent, as far as is known.
        """
        await self._medium.send(channel, message)

    async def next_published(self) -> Event:
        """Return the next message, over as many connections as that takes."""
        if self._channel is None:
            raise RuntimeError("the backend has not been connected")
        if self._reader is None and (reader := asyncio.current_task()):
            self._reader = reader
            report_failure(reader)
        channel = await self._channel
        backoff = Backoff(_FIRST_PAUSE, longest=_LONGEST_PAUSE)
        while True:
            try:
                connection = self._connection or await self._open(channel)
                async with asyncio.timeout(self._silence):
                    return Event(channel=channel, message=await connection.next())
            except ChannelLost as error:
                self._tell_of_silence(str(error))
            except TimeoutError:
                self._tell_of_silence("not even the messages of this process come back (a pooler?)")
            await self._drop()
            await backoff.wait()

    async def _open(self, channel: str) -> ChannelConnection:
        async with asyncio.timeout(_CONNECTING):
            self._connection = await self._medium.open(channel)
        self._is_silent = False
        _LOG.info("other processes are heard")
        self._connected()
        return self._connection

    def _tell_of_silence(self, why: str) -> None:
        """Log the first of several failures in a row: there is one each second."""
        _LOG.log(logging.DEBUG if self._is_silent else logging.WARNING, "other processes are not heard: %s", why)
        self._is_silent = True

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
