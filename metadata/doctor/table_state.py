"""Drift of tables beside their parts: durability, owners, row security, triggers and rules, each with its repair."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from psycopg.sql import SQL, Identifier

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.sql.ddl.names import name_sql, table_sql
from fieldstone.sql.plan.elements import Table

Triggers = Mapping[tuple[str, str], str]
"""The statements that make triggers, by table and name."""

_NONE: Final[Triggers] = MappingProxyType({})
_SET_LOGGED: Final = SQL("ALTER TABLE {} SET LOGGED")
_SHOW_ROWS: Final = SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
_SET_OWNER: Final = SQL("ALTER TABLE {} OWNER TO {}")
_SET_SCHEMA_OWNER: Final = SQL("ALTER SCHEMA {} OWNER TO {}")
_FOREIGN: Final = "belongs to {}, whose rights the user of Fieldstone has not"
_ENABLE: Final = SQL("ALTER TABLE {} ENABLE TRIGGER {}")
_DROP_TRIGGER: Final = SQL("DROP TRIGGER {} ON {}")
_DROP_RULE: Final = SQL("DROP RULE {} ON {}")


async def find_state_drift(connection: Session, schema: str, own: Triggers = _NONE) -> list[Drift]:
    """Return the differences of a schema and its tables that lose or hide rows, or refuse changes; change nothing.

    Args:
        connection: of the user that owns the tables.
        schema: that of a workspace, or of the catalog.
        own: the triggers that its tables are to have.
    """
    drifts: list[Drift] = []
    for owner, due_owner in await fetch(connection, "foreign_schema_owner", schema=schema):
        repair = _SET_SCHEMA_OWNER.format(Identifier(schema), Identifier(due_owner))
        drifts.append(Drift(finding=f"The schema {schema} {_FOREIGN.format(owner)}.", repair=repair.as_string()))
    for name, is_unlogged, hides_rows, owner, due_owner, triggers, disabled, rules in await fetch(
        connection, "table_states", schema=schema
    ):
        table = Table(schema=schema, name=name)
        if is_unlogged:
            repair = _SET_LOGGED.format(table_sql(table))
            drifts.append(_drift(table, "is not logged: a crash of the server empties it", repair.as_string()))
        if hides_rows:
            repair = _SHOW_ROWS.format(table_sql(table))
            drifts.append(_drift(table, "has row security, which may hide rows", repair.as_string()))
        if owner is not None:
            repair = _SET_OWNER.format(table_sql(table), Identifier(due_owner))
            drifts.append(_drift(table, _FOREIGN.format(owner), repair.as_string()))
        drifts += _compare_triggers(table, triggers, disabled, {key[1]: own[key] for key in own if key[0] == name})
        for rule in rules:
            repair = _DROP_RULE.format(name_sql(rule), table_sql(table))
            finding = f"has the rule {rule}, which may change or hide rows"
            drifts.append(_drift(table, finding, repair.as_string()))
    return drifts


def _compare_triggers(
    table: Table, found: Sequence[str], disabled: Sequence[str], own: Mapping[str, str]
) -> Iterator[Drift]:
    for name in found:
        if name not in own:
            repair = _DROP_TRIGGER.format(name_sql(name), table_sql(table))
            finding = f"has the trigger {name}, which may change or refuse rows"
            yield _drift(table, finding, repair.as_string())
        elif name in disabled:
            repair = _ENABLE.format(table_sql(table), name_sql(name))
            yield _drift(table, f"has its trigger {name} disabled", repair.as_string())
    for name, statement in own.items():
        if name not in found:
            yield _drift(table, f"has not got its trigger {name}", statement)


def _drift(table: Table, finding: str, repair: str) -> Drift:
    return Drift(finding=f"The table {table.name} {finding}.", repair=repair, table=table.name)
