"""Pauses between the lines of the log about a failure that comes again with each try."""

import time
from typing import Final

SECONDS: Final = 10.0
"""The least seconds between two such lines."""


class LogPause:
    """The pause behind a line of one kind."""

    def __init__(self) -> None:
        self._until = float("-inf")

    def begin(self) -> bool:
        """Begin the pause, and return True for the line before it; return False while it lasts."""
        now = time.monotonic()
        if now < self._until:
            return False
        self._until = now + SECONDS
        return True
