"""Pauses between the lines of the log about a failure that comes again with each try."""

import time
from typing import Final

SECONDS: Final = 10.0
"""The least seconds between two such lines."""


class LogPause:
    """The pauses behind the lines of one kind: one for each kind of error, as another error is news."""

    def __init__(self) -> None:
        self._until: dict[object, float] = {}

    def begin(self, error: Exception | None = None) -> bool:
        """Begin the pause, and return True for the line before it; return False while it lasts.

        Errors are alike if they have one class and one SQLSTATE: numbers in their texts may be others each time.
        """
        now, kind = time.monotonic(), (type(error), getattr(error, "sqlstate", None))
        if now < self._until.get(kind, now):
            return False
        self._until[kind] = now + SECONDS
        return True
