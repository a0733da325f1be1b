"""Hints between processes: that there is something new, and where. The log is the truth; a hint may get lost."""

from collections.abc import Callable
from typing import Protocol

TOPIC = "events"
"""What hints about the log are published under: the newest position, in decimal."""


class Hints(Protocol):
    """Carries small texts to the other processes."""

    def on(self, topic: str, callback: Callable[[str], None]) -> None:
        """Have `callback` called with each text that another process publishes under a topic."""

    def on_gap(self, callback: Callable[[], None]) -> None:
        """Have `callback` called when texts may have been lost."""

    def publish(self, topic: str, payload: str) -> None:
        """Tell the other processes, sooner or later, or not at all."""


class NoHints:
    """Where there is nothing that carries them: every process looks at the log by itself."""

    def on(self, topic: str, callback: Callable[[str], None]) -> None:
        """Nothing is ever heard."""

    def on_gap(self, callback: Callable[[], None]) -> None:
        """What is never heard is never lost."""

    def publish(self, topic: str, payload: str) -> None:
        """Nobody is told."""
