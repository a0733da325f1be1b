"""The consistency that a request asks for, and the bookmark by which a write is read by those that come after it."""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fieldstone.engine.errors import BadUserInput
from fieldstone.sql.replicas.position import Position

LEVEL_HEADER: Final = b"x-fieldstone-consistency"
BOOKMARK_HEADER: Final = b"x-fieldstone-token"


class Consistency(Enum):
    """The writes that a read has to see."""

    STRONG = "strong"
    """All that were committed: the primary answers."""
    SESSION = "session"
    """Those of the key in this process, and all up to the bookmark that the request has."""
    EVENTUAL = "eventual"
    """None in particular: any replica answers."""


@dataclass(slots=True)
class Freshness:
    """The consistency of one request.

    Attributes:
        level: the one that it asks for.
        bookmark: the position that its reads have to see.
        written: the position of its own latest write, which its response tells.
    """

    level: Consistency = Consistency.SESSION
    bookmark: Position | None = None
    written: Position | None = None


FRESHNESS: ContextVar[Freshness | None] = ContextVar("freshness", default=None)
"""That of the request which the running task belongs to; None asks for `session`."""


def read_freshness(headers: Iterable[tuple[bytes, bytes]]) -> Freshness:
    """Return the freshness that the headers of a request ask for.

    Raises:
        BadUserInput: one of them cannot be read.
    """
    freshness = Freshness()
    for name, value in headers:
        if name == LEVEL_HEADER:
            freshness.level = _read_level(value.decode("latin-1").strip().lower())
        elif name == BOOKMARK_HEADER:
            freshness.bookmark = Position.read(value.decode("latin-1").strip())
            if freshness.bookmark is None:
                raise BadUserInput(
                    "X-Fieldstone-Token must be the bookmark of an earlier response, such as 1:16/B374D848.",
                    field="X-Fieldstone-Token",
                )
    return freshness


def _read_level(text: str) -> Consistency:
    try:
        return Consistency(text)
    except ValueError:
        raise BadUserInput(
            "X-Fieldstone-Consistency must be strong, session or eventual.", field="X-Fieldstone-Consistency"
        ) from None


def bookmark_header(position: Position) -> tuple[bytes, bytes]:
    """Return the header of a response that tells the position of a write."""
    return BOOKMARK_HEADER, str(position).encode()
