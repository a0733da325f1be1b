"""Drift of the catalog: losses that no request notices, each with its repair."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from fieldstone.metadata.catalog.migrate import MIGRATIONS
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.table_state import find_state_drift

_CATALOG: Final = "fieldstone"
_CREATE_TRIGGER: Final = re.compile(rf"^CREATE TRIGGER (\w+)\s[^;]*?\sON {_CATALOG}\.(\w+)\s[^;]*", re.MULTILINE)
_PART: Final = re.compile(
    rf"^(?:CREATE (?:UNIQUE )?INDEX (?P<index>\w+) ON|ALTER TABLE) {_CATALOG}\.(?P<table>\w+)"
    r"(?: ADD CONSTRAINT (?P<constraint>\w+) (?P<kind>\w+))?.*(?=;$)",
    re.MULTILINE,
)
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
    drifts += _compare_parts(
        {(table, name): valid for table, name, valid in await fetch(connection, "catalog_structure")}
    )
    if not (await fetch(connection, "has_log_head"))[0][0]:
        finding = "The table log_head has not got its row: no event reaches the log."
        drifts.append(Drift(finding=finding, repair=_NEW_HEAD, table="log_head"))
    return drifts


def read_structure() -> str:
    """Return the statements that make the constraints and indexes of the newest catalog, a line each: keys first."""
    return files("fieldstone.metadata.catalog").joinpath("structure.sql").read_text()


def _compare_parts(found: Mapping[tuple[str, str], bool]) -> Iterator[Drift]:
    """Yield the drifts of constraints and indexes; `found` has their tables and names, and whether they are valid.

    Of a table that is there it has the name "", too.
    """
    lost: set[str] = set()
    for made in _PART.finditer(read_structure()):
        table, kind = made["table"], "index" if made["constraint"] is None else "constraint"
        name = made["constraint"] or made["index"]
        is_valid = found.get((table, name))
        if (table, "") not in found:
            if table not in lost:
                yield Drift(finding=f"The table {table} is not there: its rows are gone.", table=table)
            lost.add(table)
        elif is_valid is None:
            yield Drift(finding=f"The table {table} has not got its {kind} {name}.", repair=made[0], table=table)
        elif not is_valid:
            finding = f"The {kind} {name} of the table {table} is not valid: rows that it refuses may be there."
            yield Drift(finding=finding, repair=_validate(made), table=table)


def _validate(made: re.Match[str]) -> str:
    """Return the statement by which a constraint or an index that is there holds for all rows."""
    name = made["constraint"] or made["index"]
    match made["kind"]:
        case "CHECK":
            return f"ALTER TABLE {_CATALOG}.{made['table']} VALIDATE CONSTRAINT {name}"
        case "FOREIGN":
            # PostgreSQL takes one whose triggers are disabled for valid.
            return made[0].replace(" ADD ", f" DROP CONSTRAINT {name}, ADD ", 1)
        case _:
            return f"REINDEX INDEX {_CATALOG}.{name}"
