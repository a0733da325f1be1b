"""Dictionaries that keep their newest entries."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(entries: OrderedDict[K, V], key: K, value: V, most: int) -> list[tuple[K, V]]:
    """Store an entry as the newest one, and return the oldest ones, which it displaced."""
    entries[key] = value
    entries.move_to_end(key)
    return [entries.popitem(last=False) for _ in range(len(entries) - most)]
