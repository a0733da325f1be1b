"""Consumers: readers of the log with a stored position; the events behind it are kept for them."""

from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_REGISTER = named_statement(__name__, "register_consumer")
_FORGET = named_statement(__name__, "forget_consumer")
_ADVANCE = named_statement(__name__, "advance_consumer")


class Consumers:
    """The consumers by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, name: str) -> int:
        """Return the position of a consumer; a new one begins at the end of the log."""
        ((position,),) = await self._database.write(*_REGISTER.bind(name=name))
        return int(position or 0)

    async def advance(self, name: str, position: int) -> None:
        """Note that a consumer needs nothing up to `position`."""
        await self._database.write(*_ADVANCE.bind(name=name, position=position))

    async def forget(self, name: str) -> None:
        """Forget a consumer: no event is kept for it any more."""
        await self._database.write(*_FORGET.bind(name=name))
