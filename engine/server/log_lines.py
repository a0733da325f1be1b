"""The two forms of a log line: a JSON object, or columns for a reader."""

import json
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Facts: TypeAlias = Mapping[str, Any]
"""The members of a line: `event`, `level` and `timestamp`, and perhaps `logger`, `exception` and others."""

Form: TypeAlias = Callable[[Facts], str]

_RESET, _BOLD, _DIM, _CYAN, _MAGENTA, _BLUE = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[35m", "\x1b[34m"
_COLORS = {"debug": "\x1b[32m", "info": "\x1b[32m", "warning": "\x1b[33m"}
_RED = "\x1b[31m"
_WIDTH = 30
_QUOTED = frozenset(" \t=\r\n\"'")


def stamp(level: str) -> dict[str, str]:
    """Return the level of a line, and the time of now."""
    return {"level": level, "timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")}


def exception_of(error: BaseException | None) -> dict[str, str]:
    """Return the traceback of an error as a member of a line, if there is one."""
    return {} if error is None else {"exception": "".join(traceback.format_exception(error)).rstrip("\n")}


def write_json(facts: Facts) -> str:
    """Return a line as a JSON object; a value that is not of JSON is shown as Python shows it."""
    return json.dumps(facts, default=repr)


def write_plain(facts: Facts) -> str:
    """Return a line in columns."""
    return _write_columns(facts, lambda text, *_codes: text)


def write_colored(facts: Facts) -> str:
    """Return a line in columns, colored for a terminal."""
    return _write_columns(facts, lambda text, *codes: f"{''.join(codes)}{text}{_RESET}")


def _write_columns(facts: Facts, paint: Callable[..., str]) -> str:
    others = dict(facts)
    timestamp, level, event = (others.pop(name) for name in ("timestamp", "level", "event"))
    logger, exception = others.pop("logger", None), others.pop("exception", None)
    columns = [
        paint(timestamp, _DIM),
        f"[{paint(f'{level:9}', _COLORS.get(level, _RED), _BOLD)}]",
        paint(f"{event:{_WIDTH}}", _BOLD),
        *(() if logger is None else (f"[{paint(logger, _BOLD, _BLUE)}]",)),
        *(f"{paint(name, _CYAN)}={paint(_shown(others[name]), _MAGENTA)}" for name in sorted(others)),
    ]
    return " ".join(columns).rstrip() + ("" if exception is None else f"\n{exception}")


def _shown(value: object) -> str:
    return value if isinstance(value, str) and not _QUOTED & set(value) else repr(value)
