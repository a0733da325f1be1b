"""The retention of the audit log."""

import asyncio
import logging

from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import read_queries

_LOG = logging.getLogger(__name__)

_PORTION = 5_000
_HOUR = 3_600.0

_QUERIES = read_queries(__name__)


async def trim(database: Database, days: int) -> int:
    """Delete the entries that are older than so many days, and return their number."""
    deleted = 0
    while True:
        # Of two logins, the one that serves may not delete.
        async with database.session() as connection:
            cursor = await connection.execute(_QUERIES["trim_audit_log"], {"days": days, "portion": _PORTION})
        deleted += cursor.rowcount
        if cursor.rowcount < _PORTION:
            return deleted


async def keep_trimmed(database: Database, days: int) -> None:
    """Delete old entries each hour, until cancelled; 0 days keeps all."""
    while days:
        try:
            if deleted := await trim(database, days):
                _LOG.info("deleted %d old entries of the audit log", deleted)
        except DatabaseError as error:
            _LOG.warning("old entries of the audit log are deleted later: %s", error)
        await asyncio.sleep(_HOUR)
