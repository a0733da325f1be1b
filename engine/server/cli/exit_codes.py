"""Failures as the person at the terminal sees them: one sentence with the way out, and an exit code.

The sentence follows `fieldstone: ` and begins with a small letter, because its first word may be a name.

0    done
1    it could not be done; the sentence says why
2    the command line is wrong, or a comparison has found a difference
130  Ctrl+C ended it
"""

import asyncio
import io
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec

import uvloop

from fieldstone.engine.server.cli.command_error import CommandError, DifferenceFound, Interrupted
from fieldstone.engine.settings import ConfigurationError, Settings, load_settings
from fieldstone.engine.settings.unknown import find_unknown_settings
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.json_text import unstorable
from fieldstone.metadata.shown_text import escape
from fieldstone.sql.errors import (
    DatabaseUnavailable,
    EmbeddedServerError,
    OutOfResources,
    PermissionDenied,
    ReadOnlyServer,
    SqlError,
    UnsupportedServer,
    WritesRefused,
)

P = ParamSpec("P")

DIFFERENT = 2
"""The exit code of a comparison that has found something."""

INTERRUPTED = 130
"""The exit code of a command that Ctrl+C has ended."""

_PATIENCE = 5.0
"""Seconds that a command waits for the database, unless the environment sets another limit."""


def run(work: Callable[Concatenate[Settings, P], Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do a command's work with the settings of the environment and these arguments, or end with an exit code.

    The work raises CommandError, MetadataError or SqlError where it cannot be done: there is no such workspace, its
    database cannot be had, or another reason, which the work's own docstring names.

    Raises:
        SystemExit: it could not be done.
    """
    run_server(lambda settings: work(settings, *args, **kwargs), has_log=False, is_patient=False)


def run_server(
    work: Callable[[Settings], Coroutine[Any, Any, None]],
    *,
    has_log: bool = True,
    is_patient: bool = True,
    **overrides: Any,
) -> None:
    """Do the work of a server, or end with a sentence and an exit code.

    Variables that are no settings are named first; a command that `has_log` names them there. One that `is_patient`
    waits for the database as long as a server does.

    Raises:
        SystemExit: it could not be done.
    """
    _show_every_character()
    if not has_log:
        for sentence in find_unknown_settings(os.environ):
            _say(sentence)
    try:
        settings = load_settings(**overrides)
    except ConfigurationError as error:
        _fail(str(error))
    if not is_patient and "startup_timeout" not in settings.model_fields_set:
        settings = settings.model_copy(update={"startup_timeout": _PATIENCE})
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(settings))
        sys.stdout.flush()
    except DifferenceFound as error:
        _fail(explain(error, settings), code=DIFFERENT)
    except (CommandError, SqlError, MetadataError) as error:
        _fail(explain(error, settings))
    except UnicodeEncodeError as error:
        # Python keeps the bytes of an argument that are no UTF-8 as halves of characters, which a file's name may have.
        if has_log or not unstorable(error.object):
            raise
        _fail(f"{error.object!r} is not UTF-8.")
    except OSError as error:
        # Click ends a command quietly whose reader has gone, and a server has a log.
        if has_log or isinstance(error, ConnectionError | TimeoutError):
            raise
        _fail(f"{error.filename or 'the output'} cannot be used: {error.strerror or error}.")
    except (KeyboardInterrupt, Interrupted):
        sys.exit(INTERRUPTED)


def _show_every_character() -> None:
    """Have characters that the output's encoding lacks written as escapes, so that no name ends a command."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower().replace("-", "") != "utf8":
        sys.stdout.reconfigure(errors="backslashreplace")


def _fail(sentence: str, *, code: int = 1) -> NoReturn:
    _say(sentence)
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try once more at its end, and print that it failed.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it ends with the process
    sys.exit(code)


def _say(sentence: str) -> None:
    sys.stderr.write(escape(f"fieldstone: {sentence}") + "\n")


def explain(error: Exception, settings: Settings) -> str:
    """Return the sentence about an error of a command with these settings, with the way out."""
    reason = " ".join(str(error).split()).rstrip(".?!")
    match error:
        case DatabaseUnavailable() if "unsupported startup parameter" in reason:
            return f"{reason}. For pgbouncer in transaction mode set FIELDSTONE_PREPARE_STATEMENTS=false."
        case ReadOnlyServer():
            address = "FIELDSTONE_CELLS" if settings.cells else "DATABASE_URL"
            return f"{address} leads to a standby, which takes no writes: name the primary."
        case WritesRefused():
            return f"{reason}. Try again when it takes writes."
        case OutOfResources():
            return f"{reason}. Give PostgreSQL more room on its disk, memory, locks or connections, then try again."
        case DatabaseUnavailable() if settings.main_database_url is not None:
            return (
                f"{reason}. Check DATABASE_URL and that the server runs, or unset DATABASE_URL to use"
                " Fieldstone's own PostgreSQL."
            )
        case PermissionDenied():
            return (
                f"{reason}. The user of DATABASE_URL must own the database or have been granted CREATE on"
                " it, and must be the one that has made Fieldstone's schemas there, if they are there already."
            )
        case UnsupportedServer():
            return f"{reason}: set DATABASE_URL to such a server, or unset it to use Fieldstone's own."
        case EmbeddedServerError():
            return f"{reason}. FIELDSTONE_DATA_DIR names another folder, DATABASE_URL another server."
        case _:
            return f"{reason}."
