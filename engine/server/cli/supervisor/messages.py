"""The supervisor's own lines in the log, which none of its work waits for."""

import contextlib
import os
import select
from typing import Final

from fieldstone.engine.server.log_lines import Log

_STANDARD_ERROR: Final = 2


class Messages(Log):
    """Writes lines to standard error, laid out for a reader until the settings are known."""

    def __init__(self) -> None:
        super().__init__(_put, is_json=False)

    def say(self, sentence: str) -> None:
        """Write the sentence that a command ends with."""
        _put(f"fieldstone: {sentence}")


def _put(line: str) -> None:
    # A reader of standard error that hangs or has gone must not hold up or end the supervisor: the line is dropped.
    waiting = select.poll()
    waiting.register(_STANDARD_ERROR, select.POLLOUT)
    if waiting.poll(0):
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, line.encode("utf-8", "backslashreplace") + b"\n")
