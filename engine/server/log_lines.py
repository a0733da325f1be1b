"""The lines of the log: an event with its facts, as a JSON object or laid out for a reader.

A supervisor imports it, too: it knows neither the settings nor the queue.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from fieldstone.metadata.shown_text import escape

SEVERITIES: Final = MappingProxyType({"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50})
"""Those of `logging`, by the levels' names."""

_COLORS = {"debug": 32, "info": 32, "warning": 33}
_RED = 31
_BOLD, _DIM = 1, 2


class Log:
    """Writes lines; a fact that JSON does not know is written as its `repr`.

    Args:
        put: takes a line.
        is_json: whether a line is a JSON object, and not laid out for a reader.
        has_colors: whether a line that is laid out has colors.
        level: the least level that is written.
        first: the facts that each line begins with.
    """

    def __init__(
        self,
        put: Callable[[str], None],
        *,
        is_json: bool,
        has_colors: bool = False,
        level: str = "debug",
        first: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.is_json = is_json
        self._put = put
        self._has_colors = has_colors
        self._least = SEVERITIES[level]
        self._first = first

    def info(self, event: str, **facts: object) -> None:
        """Write a line that informs."""
        self.write("info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Write a line about a fault that was dealt with."""
        self.write("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Write a line about a fault."""
        self.write("error", event, facts)

    def write(
        self,
        level: str,
        event: str,
        facts: Mapping[str, object],
        *,
        logger: str | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Write a line unless its level is too low, with an error's traceback and a library's name."""
        if SEVERITIES.get(level, self._least) < self._least:
            return
        time = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        trace = None if error is None else "".join(traceback.format_exception(error)).rstrip()
        of_library = {} if logger is None else {"logger": logger}
        facts = {**self._first, **facts}
        if self.is_json:
            of_error = {} if trace is None else {"exception": trace}
            line = {**facts, "event": event, "level": level, "timestamp": time, **of_library, **of_error}
            self._put(json.dumps(line, default=repr))
        else:
            self._put(self._lay_out(time, level, event, {**of_library, **facts}, trace))

    def _lay_out(self, time: str, level: str, event: str, facts: Mapping[str, object], trace: str | None) -> str:
        shown = " ".join(f"{name}={_shown(value)}" for name, value in facts.items())
        color, text = _COLORS.get(level, _RED), f"{escape(event):<30}"
        if self._has_colors:
            time, level, text = _style(_DIM, time), _style(color, f"{level:<9}"), _style(_BOLD, text)
        line = f"{time} [{level:<9}] {text} {shown}".rstrip()
        return line if trace is None else f"{line}\n{trace}"


def _style(number: int, text: str) -> str:
    """Return a text with an attribute or a color of a terminal.

    https://ecma-international.org/publications-and-standards/standards/ecma-48/
    """
    return f"\x1b[{number}m{text}\x1b[0m"


def _shown(value: object) -> str:
    """Return a value as it stands in a line: where it ends, and that it drives no terminal, must be seen."""
    text = value if isinstance(value, str) else repr(value)
    return text if text.isprintable() and not {" ", "=", "'", '"'} & set(text) else repr(text)
