"""A signal: an event in one part of a process, which others hear of.

A part connects the signals that it hears where it is made or opened; the givers know none of their listeners.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from functools import partial
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Signal(Generic[P]):
    """Called when it happens; calls its listeners in the order in which they were connected."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[P, object]] = {}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call all listeners; one that raises keeps the call from those behind it."""
        for listener in tuple(self._listeners.values()):
            listener(*args, **kwargs)

    def call_soon(self, loop: AbstractEventLoop, *args: P.args, **kwargs: P.kwargs) -> None:
        """Have the loop call each listener by itself: one that raises harms no other."""
        for listener in self._listeners.values():
            loop.call_soon(partial(listener, *args, **kwargs))

    def connect(self, listener: Callable[P, object]) -> Callable[[], None]:
        """Have `listener` called from now on; the function that is returned ends that, once or more."""
        # One listener may be connected twice, and one of thousands must be found at once.
        connection = object()
        self._listeners[connection] = listener

        def disconnect() -> None:
            self._listeners.pop(connection, None)

        return disconnect
