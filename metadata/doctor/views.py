"""Drift of the views of SQL roles: differences from the model, each with its repair."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace

from psycopg.sql import SQL

from fieldstone.metadata.catalog.queries import fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.tables import read_sql_schemas
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.sql_views.definition import SqlSchema, SqlView, build_views
from fieldstone.metadata.sql_views.rules import CompileRules
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import views
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table

_SCRATCH = "pg_temp"
_VIEWS_AT_ONCE = 100


@frozen
class _Stored:
    """A view as PostgreSQL has it."""

    definition: str
    options: tuple[str, ...]
    comment: str | None
    column_comments: tuple[str | None, ...]
    readers: frozenset[str]


async def find_view_drift(connection: Session, snapshot: Snapshot, compile_rules: CompileRules | None) -> list[Drift]:
    """Return the differences between the views of a workspace's SQL roles and its model; change nothing.

    A view whose table lacks a column is compared once the table is repaired. `compile_rules` is as `ViewRenewal` takes
    it.
    """
    drifts = [
        Drift(
            finding=f"The {'schema' if has_login else 'login'} of the SQL role {name} is not there:"
            f" `fieldstone sql-role drop {name}` and `create` make it again, with another password."
        )
        for name, has_login in await fetch(connection, "lost_sql_roles", workspace_id=snapshot.workspace.id)
    ]
    for schema in await read_sql_schemas(connection, snapshot):
        found = await _read_views(connection, schema.name)
        wanted = {view.view.name: view for view in build_views(snapshot, schema, compile_rules)}
        for name in found.keys() - wanted.keys():
            drop = views.drop_views([Table(schema=schema.name, name=name)]).as_string()
            drifts.append(Drift(finding=f"The view {schema.name}.{name} belongs to no object.", repair=drop))
        async for view, made in _make(connection, await _makeable(connection, snapshot, wanted.values())):
            there = found.get(view.view.name)
            expected = frozenset(schema.logins)
            if there is None or there != replace(made, readers=there.readers) or not expected <= there.readers:
                drifts.append(_differing(view, schema, is_there=there is not None))
    return drifts


async def repair_views(transaction: ModelTransaction) -> int:
    """Repair some of the views that differ from the model, and return the number of all that differed.

    Raises:
        psycopg.Error: PostgreSQL refused a statement.
    """
    drifts = await find_view_drift(transaction.connection, transaction.snapshot, transaction.views.compile_rules)
    repairs = [drift.repair for drift in drifts if drift.repair is not None]
    for repair in repairs[:_VIEWS_AT_ONCE]:
        await transaction.connection.execute(repair.encode(), prepare=False)
    return len(repairs)


def _differing(view: SqlView, schema: SqlSchema, *, is_there: bool) -> Drift:
    state = "is not as the model says" if is_there else "is not there"
    statements = (view.drop(), *view.create(schema.logins))
    return Drift(
        finding=f"The view {schema.name}.{view.view.name} {state}.",
        repair="; ".join(statement.as_string() for statement in statements),
    )


async def _makeable(connection: Session, snapshot: Snapshot, wanted: Collection[SqlView]) -> list[SqlView]:
    """Return the views whose tables have all columns that they need."""
    rows = await fetch(connection, "physical_columns", schema=snapshot.workspace.schema)
    there = {(table, column) for table, column, *_ in rows}
    return [view for view in wanted if view.needs <= there]


async def _make(connection: Session, wanted: list[SqlView]) -> AsyncIterator[tuple[SqlView, _Stored]]:
    """Yield the views as PostgreSQL writes them down: they are made, read and undone again."""
    for start in range(0, len(wanted), _VIEWS_AT_ONCE):
        some = wanted[start : start + _VIEWS_AT_ONCE]
        made = [
            statement
            for view in some
            for statement in replace(view, view=Table(schema=_SCRATCH, name=view.view.name)).create()
        ]
        async with connection.transaction(force_rollback=True):
            await connection.execute(SQL("; ").join(made), prepare=False)
            row = await fetch_one(connection, "scratch_schema")
            stored = await _read_views(connection, row[0] if row else "")
        for view in some:
            yield view, stored[view.view.name]


async def _read_views(connection: Session, schema: str) -> Mapping[str, _Stored]:
    return {
        name: _Stored(
            definition=definition,
            options=tuple(options),
            comment=comment,
            column_comments=tuple(comments),
            readers=frozenset(readers),
        )
        for name, definition, options, comment, comments, readers in await fetch(
            connection, "physical_views", schema=schema
        )
    }
