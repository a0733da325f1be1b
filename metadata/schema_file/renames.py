"""Renames of which one takes another's old name: an order in which each name is free, a third name where two swap."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import count


def order_renames(wanted: Mapping[str, str], taken: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Yield what is renamed, by its first name, and its next name: that wanted, or one to wait under.

    Args:
        wanted: the new name by the old one; no two are the same.
        taken: all names that are there or will be, none of which anything waits under.
    """
    # What is called so now, by its first name.
    left = {name: name for name in wanted}
    spare = (name for number in count(1) if (name := f"renamed{number}") not in taken)
    while left:
        now = next((now for now, old in left.items() if wanted[old] not in left), None)
        if now is not None:
            old = left.pop(now)
            yield old, wanted[old]
        else:
            old = left.pop(next(iter(left)))
            aside = next(spare)
            left[aside] = old
            yield old, aside


def find_swaps(renames: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield each round of names of which every one takes the old name of the next; `renames` is the old by the new."""
    left = dict(renames)
    while left:
        path = [next(iter(left))]
        while (old := left.get(path[-1])) is not None and old not in path:
            path.append(old)
        if old is not None:
            yield path[path.index(old) :]
        for name in path:
            left.pop(name, None)
