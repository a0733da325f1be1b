"""The prepared statements of a connection, and their eviction."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from fieldstone.sql.pool_settings import PoolCounters


class PreparedStatements:
    """The names of a connection's prepared statements, least recently used first.

    Args:
        limit: how many there may be; one pipeline that needs more exceeds it until the next.
        counters: where preparations and evictions are counted.
    """

    __slots__ = ("_counters", "_limit", "_names", "_stale")

    def __init__(self, limit: int, counters: PoolCounters) -> None:
        self._limit = limit
        self._counters = counters
        self._names: OrderedDict[bytes, None] = OrderedDict()
        self._stale: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._names)

    def touch(self, name: bytes) -> bool:
        """Return whether `name` is prepared, and count this as a use of it."""
        try:
            self._names.move_to_end(name)
        except KeyError:
            return False
        return True

    def add(self, name: bytes) -> None:
        """Note that the server has prepared `name`."""
        self._names[name] = None
        self._counters.prepared += 1

    def forget(self, names: Iterable[bytes]) -> None:
        """Have `names` closed, if the server still has them, and prepared again when they are next run."""
        for name in names:
            self._names.pop(name, None)
            self._stale.add(name)

    def make_room(self, names: Sequence[bytes]) -> tuple[list[bytes], set[bytes]]:
        """Return the names to close and the names to prepare before statements with these names can run together.

        The names to close are taken out of the books; closing cannot fail.
        """
        missing = {name for name in names if not self.touch(name)}
        closing = list(self._stale)
        self._stale.clear()
        unneeded = len(self._names) - (len(set(names)) - len(missing))
        surplus = min(unneeded, len(self._names) + len(missing) - self._limit)
        for _ in range(surplus):
            closing.append(self._names.popitem(last=False)[0])
            self._counters.evicted += 1
        return closing, missing
