"""`fieldstone status`: the state of a database and of the processes that serve it, which it changes in no way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import psycopg
import typer
from psycopg.rows import dict_row

from fieldstone.engine.server.cells.fleet import Away, ask_cells
from fieldstone.engine.server.cells.settings import choose_cell
from fieldstone.engine.server.cli.command_error import DifferenceFound
from fieldstone.engine.server.foundation import address, open_database
from fieldstone.engine.settings import Settings
from fieldstone.engine.version import VERSION
from fieldstone.metadata.catalog.migrate import MIGRATIONS, read_applied, require_applied
from fieldstone.metadata.errors import CatalogMismatch
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.shown_text import escape
from fieldstone.sql.queries import read_queries

_STATUS: Final = read_queries(__name__)
_MEBIBYTE: Final = 1 << 20
_MOST_SHOWN: Final = 50
"""Lines of a kind."""

Rows = list[dict[str, Any]]


async def status(settings: Settings, *, as_json: bool = False, cell: str | None = None) -> None:
    """Print the state, as lines or as one JSON object; that of all cells by name, if there are cells and none is named.

    Raises:
        UnknownObject: there is no such cell.
        DifferenceFound: migrations are missing, the catalog is not for this program, a build has failed, or a cell of
            several is away.
    """
    if settings.cells and cell is None:
        await _show_cells(settings, as_json=as_json)
        return
    state = await _find(choose_cell(settings, cell))
    _show(state, as_json=as_json)
    if state["problems"]:
        raise DifferenceFound("; ".join(state["problems"]))


async def _show_cells(settings: Settings, *, as_json: bool) -> None:
    states: dict[str, dict[str, Any]] = {}
    answers = await ask_cells(settings, lambda _cell, few: _find(few))
    for cell, answer in zip(settings.cells, answers, strict=True):
        if isinstance(answer, Away):
            states[cell.name] = {"problems": [f"it cannot be reached: {answer.reason}"]}
            continue
        states[cell.name] = answer
        if not as_json:
            typer.echo(f"The cell {cell.name}:")
            _show(answer, as_json=False)
    if as_json:
        _show({"cells": states}, as_json=True)
    if problems := [f"the cell {name}: {one}" for name, state in states.items() for one in state["problems"]]:
        raise DifferenceFound("; ".join(problems))


def _show(state: dict[str, Any], *, as_json: bool) -> None:
    for line in [dumps(state)] if as_json else map(escape, _lines(state)):
        typer.echo(line)


async def _find(settings: Settings) -> dict[str, Any]:
    async with (
        address(settings, only_reads=True) as (dsn, _),
        open_database(settings, dsn) as database,
        database.session() as connection,
    ):
        return await _read(connection)


async def _read(connection: psycopg.AsyncConnection) -> dict[str, Any]:
    (database,) = await _rows(connection, "status_of_database")
    known = MIGRATIONS[-1].version
    state: dict[str, Any] = {
        "version": VERSION,
        "database": database,
        "problems": [],
    }
    applied = await read_applied(connection)
    pending = [one.version for one in MIGRATIONS if one.version not in (applied or {})]
    state["catalog"] = {"version": max(applied or {}, default=None), "known": known, "pending": pending}
    try:
        require_applied(applied)
    except CatalogMismatch as error:
        return {**state, "problems": [str(error)]}
    builds = await _rows(connection, "status_of_builds")
    (events,) = await _rows(connection, "status_of_events")
    failed = [f"{one['kind']} {one['name']} of {one['workspace']}" for one in builds if one["status"] == "FAILED"]
    return {
        **state,
        "workspaces": await _rows(connection, "status_of_workspaces"),
        "processes": await _rows(connection, "status_of_processes"),
        "events": events,
        "builds": builds,
        "problems": [f"a build has failed: {name}" for name in failed],
    }


async def _rows(connection: psycopg.AsyncConnection, query: str) -> Rows:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_STATUS[query])
        return [{name: _shown(value) for name, value in row.items()} for row in await cursor.fetchall()]


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _lines(state: Mapping[str, Any]) -> list[str]:
    database, catalog = state["database"], state["catalog"]
    of_ours = f"{database['fieldstone_connections']} of Fieldstone in this database"
    lines = [
        f"Fieldstone   {state['version']}",
        f"database     {database['name']}, {database['bytes'] / _MEBIBYTE:.0f} MiB, PostgreSQL {database['server']}",
        f"connections  {database['connections']} of {database['most_connections']}, {of_ours}",
        f"catalog      version {catalog['version'] or 0} of {catalog['known']}",
    ]
    if "events" not in state:
        return lines
    lines += _indent("processes", [f"{one['address']}, since {one['since']}" for one in state["processes"]])
    models = [f"{one['name']}: model {one['version']}, objects {one['objects']}" for one in state["workspaces"]]
    keys = [f", keys {one['keys']}" for one in state["workspaces"]]
    lines += _indent("workspaces", [model + count for model, count in zip(models, keys, strict=True)])
    events = state["events"]
    staged = f"{events['staged']} staged, since {events['staged_seconds']:.1f} s"
    waiting = f"{events['deliveries']} wait, since {events['delivery_seconds']:.1f} s"
    lines += [
        f"events       {events['position']} in the log, {events['behind']} before the webhooks; {staged}",
        f"deliveries   {waiting}; disabled webhooks {events['disabled_webhooks']}",
    ]
    builds = [f"{one['status']}: {one['kind']} {one['name']} of {one['workspace']}" for one in state["builds"]]
    return lines + _indent("builds", builds)


def _indent(title: str, lines: list[str]) -> list[str]:
    shown = lines[:_MOST_SHOWN]
    if len(lines) > _MOST_SHOWN:
        shown.append(f"and {len(lines) - _MOST_SHOWN} more, which --json shows")
    return [f"{title:<13}{len(lines)}", *(f"{'':<13}{line}" for line in shown)]
