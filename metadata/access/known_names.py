"""The end of a message that refuses a name: the names that are known in its place."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

_MOST: Final = 12
"""Names that are listed whole."""


def known_names(name: str, known: Sequence[str]) -> str:
    """Return "; it takes ..." with all names where they are few, and of many "; close to it: ..." with the close ones.

    The text is empty where there are many and none is close.
    """
    if len(known) <= _MOST:
        return f"; it takes {', '.join(known)}"
    close = get_close_matches(name, known, n=3)
    return f"; close to it: {', '.join(close)}" if close else ""
