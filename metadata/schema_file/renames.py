"""Orders renames so that each new name is free; names that are swapped go by a third one."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import count


def order_renames(
    wanted: Mapping[str, Mapping[str, str]], taken: AbstractSet[str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield pairs of a key and its next names by its first ones: the wanted ones, or interim ones.

    Args:
        wanted: by a key the names of an object or a field that become others, the new name by the old one.
        taken: all present and future names, which no interim name may be.
    """
    holders = {name: key for key, names in wanted.items() for name in names}
    left = dict.fromkeys(wanted)
    spare = (name for number in count(1) if (name := f"renamed{number}") not in taken)

    def is_free(key: str) -> bool:
        return all(holders.get(name, key) == key for name in wanted[key].values())

    while left:
        ready = next(filter(is_free, left), None)
        key = next(iter(left)) if ready is None else ready
        del left[key]
        holders = {name: holder for name, holder in holders.items() if holder != key}
        if ready is None:
            left[key] = None
            yield key, {name: next(spare) for name in wanted[key]}
        else:
            yield key, wanted[key]


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
