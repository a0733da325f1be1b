"""All connections of a server: how many there are, and one timer that looks at each."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from heapq import nsmallest

from fieldstone.engine.server.connections.descriptors import are_scarce
from fieldstone.engine.server.connections.handshakes import Handshakes
from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.place import Occupant, Place
from fieldstone.engine.server.connections.transport import ClientTransport
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.frozen import frozen

_SLICE = 500
"""Connections that are checked before other tasks get their turn."""

_SHED = 50
"""One of so many goes at once when there are too many: looking for them takes a look at all."""

_BARREN = 0.25
"""Seconds without another search for idle connections after one that found none."""

_GRACE = 1.0
"""Seconds that a client has to read its waiting bytes, before it is cut off for the others' sake."""

_TOLD_EVERY = 10.0
"""Seconds between two log lines about ended connections."""

_MOST_REFUSED = 64
"""Connections beyond the limit that still get a refusal; further ones are closed at once, and only logged."""

Report = Callable[[Mapping[str, int]], object]


@frozen
class ConnectionStats:
    """How many connections there are, the bytes that are kept for their clients, and which were ended, and why."""

    open: int
    buffered: int
    ended: Mapping[str, int]


class _Group:
    """Connections that have a limit in common."""

    __slots__ = ("barren_until", "most", "places", "reason")

    def __init__(self, most: int, reason: str) -> None:
        self.most = most
        self.reason = reason
        # In the order in which they were made.
        self.places: dict[Place, None] = {}
        self.barren_until = 0.0


class Connections:
    """The connections of a server.

    Those that are idle make room for new ones where there are too many; first those whose clients have shown no key.

    Args:
        limits: of each connection and of all.
        report: logs how many were ended since the last time, by the reason.

    Attributes:
        lingering: ends connections that were refused.
        handshakes: those of WebSockets that wait for their turn.
    """

    def __init__(self, limits: ConnectionLimits, report: Report = lambda _: None) -> None:
        self.limits = limits
        self._report = report
        self._all = _Group(limits.most, "most connections")
        self._groups: dict[str, _Group] = {}
        self._buffered = 0
        self._is_relieving = False
        self._ended: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._told_at = -_TOLD_EVERY
        self._refused = 0
        self.lingering = Overdue(limits.linger)
        self.handshakes = Handshakes()
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self, occupant: Occupant, transport: ClientTransport) -> Place | None:
        """Return the place of a new connection; None where there is no room for it."""
        loop = self._begin()
        place = Place(self, occupant, transport, loop.time())
        group = None
        if place.address is not None:
            group = self._groups.get(place.address)
            if group is None:
                group = _Group(self.limits.most_each, "most connections of an address")
        if not self._has_room(transport, group, place.made):
            return None
        self._all.places[place] = None
        if group is not None and place.address is not None:
            self._groups[place.address] = group
            group.places[place] = None
        return place

    def leave(self, place: Place) -> None:
        """Take back an `enter`; more than once does no harm."""
        if place not in self._all.places:
            return
        del self._all.places[place]
        self._buffered -= place.buffered
        group = self._groups.get(place.address) if place.address is not None else None
        if group is not None and place.address is not None:
            group.places.pop(place, None)
            if not group.places:
                del self._groups[place.address]

    def refuse(self) -> bool:
        """Return whether a connection without room can be told so, until `forget_refused`."""
        self._refused += 1
        return self._refused <= _MOST_REFUSED

    def forget_refused(self) -> None:
        """Note that a connection without room is closed."""
        self._refused -= 1

    def count(self, reason: str) -> None:
        """Count a connection that is ended, by one of a few reasons."""
        self._ended[reason] += 1

    def note_buffered(self, place: Place) -> None:
        """Note that much is kept for a client, or no longer is."""
        if place in self._all.places:
            self._recount(place, self._begin().time())

    def stats(self) -> ConnectionStats:
        """Return the counts of connections."""
        return ConnectionStats(open=len(self._all.places), buffered=self._buffered, ended=self._ended)

    def _has_room(self, transport: ClientTransport, group: _Group | None, now: float) -> bool:
        has_room = True
        if group is not None and len(group.places) >= group.most:
            has_room = self._shed(group, group.reason, now)
        if has_room and len(self._all.places) >= self._all.most:
            has_room = self._shed(self._all, self._all.reason, now)
        if has_room and are_scarce(transport.get_extra_info("socket").fileno()):
            has_room = self._shed(self._all, "file descriptors", now)
        return has_room

    def _shed(self, group: _Group, reason: str, now: float) -> bool:
        """Close the idlest connections of a group; return whether there were any."""
        if now >= group.barren_until:
            idle = []
            for number, place in enumerate(group.places):
                since = place.occupant.idle_since()
                if since is not None:
                    idle.append((place.is_known, since, number, place))
            for *_, place in nsmallest(max(1, len(group.places) // _SHED), idle):
                self._end(place, f"idle beyond {reason}")
            if idle:
                return True
            group.barren_until = now + _BARREN
        self.count(f"refused beyond {reason}")
        return False

    def _end(self, place: Place, reason: str) -> None:
        self.count(reason)
        self.leave(place)
        # Bytes that wait for a client that does not read would keep the connection open.
        if place.transport.unread():
            place.transport.abort()
        else:
            place.transport.close()

    def _recount(self, place: Place, now: float) -> None:
        self._buffered += place.count_buffered(now)
        if self._buffered > self.limits.buffered_bytes and not self._is_relieving:
            self._is_relieving = True
            # Not within the write that was too much.
            self._begin().call_soon(self._relieve)

    def _relieve(self) -> None:
        """End the connections without progress for longest, until the bytes kept for all are within the limit."""
        now = self._begin().time()
        waiting = [place for place in self._all.places if place.buffered]
        for place in waiting:
            self._buffered += place.count_buffered(now)
        most = self.limits.buffered_bytes
        grace = _GRACE if self._buffered <= 2 * most else 0.0
        late = [place for place in waiting if place.buffered and now - place.buffered_since >= grace]
        # A client that waits for its answer is not late: it goes after all that are.
        late.sort(
            key=lambda place: (place.occupant.is_waiting(), place.progress, place.buffered_since, -place.buffered)
        )
        # One answer may be as large as it likes.
        rest = sum(bool(place.buffered) for place in waiting)
        for place in late:
            if self._buffered <= most or rest == 1:
                break
            rest -= 1
            is_told = place.occupant.refuse_waiting()
            self.count("refused beyond the buffered bytes" if is_told else "slow beyond the buffered bytes")
            self.leave(place)
            if not is_told:
                place.transport.abort()
        self._is_relieving = False

    def _begin(self) -> asyncio.AbstractEventLoop:
        """Set the timer, on the loop that runs now: no connection of another one is left."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._is_relieving = False
            for place in list(self._all.places):
                self.leave(place)
            loop.call_later(self.limits.sweep, self._sweep, loop)
        return loop

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            self._look(loop, list(self._all.places), 0)

    def _look(self, loop: asyncio.AbstractEventLoop, places: list[Place], start: int) -> None:
        now = loop.time()
        for place in places[start : start + _SLICE]:
            if place not in self._all.places:
                continue
            self._recount(place, now)
            if place.unread and now - place.progress >= self.limits.unread:
                self.count("unread")
                self.leave(place)
                place.transport.abort()
                continue
            if not place.transport.is_closing():
                place.occupant.look(now)
        if start + _SLICE < len(places):
            loop.call_soon(self._look, loop, places, start + _SLICE)
            return
        self._tell(now)
        if self._all.places or self._ended != self._told:
            loop.call_later(self.limits.sweep, self._sweep, loop)
        else:
            self._loop = None

    def _tell(self, now: float) -> None:
        if self._ended == self._told or now - self._told_at < _TOLD_EVERY:
            return
        news = self._ended - self._told
        self._told, self._told_at = self._ended.copy(), now
        self._report(news)
