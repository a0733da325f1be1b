"""Connections that are lent to callers of several shares, without a connection or a clock."""

from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.driver.pace import Pace
from fieldstone.sql.driver.sharing.share import Share
from fieldstone.sql.driver.sharing.shares import Shares


def pace_of(seconds: float) -> Pace:
    """Return the pace of a statement that takes so long."""
    pace = Pace()
    for _ in range(200):
        pace.note_kept(seconds)
    return pace


LONG = pace_of(0.06)


class Line:
    """Eight connections and some places, whose callers are named after their share."""

    def __init__(self, connections: int = 8, places: int = 100) -> None:
        self.now = 1_000.0
        self.connections = connections
        self.shares: Shares[str] = Shares(connections, places, long=0.05, clock=lambda: self.now)

    def ask(self, key: str | ShareKey | None, times: int = 1, *, pace: Pace | None = None) -> int:
        """Have callers ask one after the other, and return how many were served at once."""
        served = 0
        for _ in range(times):
            share = self._line(key, pace)
            if not share.waiting and self.shares.in_hand < self.connections and self.shares.may_take(share):
                self.shares.take(share)
                served += 1
            else:
                self.shares.line_up(share, f"{_name(key)}{' long' * share.is_long}{len(share.waiting)}")
        return served

    def _line(self, key: str | ShareKey | None, pace: Pace | None) -> Share[str]:
        share = self.shares.find(key)
        return share if pace is None else self.shares.line_of(share, pace)

    def free(self, key: str | ShareKey | None, *, pace: Pace | None = None) -> str | None:
        """Have a connection of a share come back, and return the caller that gets it."""
        self.shares.give_back(self._line(key, pace))
        found = self.shares.next()
        if found is None:
            return None
        self.shares.take(found[0])
        return found[1]

    def held(self, *keys: str | ShareKey | None) -> list[int]:
        return [self.shares.find(key).in_hand for key in keys]


def _name(key: str | ShareKey | None) -> str:
    return f"{key.workspace}.{key.key}" if isinstance(key, ShareKey) else str(key)
