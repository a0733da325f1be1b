"""The known names that are close to an unknown one, and the end of a message that refuses it.

The price of a search is bounded, because a client chooses the name: the lengths of the name and of the list.
"""

from collections.abc import Collection, Sequence
from typing import Final

MOST_NAMES: Final = 100
"""Names of a list that is searched."""
LONGEST_NAME: Final = 40
"""Characters of a name that is searched for."""

_SHOWN = 3
_CLOSE = 0.66
_LISTED: Final = 12
"""Names that are listed whole."""


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
