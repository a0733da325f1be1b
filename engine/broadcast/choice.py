"""Which medium the settings ask for."""

import logging
from uuid import UUID

from fieldstone.engine.broadcast.fan_out import Broadcast
from fieldstone.engine.broadcast.link import Medium
from fieldstone.engine.broadcast.postgres import PostgresMedium
from fieldstone.engine.settings import Settings
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)


def build_broadcast(settings: Settings, database: Database, default_workspace: UUID) -> Broadcast:
    """Return the broadcast of the processes on this database; the id of its first workspace tells it from others."""
    return Broadcast(_choose_medium(settings, database), f"fieldstone_{default_workspace.hex}")


def _choose_medium(settings: Settings, database: Database) -> Medium | None:
    if settings.broadcast_url is not None:
        # What is not asked for need not be installed.
        from fieldstone.engine.broadcast.redis import RedisMedium  # noqa: PLC0415 - the package redis is an extra

        return RedisMedium(settings.broadcast_url)
    if not settings.prepare_statements and settings.listen_url is None:
        _LOG.warning(
            "DATABASE_URL leads to a pooler, through which there is no LISTEN: what other processes do is noticed up to"
            " a second later. FIELDSTONE_LISTEN_URL takes an address without the pooler"
        )
        return None
    return PostgresMedium(database=database, address=settings.listen_url)
