"""The supervisor's own lines in the log, in the form that the lines of workers have."""

import contextlib
import json
import os
import select
from datetime import UTC, datetime
from typing import Final

_STANDARD_ERROR: Final = 2


class Messages:
    """Writes lines to standard error.

    Attributes:
        is_json: whether a line is a JSON object, and not laid out for a reader.
    """

    is_json = False

    def info(self, event: str, **facts: object) -> None:
        """Write a line that informs."""
        self._write("info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Write a line about a fault that was dealt with."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Write a line about a fault."""
        self._write("error", event, facts)

    def say(self, sentence: str) -> None:
        """Write the sentence that a command ends with."""
        self._put(f"fieldstone: {sentence}")

    def _write(self, level: str, event: str, facts: dict[str, object]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if self.is_json:
            self._put(json.dumps({**facts, "event": event, "level": level, "timestamp": now}))
        else:
            shown = " ".join(f"{name}={value}" for name, value in facts.items())
            self._put(f"{now} [{level:<9}] {event:<30} {shown}".rstrip())

    @staticmethod
    def _put(line: str) -> None:
        # A reader of standard error that hangs or has gone must not hold up or end the supervisor: the line is dropped.
        waiting = select.poll()
        waiting.register(_STANDARD_ERROR, select.POLLOUT)
        if waiting.poll(0):
            with contextlib.suppress(OSError):
                os.write(_STANDARD_ERROR, line.encode("utf-8", "backslashreplace") + b"\n")
