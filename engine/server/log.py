"""The log: one structured line for each event of the server, on standard error."""

import asyncio
import logging
import os
import sys
from typing import TypeAlias
from uuid import uuid4

import structlog
from structlog.typing import Processor

from fieldstone.engine.server.log_queue import LOG_QUEUE
from fieldstone.engine.settings import LogFormat, LogLevel, Settings
from fieldstone.engine.settings.unknown import find_unknown_settings

Log: TypeAlias = structlog.typing.FilteringBoundLogger

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


hold_line = LOG_QUEUE.hold
flush_log = LOG_QUEUE.flush


def build_log(settings: Settings, worker: int | None = None) -> Log:
    """Return a log of its own, which leaves the configuration of a host application's logging alone.

    Each line has the number of the worker that writes it, if there are several.
    """
    log: Log = structlog.wrap_logger(
        LOG_QUEUE,
        processors=[*_shared(worker), *_final(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.log_level]),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    LOG_QUEUE.report = lambda lines: log.error("log lines were dropped: standard error was not read", lines=lines)
    return log


def log_unknown_settings(log: Log) -> None:
    """Log the variables of the environment that look like settings and are none."""
    for sentence in find_unknown_settings(os.environ):
        log.warning("unknown setting", reason=sentence)


class _QueueStream:
    """The queue as a stream, for the log lines of libraries."""

    def write(self, text: str) -> None:
        LOG_QUEUE.msg(text.removesuffix("\n"))


def route_standard_logging(settings: Settings, worker: int | None = None) -> None:
    """Write the lines that libraries log through `logging` like our own: for the command, which owns the process."""
    handler = logging.StreamHandler(_QueueStream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(worker), structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_final(settings)],
        )
    )
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


def _shared(worker: int | None) -> list[Processor]:
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    return shared if worker is None else [lambda _log, _method, event: {"worker": worker, **event}, *shared]


def logs_requests(settings: Settings) -> bool:
    """Return whether lines that inform are written at all."""
    return _LEVELS[settings.log_level] <= logging.INFO


def logs_json(settings: Settings) -> bool:
    """Return whether a line is a JSON object, and not laid out for a reader."""
    chosen = settings.log_format or (LogFormat.CONSOLE if settings.is_development else LogFormat.JSON)
    return chosen is LogFormat.JSON


def _final(settings: Settings) -> list[Processor]:
    if not logs_json(settings):
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
