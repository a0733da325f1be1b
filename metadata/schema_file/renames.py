"""Orders renames so that each new name is free; names that are swapped go by a third one."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import count


def order_renames(wanted: Mapping[str, str], taken: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of a first name and its next name: the wanted one, or an interim one.

    Args:
        wanted: the new name by the old one; no two are the same.
        taken: all present and future names, which no interim name may be.
    """
    # The first name by the present one.
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
    """Yield each cycle of names in which every name takes the old one of the next; `renames` is old by new."""
    left = dict(renames)
    while left:
        path = [next(iter(left))]
        while (old := left.get(path[-1])) is not None and old not in path:
            path.append(old)
        if old is not None:
            yield path[path.index(old) :]
        for name in path:
            left.pop(name, None)
