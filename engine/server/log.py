"""The log: one structured line for each event of the server, on standard error."""

import asyncio
import logging
import os
import sys
import time
from uuid import uuid4

from fieldstone.engine.server.log_lines import SEVERITIES, Log
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.settings import LogFormat, LogLevel, Settings
from fieldstone.engine.settings.unknown import find_unknown_settings
from fieldstone.sql.concurrency.log_pause import SECONDS
from fieldstone.sql.errors import PermissionDenied, StaleSchema

_LOST = "fieldstone doctor names each table, column and privilege that is lost, with its repair"
_LOSSES: dict[tuple[Log, str], tuple[str, float]] = {}
"""The ids of the lines about losses, by log and message, each with the moment until which no other line is written."""

hold_line = LOG_QUEUE.hold
flush_log = LOG_QUEUE.flush


def build_log(settings: Settings, worker: int | None = None) -> Log:
    """Return a log of its own, which leaves the configuration of a host application's logging alone.

    Each line has the number of the worker that writes it, if there are several.
    """
    log = Log(
        LOG_QUEUE.msg,
        is_json=logs_json(settings),
        has_colors=sys.stderr is not None and sys.stderr.isatty(),
        level=settings.log_level.value,
        first={} if worker is None else {"worker": worker},
    )
    LOG_QUEUE.report = lambda lines: log.error("log lines were dropped: standard error was not read", lines=lines)
    return log


def log_unknown_settings(log: Log) -> None:
    """Log the variables of the environment that look like settings and are none."""
    for sentence in find_unknown_settings(os.environ):
        log.warning("unknown setting", reason=sentence)


class _LibraryLines(logging.Handler):
    """Writes the lines that libraries log through `logging`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        error = record.exc_info[1] if record.exc_info else None
        try:
            self._log.write(record.levelname.lower(), record.getMessage(), {}, logger=record.name, error=error)
        except Exception:  # noqa: BLE001 - a library's mistake in a line must not end its work
            self.handleError(record)


def route_standard_logging(settings: Settings, worker: int | None = None) -> None:
    """Write the lines that libraries log through `logging` like our own: for the command, which owns the process."""
    least = SEVERITIES[settings.log_level.value]
    logging.basicConfig(handlers=[_LibraryLines(build_log(settings, worker))], level=least, force=True)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _is_expected(record))
    # Their informational lines repeat ours.
    for chatty in ("uvicorn", "uvicorn.error", "psycopg", "psycopg.pool", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, least))


def _is_expected(record: logging.LogRecord) -> bool:
    """Return whether a line of uvicorn with a traceback is about no fault of the server.

    At the end of its drain time the server cancels the requests in progress, and says how many. A socket whose client
    sends text that is no UTF-8 is closed with 1007.
    """
    kind = None if record.exc_info is None else record.exc_info[0]
    is_text = kind is UnicodeDecodeError and record.getMessage().startswith("Invalid UTF-8 sequence received")
    return kind is asyncio.CancelledError or is_text


def report_unexpected(log: Log, error: BaseException, *, request_id: str | None = None) -> str:
    """Log an unexpected error, and return the id of its line: a client gets the id only.

    A lost table, column or privilege fails each request that needs it, so that its line stands for all of them for some
    seconds, and they have its id.

    Args:
        log: the one to write to.
        error: the unexpected error.
        request_id: the id of the request that it ended; None if it ended none.
    """
    error_id = uuid4().hex
    facts: dict[str, object] = {"id": error_id} if request_id is None else {"id": error_id, "request_id": request_id}
    if isinstance(error, StaleSchema | PermissionDenied):
        now, loss = time.monotonic(), (log, error.message)
        for old in [one for one, (_, until) in _LOSSES.items() if until <= now]:
            del _LOSSES[old]
        if loss in _LOSSES:
            return _LOSSES[loss][0]
        _LOSSES[loss] = error_id, now + SECONDS
        facts |= {"reason": error.message, "hint": _LOST}
    log.write("error", "unexpected error", facts, error=error)
    return error_id


def logs_requests(settings: Settings) -> bool:
    """Return whether lines that inform are written at all."""
    return settings.log_level in {LogLevel.DEBUG, LogLevel.INFO}


def logs_json(settings: Settings) -> bool:
    """Return whether a line is a JSON object, and not laid out for a reader."""
    chosen = settings.log_format or (LogFormat.CONSOLE if settings.is_development else LogFormat.JSON)
    return chosen is LogFormat.JSON
