"""What carries messages between processes: the shape that PostgreSQL and Redis have in common."""

from typing import Protocol


class LinkLost(Exception):
    """A connection cannot be made, or has ended; messages are missed until there is another one."""


class ChannelConnection(Protocol):
    """A connection that hears one channel."""

    async def next(self) -> str:
        """Return the next message, once there is one; raise LinkLost when there will be none."""
        ...

    async def close(self) -> None:
        """End the connection."""
        ...


class Medium(Protocol):
    """Where messages go through. What fails for a reason outside this process raises LinkLost."""

    async def open(self, channel: str, /) -> ChannelConnection:
        """Return a new connection: what is sent on the channel from now on is heard."""
        ...

    async def send(self, channel: str, message: str, /) -> None:
        """Send a message to all who hear the channel."""
        ...

    async def close(self) -> None:
        """End what `send` has opened."""
        ...
