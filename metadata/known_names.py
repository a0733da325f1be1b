"""The known names that are close to an unknown one, and the end of a message that refuses it.

The price of a search is bounded, because a client chooses the name: the lengths of the name and of the list.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final, Protocol, runtime_checkable

MOST_NAMES: Final = 100
"""Names of a list that is searched."""
MOST_INDEXED: Final = 10_000
"""Names of an index: 20 ms of sorting."""
LONGEST_NAME: Final = 40
"""Characters of a name that is searched for."""

_SHOWN = 3
_AROUND = MOST_NAMES // 4
"""Names before and behind the place of a name in the order of an index."""
_CLOSE = 0.66
_LISTED: Final = 12
"""Names that are listed whole."""


class NameIndex:
    """The names of a long list, found by their beginnings and ends: a misspelt name keeps one of them.

    To make it takes long; to search it does not. More names than `MOST_INDEXED` are left out.
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = [*islice(names, MOST_INDEXED)]
        self._by_beginning = sorted((name.lower(), name) for name in known)
        self._by_end = sorted((name.lower()[::-1], name) for name in known)

    def near(self, name: str) -> Collection[str]:
        """Return at most `MOST_NAMES` names: those whose beginnings or ends are the most like a name's."""
        found: dict[str, None] = {}
        for names, wanted in ((self._by_beginning, name.lower()), (self._by_end, name.lower()[::-1])):
            place = bisect_left(names, (wanted,))
            found.update(dict.fromkeys(one for _, one in names[max(0, place - _AROUND) : place + _AROUND]))
        return found


@runtime_checkable
class Indexed(Protocol):
    """A collection that has an index of its names."""

    @property
    def index(self) -> NameIndex:
        """The index, which is made when it is first asked for."""


def find_close(name: str, known: Collection[str], *, is_bounded: bool = True) -> list[str]:
    """Return the known names that are close to a name, the closest first; none for a long name or list.

    Names that an operator gives need no bound.
    """
    if is_bounded and (len(name) > LONGEST_NAME or len(known) > MOST_NAMES):
        return []
    from difflib import get_close_matches  # noqa: PLC0415 - a refusal needs it

    by_lower = {one.lower(): one for one in reversed(tuple(known))}
    return [by_lower[one] for one in get_close_matches(name.lower(), by_lower, n=_SHOWN, cutoff=_CLOSE)]


def known_names(name: str, known: Sequence[str]) -> str:
    """Return "; it takes ..." with all names where they are few, and of many "; close to it: ..." with the close ones.

    The text is empty where there are many and none is close.
    """
    if len(known) <= _LISTED:
        return f"; it takes {', '.join(known)}"
    close = find_close(name, known)
    return f"; close to it: {', '.join(close)}" if close else ""
