"""Messages through Redis: broadcaster's own backend for it, with its end noticed.

redis-py would reconnect by itself and not tell that messages were missed, and broadcaster 0.3.1 would wait for ever for
a listener that has died: so a subscription gets no retry, and its listener is watched.
"""

import asyncio
import socket
from typing import Final

from broadcaster import Event
from broadcaster._backends.redis import RedisBackend
from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from fieldstone.engine.broadcast.transport import ChannelLost
from fieldstone.sql.concurrency.tasks import end_tasks

_CONNECTING = 5.0
_SENDING = 5.0
_MOST_WAITING = 1_000
_TROUBLE: Final = (RedisError, OSError)


def _client(url: str, *, retries: int) -> redis.Redis:
    # A peer that vanishes is noticed as soon as on the connections to PostgreSQL.
    options = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
    return redis.Redis.from_url(
        url,
        retry=Retry(NoBackoff(), retries),
        socket_connect_timeout=_CONNECTING,
        socket_timeout=_SENDING,
        socket_keepalive=True,
        socket_keepalive_options={
            getattr(socket, name): value for name, value in options.items() if hasattr(socket, name)
        },
    )


class RedisChannel(RedisBackend):
    """A subscription to one channel."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._conn = _client(url, retries=0)
        self._pubsub = self._conn.pubsub()
        # Redis ends a subscriber that does not read, so that missed messages are noticed.
        self._queue: asyncio.Queue[Event] = asyncio.Queue(_MOST_WAITING)

    async def subscribe(self, channel: str) -> None:
        """Subscribe to the channel."""
        # In broadcaster's order the listener may look before there is a channel, and never again.
        await self._pubsub.subscribe(channel)
        self._ready.set()

    async def next(self) -> str:
        """Return the next message, see `ChannelConnection`."""
        if self._listener is None:
            raise ChannelLost("Redis is not connected")
        if self._queue.empty():
            getting = asyncio.ensure_future(self._queue.get())
            try:
                await asyncio.wait([getting, self._listener], return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    return getting.result().message
            finally:
                getting.cancel()
            raise ChannelLost(f"the connection to Redis was lost: {self._listener.exception()}")
        return self._queue.get_nowait().message

    async def close(self) -> None:
        """End the subscription, see `ChannelConnection`."""
        listener = self._listener
        try:
            await self.disconnect()
        except _TROUBLE:
            return
        finally:
            if listener is not None:
                await end_tasks(listener)
                # The exception is read, so that asyncio does not log it as never retrieved.
                _ = listener.cancelled() or listener.exception()


class RedisMedium:
    """A Redis server.

    Args:
        url: its address, redis:// or rediss://.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        # An idle connection may have been ended by a restart of the server.
        self._sender = _client(url, retries=1)

    async def open(self, channel: str) -> RedisChannel:
        """Subscribe, see `Medium`."""
        connection = RedisChannel(self._url)
        try:
            await connection.connect()
            await connection.subscribe(channel)
        except _TROUBLE as error:
            await connection.close()
            raise ChannelLost(f"cannot subscribe to Redis: {error}") from error
        except BaseException:
            await connection.close()
            raise
        return connection

    async def send(self, channel: str, message: str) -> None:
        """Publish, see `Medium`."""
        try:
            await self._sender.publish(channel, message)
        except _TROUBLE as error:
            raise ChannelLost(f"cannot publish to Redis: {error}") from error

    async def close(self) -> None:
        """End the connections that sent, see `Medium`."""
        await self._sender.aclose()
