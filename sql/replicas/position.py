"""Positions in the WAL of a cluster, which order the writes of the primary and the progress of its replicas."""

import re
from typing import NamedTuple, Self

_TEXT = re.compile(r"([0-9]{1,10}):([0-9A-F]{1,8})/([0-9A-F]{1,8})")


class Position(NamedTuple):
    """A place in the WAL.

    Attributes:
        timeline: it grows with each promotion of a standby.
        lsn: the byte, counted from the cluster's beginning.
    """

    timeline: int
    lsn: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the position with this text, such as `1:16/B374D848`; None if it is the text of none."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return None
        return cls(int(found[1]), (int(found[2], 16) << 32) + int(found[3], 16))

    def __str__(self) -> str:
        """Return the text that `read` reads."""
        return f"{self.timeline}:{self.lsn >> 32:X}/{self.lsn & 0xFFFFFFFF:X}"

    def covers(self, other: "Position") -> bool:
        """Return whether a server that has replayed up to here has all writes up to `other`.

        On a later timeline it has those that outlived the promotion; on an earlier one the byte means other writes.
        """
        return self.timeline >= other.timeline and self.lsn >= other.lsn
