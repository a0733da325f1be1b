"""The queue in front of standard error, so that no caller waits for the log's reader."""

import asyncio
import atexit
import contextlib
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO

_LINGER = 0.05
"""Seconds for which lines are held back at most, to be written together: a system call for each would be felt."""

_MOST_CHARACTERS = 4 << 20
"""Characters that wait at most while nobody reads; as many again are being written."""

_FAREWELL = 2.0
"""Seconds for which the end of the process waits until the last lines are written."""


class LogQueue:
    """Lines on their way to standard error, in order, bounded, and written by a thread.

    Standard error may be a pipe whose reader hangs: a write then takes for ever, and only the thread waits for it.
    Lines that find no room are counted, and the log says how many they were as soon as it is read again.

    Args:
        most: characters that wait at most.

    Attributes:
        dropped: lines that were not written, since the process began.
        report: logs how many lines were lost since it was last called; called by the thread.
    """

    def __init__(self, most: int = _MOST_CHARACTERS) -> None:
        self.report: Callable[[int], object] = lambda _lines: None
        self._most = most
        self._begin()

    def _begin(self) -> None:
        self.dropped = 0
        self._reported = 0
        self._lines: deque[str] = deque()
        # A caller takes from it, and the thread refills it when it has emptied the queue: a lock would cost too much.
        self._room = self._most
        self._is_due = False
        self._due = threading.Event()
        self._flushes: deque[threading.Event] = deque()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def msg(self, message: str) -> None:
        """Write a line as soon as the thread gets to it."""
        self._put(message)
        self._is_due = True
        self._wake()

    def hold(self, message: str) -> None:
        """Write a line in a moment, with those that come until then; call it on a running loop."""
        self._put(message)
        if not self._is_due:
            self._is_due = True
            self._start()
            asyncio.get_running_loop().call_later(_LINGER, self._due.set)

    def flush(self, limit: float = _FAREWELL) -> bool:
        """Wait until all lines so far are written, for `limit` seconds at most; return whether they are."""
        if self._lines:
            self._start()
        if self._thread is None:
            return not self._lines
        flushed = threading.Event()
        self._flushes.append(flushed)
        self._due.set()
        return flushed.wait(limit)

    def forget(self) -> None:
        """Begin again in a forked process: the lines are the parent's, and the thread has stayed there."""
        self._begin()

    def _put(self, message: str) -> None:
        room = self._room - len(message)
        if room < 0:
            self.dropped += 1
            return
        self._room = room
        self._lines.append(message)

    def _wake(self) -> None:
        self._start()
        self._due.set()

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                # As a daemon it cannot keep the process from ending, whatever it waits for.
                thread = threading.Thread(target=self._run, name="fieldstone log", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # The system has no memory or room for a thread now: the next line tries again.
                    self._is_due = False
                    return
                self._thread = thread

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            self._is_due = False
            flushes = _take_all(self._flushes)
            lines = _take_all(self._lines)
            self._room = self._most
            if lines:
                self._write(lines)
            for flushed in flushes:
                flushed.set()

    def _write(self, lines: list[str]) -> None:
        try:
            _write_out(sys.stderr, "\n".join(lines) + "\n")
        except (OSError, ValueError):
            # Without standard error there is nobody to tell.
            self.dropped += len(lines)
            return
        if (lost := self.dropped - self._reported) > 0:
            self._reported += lost
            self.report(lost)


def _take_all(waiting: "deque[Any]") -> list[Any]:
    taken = []
    with contextlib.suppress(IndexError):
        while True:
            taken.append(waiting.popleft())
    return taken


def _write_out(stream: TextIO | None, text: str) -> None:
    """Write to the standard error of the moment.

    The stream's own lock would be held while a write waits, and Python aborts at its end where a thread holds that.
    """
    if stream is None:
        raise ValueError("there is no standard error")
    try:
        descriptor = stream.fileno()
    except (io.UnsupportedOperation, AttributeError):
        stream.write(text)
        stream.flush()
        return
    rest = memoryview(text.encode("utf-8", "backslashreplace"))
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            writable = select.poll()
            writable.register(descriptor, select.POLLOUT)
            writable.poll()


LOG_QUEUE = LogQueue()
"""One for the process, whose standard error it is: all lines keep their order."""
atexit.register(LOG_QUEUE.flush)
os.register_at_fork(after_in_child=LOG_QUEUE.forget)
