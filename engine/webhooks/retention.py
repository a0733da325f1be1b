"""The retention of deliveries, and the measurement of those that wait."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

_AT_ONCE = 2_000
_TRIM_EVERY = 60.0
_MEASURE_EVERY = 5.0

_TRIM = named_statement(__name__, "trim_deliveries")
_REVIVE = named_statement(__name__, "revive_deliveries")
_MEASURE = named_statement(__name__, "measure_backlog")


@frozen
class Keep:
    """The retention of ended deliveries."""

    delivered: timedelta = timedelta(hours=72)
    failed: timedelta = timedelta(hours=720)


@dataclass(slots=True, kw_only=True)
class Backlog:
    """The deliveries that waited at the last measurement.

    Attributes:
        pending: deliveries of all processes that were still to be sent.
        lag: seconds that the oldest of them had waited.
    """

    pending: int = 0
    lag: float = 0.0


async def trim(database: Database, keep: Keep) -> int:
    """Delete deliveries past their retention, and return their number."""
    deleted = 0
    seconds = {"delivered": keep.delivered.total_seconds(), "failed": keep.failed.total_seconds()}
    while True:
        rows = await database.write(*_TRIM.bind(**seconds, limit=_AT_ONCE), share=None)
        deleted += len(rows)
        if len(rows) < _AT_ONCE:
            return deleted


async def revive(database: Database) -> int:
    """Make deliveries due that wait for no other, and return their number."""
    return len(await database.write(*_REVIVE.bind(), share=None))


async def keep_trimmed(database: Database, keep: Keep) -> None:
    """Apply the retention and revive stuck deliveries, each minute, until cancelled."""
    while True:
        await asyncio.sleep(_TRIM_EVERY)
        try:
            if revived := await revive(database):
                _LOG.warning("%d webhook deliveries waited for nothing", revived)
            if deleted := await trim(database, keep):
                _LOG.info("deleted %d old webhook deliveries", deleted)
        except DatabaseError as error:
            _LOG.info("old webhook deliveries are deleted later: %s", error)


async def keep_measured(database: Database, backlog: Backlog) -> None:
    """Measure the backlog every few seconds, until cancelled."""
    while True:
        try:
            ((pending, lag),) = await database.read(*_MEASURE.bind(), share=None)
            backlog.pending, backlog.lag = int(pending or 0), max(0.0, float(lag or 0))
        except DatabaseError as error:
            _LOG.info("the webhooks are measured later: %s", error)
        await asyncio.sleep(_MEASURE_EVERY)
