"""The log's queue: in order, bounded, counted, and never waited for."""

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fieldstone.engine.server.log_queue import LogQueue
from tests.waiting import eventually


class Stream(io.StringIO):
    """Standard error as another descriptor."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


@dataclass(slots=True)
class Pipe:
    """A pipe that stands for standard error, and that nobody reads but `read`."""

    ours: int
    theirs: int
    text: str = ""

    def read(self) -> str:
        """Return all that has come so far."""
        os.set_blocking(self.ours, False)
        try:
            while piece := os.read(self.ours, 1 << 20):
                self.text += piece.decode()
        except BlockingIOError:
            pass
        return self.text


@contextlib.contextmanager
def unread() -> Iterator[Pipe]:
    """Have standard error be a pipe for the block."""
    ours, theirs = os.pipe()
    before, sys.stderr = sys.stderr, Stream(theirs)
    try:
        yield Pipe(ours, theirs)
    finally:
        sys.stderr = before
        os.close(ours)
        os.close(theirs)


def test_lines_come_in_their_order() -> None:
    with unread() as pipe:
        queue = LogQueue()
        for number in range(500):
            queue.msg(f"line {number}")
        assert queue.flush()
        assert pipe.read().splitlines() == [f"line {number}" for number in range(500)]


@pytest.mark.parametrize("is_blocking", [True, False], ids=["a pipe", "a pipe that does not block"])
def test_a_reader_that_hangs_holds_nobody_up_and_is_told_in_the_end(is_blocking: bool) -> None:
    with unread() as pipe:
        os.set_blocking(pipe.theirs, is_blocking)
        queue = LogQueue(most=100_000)
        queue.report = lambda lines: queue.msg(f"lost {lines}")
        line = "x" * 999
        for _ in range(1_000):
            queue.msg(line)
        # More than is in the pipe and in the thread's hands cannot have found room.
        assert 500 < queue.dropped < 1_000
        assert not queue.flush(limit=0.05)
        lost = queue.dropped
        eventually(lambda: pipe.read().endswith(f"\nlost {lost}\n"), "the loss is not told")
        assert pipe.text.count(line) == 1_000 - lost
        queue.msg("after")
        assert queue.flush()
        assert pipe.read().endswith(f"\nlost {lost}\nafter\n")


async def test_what_is_held_is_written_soon_by_one_wake() -> None:
    with unread() as pipe:
        queue = LogQueue()
        for _ in range(3):
            queue.hold("held")
        assert pipe.read() == ""
        queue.msg("at once")
        assert queue.flush()
        assert pipe.read() == "held\nheld\nheld\nat once\n"


async def test_lines_that_no_thread_could_be_started_for_come_with_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The caller got the system's error in the place of its own, which it was about to log."""

    def lack(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with unread() as pipe:
        queue = LogQueue()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", lack)
            queue.msg("first")
            assert not queue.flush()
            queue.hold("second")
        queue.hold("third")
        assert queue.flush()
        assert pipe.read() == "first\nsecond\nthird\n"


def test_the_last_lines_are_written_though_no_thread_could_be_started_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def lack(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with unread() as pipe:
        queue = LogQueue()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", lack)
            queue.msg("last")
        assert queue.flush()
        assert pipe.read() == "last\n"


def test_without_standard_error_lines_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = LogQueue()
    monkeypatch.setattr(sys, "stderr", None)
    queue.msg("lost")
    assert queue.flush()
    assert queue.dropped == 1


def test_a_process_that_is_forked_has_a_thread_of_its_own() -> None:
    with unread() as pipe:
        queue = LogQueue()
        queue.msg("parent")
        assert queue.flush()
        queue.forget()
        queue.msg("child")
        assert queue.flush()
        assert pipe.read() == "parent\nchild\n"


def test_those_who_log_at_once_lose_nothing() -> None:
    with unread() as pipe:
        queue = LogQueue()
        seen: dict[str, Any] = {}

        def log(name: int) -> None:
            for number in range(200):
                queue.msg(f"{name} {number}")

        threads = [threading.Thread(target=log, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert queue.flush()
        for line in pipe.read().splitlines():
            name, number = line.split()
            assert int(number) == seen.get(name, -1) + 1
            seen[name] = int(number)
        assert seen == dict.fromkeys("0123", 199)
