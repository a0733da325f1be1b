"""Consumers: readers of the log that remember how far they are, and for whom what they have not read is kept."""

from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement

_REGISTER = Statement(
    text="INSERT INTO fieldstone.log_consumer (name, position) VALUES ($1::text,"
    " (SELECT coalesce(max(position), 0) FROM fieldstone.event_log))"
    " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING position"
)
_ADVANCE = Statement(
    text="UPDATE fieldstone.log_consumer SET position = greatest(position, $2::bigint), updated_at = now()"
    " WHERE name = $1::text"
)
_FORGET = Statement(text="DELETE FROM fieldstone.log_consumer WHERE name = $1::text")


class Consumers:
    """The consumers by name; whoever moves several steps at once may run `ADVANCE` in a transaction of its own."""

    ADVANCE = _ADVANCE

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, name: str) -> int:
        """Return the position of a consumer; a new one begins at the end of the log."""
        ((position,),) = await self._database.write(_REGISTER, [name.encode()])
        return int(position or 0)

    async def advance(self, name: str, position: int) -> None:
        """Note that a consumer needs nothing up to `position`."""
        await self._database.write(_ADVANCE, [name.encode(), b"%d" % position])

    async def forget(self, name: str) -> None:
        """Keep nothing for a consumer any more."""
        await self._database.write(_FORGET, [name.encode()])
