"""Counts the lines of Python that one callback of the event loop runs: its work, whatever the load of the machine."""

import asyncio
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest


class Longest:
    """The lines of the loop's longest callback so far."""

    def __init__(self) -> None:
        self.lines = 0

    def measure(self, run: Callable[[], None]) -> None:
        """Run a callback, and count its lines."""
        lines = 0

        def count(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal lines
            lines += event == "line"
            return count

        before = sys.gettrace()
        sys.settrace(count)
        try:
            run()
        finally:
            sys.settrace(before)
        self.lines = max(self.lines, lines)


def patch_handles(monkeypatch: pytest.MonkeyPatch) -> Longest:
    """Return the counter of all callbacks that run until the patches are undone."""
    found = Longest()
    run = asyncio.Handle._run
    monkeypatch.setattr(asyncio.Handle, "_run", lambda handle: found.measure(lambda: run(handle)))
    return found
