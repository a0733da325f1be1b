"""Messages through PostgreSQL: NOTIFY by the pool, LISTEN on a connection of its own."""

from dataclasses import dataclass

from fieldstone.engine.broadcast.transport import ChannelLost
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.listen import NOTIFY, Listener


@dataclass(frozen=True, slots=True)
class PostgresChannel:
    """A listening connection."""

    listener: Listener

    async def next(self) -> str:
        """Return the next message, see `ChannelConnection`."""
        try:
            return await self.listener.next()
        except DatabaseError as error:
            raise ChannelLost(error.message) from error

    async def close(self) -> None:
        """End the connection, see `ChannelConnection`."""
        await self.listener.close()


@frozen
class PostgresMedium:
    """The database of the models as a medium.

    Attributes:
        address: a connection string of the database itself, where the database's own is that of a pooler.
    """

    database: Database
    address: str | None = None

    async def open(self, channel: str) -> PostgresChannel:
        """Listen, see `Medium`."""
        try:
            return PostgresChannel(await self.database.listen(channel, address=self.address))
        except DatabaseError as error:
            raise ChannelLost(error.message) from error

    async def send(self, channel: str, message: str) -> None:
        """Notify, see `Medium`."""
        try:
            await self.database.write(NOTIFY, [channel.encode(), message.encode()], share=None)
        except DatabaseError as error:
            raise ChannelLost(error.message) from error

    async def close(self) -> None:
        """Close nothing: the pool has another owner."""
