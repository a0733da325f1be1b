"""The board: numbers in memory that the supervisor and its workers share, each written by one process."""

import mmap
import os
import tempfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

RestartReason = Literal["exited", "stood_still", "reloaded"]
"""The reason for which a worker is replaced: it has exited, was killed as it stood still, or a reload replaces it."""

MOST_WORKERS: Final = 128
"""Workers of one supervisor, those included that are about to end."""

_OWN: Final = 4
_BEATS, _CONNECTIONS, _ACCEPTS = range(3)
_BROKEN: Final = MOST_WORKERS * _OWN
_RESTARTS: Final[Mapping[RestartReason, int]] = MappingProxyType(
    {"exited": _BROKEN + 1, "stood_still": _BROKEN + 2, "reloaded": _BROKEN + 3}
)
_SIZE: Final = (_BROKEN + 4) * 8


def make_shared_file(name: str, size: int) -> int:
    """Return the descriptor of a file in memory, full of zeros, which ends with the last process that has it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(name)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


class Board:
    """A row for each worker: the turns of its event loop, its connections, and whether it accepts further ones.

    Behind the rows stand the numbers of all workers together.

    Args:
        descriptor: that of the file in memory.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        # After an upgrade by a reload it is that of an older supervisor, which may have fewer numbers.
        if os.fstat(descriptor).st_size < _SIZE:
            os.ftruncate(descriptor, _SIZE)
        # A number of eight bytes at its place is written and read in one piece.
        self._cells = memoryview(mmap.mmap(descriptor, _SIZE)).cast("Q")

    @classmethod
    def make(cls) -> Self:
        """Return a new board."""
        return cls(make_shared_file("fieldstone board", _SIZE))

    def clear(self, worker: int) -> None:
        """Forget a worker that has ended."""
        for place in range(worker * _OWN, (worker + 1) * _OWN):
            self._cells[place] = 0

    def beat(self, worker: int, connections: int) -> None:
        """Note that a worker's event loop has turned, and its connections."""
        self._cells[worker * _OWN + _BEATS] += 1
        self.count(worker, connections)

    def count(self, worker: int, connections: int) -> int:
        """Note a worker's connections, and return their number."""
        self._cells[worker * _OWN + _CONNECTIONS] = connections
        return connections

    def beats(self, worker: int) -> int:
        """Return how often a worker's event loop has turned."""
        return self._cells[worker * _OWN + _BEATS]

    def accept(self, worker: int, *, is_on: bool) -> None:
        """Note whether a worker accepts connections."""
        self._cells[worker * _OWN + _ACCEPTS] = is_on

    def mean_connections(self) -> float:
        """Return the connections of a worker in the mean, of those that accept further ones."""
        cells = self._cells
        counts = [cells[row + _CONNECTIONS] for row in range(0, MOST_WORKERS * _OWN, _OWN) if cells[row + _ACCEPTS]]
        return sum(counts) / max(1, len(counts))

    def count_restart(self, reason: RestartReason) -> None:
        """Count a worker that has ended and is replaced."""
        self._cells[_RESTARTS[reason]] += 1

    def restarts(self) -> Mapping[str, int]:
        """Return how often a worker was replaced, by reason."""
        return {reason: self._cells[place] for reason, place in _RESTARTS.items()}

    @property
    def is_broken(self) -> bool:
        """Whether the embedded PostgreSQL is away and several starts did not bring it back."""
        return bool(self._cells[_BROKEN])

    @is_broken.setter
    def is_broken(self, value: bool) -> None:
        self._cells[_BROKEN] = value
