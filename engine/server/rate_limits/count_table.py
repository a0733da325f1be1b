"""A table of counts in memory that processes share."""

import fcntl
import mmap
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Final

_ROW: Final = struct.Struct("=16sdQ")
_IN_A_SET: Final = 8
"""Rows among which a count is looked for; beyond it the one that ends first is dropped."""
_SETS: Final = 1 << 14
COUNTS_SIZE: Final = _SETS * _IN_A_SET * _ROW.size
"""Bytes of the file, of which only the pages that were written to take memory."""


class CountTable:
    """Counts by a key, each with a time at which it ends.

    They change under a lock of the file, which ends with its holder.

    Args:
        descriptor: that of a file of `COUNTS_SIZE` bytes, at first zeros.
        clock: Unix time in seconds.
    """

    def __init__(self, descriptor: int, *, clock: Callable[[], float] = time.time) -> None:
        self._descriptor = descriptor
        self._rows = mmap.mmap(descriptor, COUNTS_SIZE)
        self._clock = clock

    def add(self, key: str, expiry: int, amount: int) -> int | None:
        """Add to a count, which begins with 0 and ends after so many seconds, and is never below 0.

        Returns its new value; None while another process has the lock.
        """
        with self._locked() as is_locked:
            return self._add(blake2b(key.encode(), digest_size=16).digest(), expiry, amount) if is_locked else None

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def _add(self, digest: bytes, expiry: int, amount: int) -> int:
        now = self._clock()
        first = int.from_bytes(digest[:4]) % _SETS * _IN_A_SET
        chosen, chosen_end = first, float("inf")
        for place in range(first, first + _IN_A_SET):
            found, end, count = _ROW.unpack_from(self._rows, place * _ROW.size)
            if found == digest and end > now:
                changed = max(0, int(count) + amount)
                _ROW.pack_into(self._rows, place * _ROW.size, digest, end, changed)
                return changed
            if end < chosen_end:
                chosen, chosen_end = place, end
        _ROW.pack_into(self._rows, chosen * _ROW.size, digest, now + expiry, max(0, amount))
        return max(0, amount)
