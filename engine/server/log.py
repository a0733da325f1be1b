"""The log: one structured line for each event of the server, on standard error."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from uuid import uuid4

from fieldstone.engine.server.log_lines import Form, exception_of, stamp, write_colored, write_json, write_plain
from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.settings import LogFormat, LogLevel, Settings
from fieldstone.engine.settings.unknown import find_unknown_settings

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


hold_line = LOG_QUEUE.hold
flush_log = LOG_QUEUE.flush


class Log:
    """A log of its own, which leaves the configuration of a host application's logging alone.

    Args:
        form: writes a line.
        least: the least severe level that is written.
        worker: the number of the worker, where there are several; each line has it.
    """

    def __init__(self, form: Form, least: int, worker: int | None) -> None:
        self._form = form
        self._least = least
        self._always = _number(worker)

    def debug(self, event: str, **facts: object) -> None:
        """Log the step of a search for a fault."""
        self._write(logging.DEBUG, "debug", event, facts)

    def info(self, event: str, **facts: object) -> None:
        """Log an event that is as it should be."""
        self._write(logging.INFO, "info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Log an event that an operator should look into."""
        self._write(logging.WARNING, "warning", event, facts)

    def error(self, event: str, *, exc_info: BaseException | None = None, **facts: object) -> None:
        """Log a failure, with the traceback of its error if there is one."""
        self._write(logging.ERROR, "error", event, facts, exc_info)

    def _write(
        self, severity: int, level: str, event: str, facts: Mapping[str, object], error: BaseException | None = None
    ) -> None:
        if severity >= self._least:
            LOG_QUEUE.msg(self._form({**self._always, **facts, "event": event, **stamp(level), **exception_of(error)}))


def build_log(settings: Settings, worker: int | None = None) -> Log:
    """Return a log in the settings' format."""
    log = Log(_form(settings), _LEVELS[settings.log_level], worker)
    LOG_QUEUE.report = lambda lines: log.error("log lines were dropped: standard error was not read", lines=lines)
    return log


def _number(worker: int | None) -> dict[str, int]:
    return {} if worker is None else {"worker": worker}


def log_unknown_settings(log: Log) -> None:
    """Log the variables of the environment that look like settings and are none."""
    for sentence in find_unknown_settings(os.environ):
        log.warning("unknown setting", reason=sentence)


class _QueueStream:
    """The queue as a stream, for the log lines of libraries."""

    def write(self, text: str) -> None:
        LOG_QUEUE.msg(text.removesuffix("\n"))


class _Formatter(logging.Formatter):
    """Formats the lines that libraries log."""

    def __init__(self, form: Form, worker: int | None) -> None:
        super().__init__()
        self._form = form
        self._always = _number(worker)

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        return self._form(
            {
                **self._always,
                "event": record.getMessage(),
                **stamp(record.levelname.lower()),
                "logger": record.name,
                **exception_of(error),
            }
        )


def route_standard_logging(settings: Settings, worker: int | None = None) -> None:
    """Write the lines that libraries log through `logging` like our own: for the command, which owns the process."""
    handler = logging.StreamHandler(_QueueStream())
    handler.setFormatter(_Formatter(_form(settings), worker))
    logging.basicConfig(handlers=[handler], level=_LEVELS[settings.log_level], force=True)
    # At the end of its drain time the server cancels the requests in progress, and says how many.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _is_cancellation(record))
    # Their informational lines repeat ours.
    for chatty in ("uvicorn", "uvicorn.error", "psycopg", "psycopg.pool", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, _LEVELS[settings.log_level]))


def _is_cancellation(record: logging.LogRecord) -> bool:
    return record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError


def report_unexpected(log: Log, error: BaseException, *, request_id: str | None = None) -> str:
    """Log an unexpected error, and return the id of its line: a client gets the id only.

    Args:
        log: the one to write to.
        error: the unexpected error.
        request_id: the id of the request that it ended; None if it ended none.
    """
    error_id = uuid4().hex
    of_request = {} if request_id is None else {"request_id": request_id}
    log.error("unexpected error", id=error_id, **of_request, exc_info=error)
    return error_id


def logs_requests(settings: Settings) -> bool:
    """Return whether lines that inform are written at all."""
    return _LEVELS[settings.log_level] <= logging.INFO


def logs_json(settings: Settings) -> bool:
    """Return whether a line is a JSON object, and not laid out for a reader."""
    chosen = settings.log_format or (LogFormat.CONSOLE if settings.is_development else LogFormat.JSON)
    return chosen is LogFormat.JSON


def _form(settings: Settings) -> Form:
    if logs_json(settings):
        return write_json
    return write_colored if sys.stderr.isatty() else write_plain
