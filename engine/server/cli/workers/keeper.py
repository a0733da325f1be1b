"""The keeper: it prepares the database for the workers, and keeps all that must outlive each of them.

It reads the settings, starts the embedded PostgreSQL, brings the catalog up to date, fills in sample data and makes the
key of a development server. With an embedded PostgreSQL or such a key it stays until the last worker has ended: it
starts PostgreSQL again when that has died, stops it in the end, and revokes the key. Otherwise it ends when all is
prepared.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import uvloop

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.exit_codes import explain
from fieldstone.engine.server.cli.serving.development_key import development_key, revoke_left_keys
from fieldstone.engine.server.cli.serving.serve import no_key
from fieldstone.engine.server.cli.supervisor.board import Board
from fieldstone.engine.server.cli.supervisor.tasks import KeeperTask
from fieldstone.engine.server.cli.workers.connection_budget import require_cells, require_connections, share_connections
from fieldstone.engine.server.cli.workers.lifeline import on_end
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.server.log import build_log, flush_log, log_unknown_settings, logs_json, route_standard_logging
from fieldstone.engine.settings import ConfigurationError, Settings, load_settings
from fieldstone.metadata.errors import MetadataError
from fieldstone.sql.errors import SqlError

_LOOKS = 1.0
"""Seconds between two looks at the watch over the embedded PostgreSQL."""
_COMMON = MappingProxyType(
    {
        "data_dir": "DATABASE_URL or FIELDSTONE_DATA_DIR",
        "is_development": "FIELDSTONE_ENV",
        "metrics_port": "FIELDSTONE_METRICS_PORT",
    }
)
"""Variables in which workers that serve side by side must agree, by the names under which the supervisor has them."""


def run(text: str) -> int:
    """Do the task, and return the exit code."""
    task = KeeperTask.read(text)
    # Ctrl+C and a service manager reach all processes; the keeper's end is the last.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        settings = share_connections(load_settings(**task.given))
    except ConfigurationError as error:
        _report(task, failed=str(error))
        return 1
    route_standard_logging(settings)
    told = _told(settings)
    _report(task, settings=told)
    if (refusal := refuse_changes(task.running or told, told)) is not None:
        _report(task, failed=refusal)
        return 1
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(settings, task))
    except (CommandError, SqlError, MetadataError) as error:
        _report(task, failed=explain(error, settings))
        return 1
    except asyncio.CancelledError:
        return 0
    finally:
        flush_log()
    return 0


async def _work(settings: Settings, task: KeeperTask) -> None:
    keeping = asyncio.create_task(_keep(settings, task))
    on_end(task.lifeline, keeping.cancel)
    await keeping


async def _keep(settings: Settings, task: KeeperTask) -> None:
    log = build_log(settings)
    if task.stays:
        log_unknown_settings(log)
    is_development = settings.is_development
    # It has few statements of its own.
    few = load_settings(settings, pool_size=2, session_pool_size=2)
    async with open_foundation(few) as foundation:
        if settings.cells:
            await require_cells(settings)
        else:
            await require_connections(foundation.database, settings)
        if task.demo:
            await work.sample_data.fill_with_demo(foundation, settings)
        makes_key = task.running is None and is_development
        async with (
            development_key(foundation, log, has_console=settings.console, server=task.supervisor)
            if makes_key
            else no_key()
        ) as key:
            watch = foundation.embedded
            token, code = key or (None, None)
            _report(task, ready={"embedded": None if watch is None else watch.address, "key": token, "code": code})
            if not task.stays or (watch is None and not is_development):
                return
            try:
                await _stay(foundation, Board(task.board))
            finally:
                if is_development and not makes_key:
                    # The keeper before this one was killed, and has left the key of this start.
                    await revoke_left_keys(foundation, log, server=task.supervisor)


async def _stay(foundation: Foundation, board: Board) -> None:
    """Note the state of the embedded PostgreSQL until cancelled; the foundation watches over it."""
    while True:
        board.is_broken = foundation.embedded is not None and foundation.embedded.is_broken
        await asyncio.sleep(_LOOKS)


def _told(settings: Settings) -> Mapping[str, Any]:
    """Return the settings that the supervisor needs."""
    return {
        "host": settings.host,
        "port": settings.port,
        "metrics_port": settings.metrics_port,
        "data_dir": None if settings.main_database_url is not None else str(settings.data_dir),
        "is_development": settings.is_development,
        "is_json": logs_json(settings),
        "workers": settings.workers,
        "drain_timeout": settings.drain_timeout,
        "worker_timeout": settings.worker_timeout,
    }


def refuse_changes(running: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """Return the sentence about settings that a reload cannot change; None if they are those of the running workers."""
    changed = [variables for name, variables in _COMMON.items() if running[name] != told[name]]
    return f"{', '.join(changed)} can change with a new start only." if changed else None


def _report(task: KeeperTask, **message: object) -> None:
    os.write(task.report, json.dumps(message).encode() + b"\n")
