"""File locks that the kernel releases when their last holder ends, however it ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path


def open_lock(path: Path) -> FileIO:
    """Return a new handle on the lock file at `path`, which is made if it is not there, holding nothing."""
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")


def try_exclusive(lock: FileIO) -> bool:
    """Return whether `lock` is now held by this handle alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_shared(lock: FileIO) -> None:
    """Hold `lock` together with its other sharers, giving up an exclusive hold."""
    fcntl.flock(lock, fcntl.LOCK_SH)


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it for the length of the block."""
    with open_lock(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_held(path: Path) -> bool:
    """Return whether any process holds the lock at `path`."""
    with open_lock(path) as lock:
        return not try_exclusive(lock)
