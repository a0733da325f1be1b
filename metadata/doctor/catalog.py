"""Drift of the catalog: losses that no request notices, each with its repair."""

import re
from typing import Final

from fieldstone.metadata.catalog.migrate import MIGRATIONS
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.drift import Drift
from fieldstone.metadata.doctor.table_state import find_state_drift

_CATALOG: Final = "fieldstone"
_CREATE_TRIGGER: Final = re.compile(rf"^CREATE TRIGGER (\w+)\s[^;]*?\sON {_CATALOG}\.(\w+)\s[^;]*", re.MULTILINE)
# Behind all positions that are still known: one that was given twice would hide an event from clients that resume.
_NEW_HEAD: Final = (
    "INSERT INTO fieldstone.log_head (position) SELECT greatest(0, (SELECT max(position) FROM fieldstone.event_log),"
    " (SELECT max(position) FROM fieldstone.log_consumer), (SELECT max(start_position) FROM fieldstone.webhook),"
    " (SELECT max(position) FROM fieldstone.webhook_delivery))"
)


async def find_catalog_drift(connection: Session) -> list[Drift]:
    """Return the differences of the catalog from its migrations that lose or hide rows; change nothing."""
    triggers = {
        (made[2], made[1]): made[0]
        for migration in MIGRATIONS
        for made in _CREATE_TRIGGER.finditer(migration.sql.decode())
    }
    drifts = await find_state_drift(connection, _CATALOG, triggers)
    if not (await fetch(connection, "has_log_head"))[0][0]:
        finding = "The table log_head has not got its row: no event reaches the log."
        drifts.append(Drift(finding=finding, repair=_NEW_HEAD, table="log_head"))
    return drifts
