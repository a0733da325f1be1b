"""The retention of the audit log."""

import asyncio
import logging

from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

_PORTION = 5_000
_HOUR = 3_600.0

_TRIM = named_statement(__name__, "trim_audit_log")


async def trim(database: Database, days: int) -> int:
    """Delete the entries that are older, and return their number."""
    deleted = 0
    while True:
        rows = await database.write(*_TRIM.bind(days=days, portion=_PORTION))
        deleted += len(rows)
        if len(rows) < _PORTION:
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
