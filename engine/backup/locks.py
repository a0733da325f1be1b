"""The room of a server for the locks of a backup or a restoration, each of which is one transaction."""

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.queries import read_queries

_QUERIES = read_queries(__name__)


async def check_lock_room(connection: Session, needed: int, noun: str) -> None:
    """Return if the server has room for so many locks of one transaction.

    Raises:
        BackupRefused: it has not; the sentence, which calls the transaction by its noun, names the setting.
    """
    room, places = await (await connection.execute(_QUERIES["lock_room"])).fetchone() or (0, 1)
    if needed > room:
        raise BackupRefused(
            f"a {noun} is one transaction, and this one locks {needed:,} tables and indexes, more than the server"
            f" has room for: set max_locks_per_transaction to at least {needed // places + 1}, restart the server, and"
            " start it again"
        )
