"""The protocol of the carriers of messages between processes, PostgreSQL and Redis."""

from typing import Protocol


class ChannelLost(Exception):
    """A connection cannot be made, or has ended; messages are missed until there is another one."""


class ChannelConnection(Protocol):
    """A connection that hears one channel."""

    async def next(self) -> str:
        """Return the next message, once there is one; raise ChannelLost where the connection has ended."""
        ...

    async def close(self) -> None:
        """End the connection."""
        ...


class Medium(Protocol):
    """A carrier of messages. A failure outside this process raises ChannelLost."""

    async def open(self, channel: str, /) -> ChannelConnection:
        """Return a new connection, which hears the messages sent on the channel from now on."""
        ...

    async def send(self, channel: str, message: str, /) -> None:
        """Send a message to all connections that hear the channel."""
        ...

    async def close(self) -> None:
        """End the connections that `send` has opened."""
        ...
