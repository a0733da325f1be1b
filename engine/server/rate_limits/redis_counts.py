"""Counts of leased operations in Redis, by `limits`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.errors import StorageError

from fieldstone.engine.server.rate_limits.counts import CountsAway

_PORT: Final = 6379


class RedisCounts:
    """The counts in one Redis.

    Args:
        storage: raises StorageError for all that Redis or the connection refuses.
    """

    def __init__(self, storage: RedisStorage) -> None:
        self._storage = storage

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count and return its new value; raise CountsAway where it cannot be had."""
        try:
            return await self._storage.incr(key, expiry, amount)
        except StorageError as error:
            raise CountsAway(str(error)) from error


@asynccontextmanager
async def open_redis_counts(url: str, *, time_limit: float) -> AsyncIterator[RedisCounts]:
    """Hold the counts at the address of a Redis, which has so many seconds for an answer."""
    parts = urlsplit(url)
    # `limits` takes no address without a port, as redis-py does.
    place = f"{parts.netloc}:{_PORT}" if parts.hostname and parts.port is None else parts.netloc
    storage = RedisStorage(
        f"async+{parts._replace(netloc=place).geturl()}",
        implementation="redispy",
        wrap_exceptions=True,
        key_prefix="",
        socket_timeout=time_limit,
        socket_connect_timeout=time_limit,
    )
    try:
        yield RedisCounts(storage)
    finally:
        # The storage has no end of its own.
        if isinstance(storage.bridge, RedispyBridge):
            await storage.bridge.storage.aclose()
