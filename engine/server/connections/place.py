"""One connection's place in the register: the facts by which the limits judge it."""

import asyncio
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from fieldstone.engine.server.connections.transport import ClientTransport

PLACE = "fieldstone.place"
"""Where the place of a connection stands in the state of its requests' scopes."""

_NETWORK = 64
"""Bits of an IPv6 address that one client may not choose: it has the other half to itself."""


class Occupant(Protocol):
    """The protocol that a connection speaks at the moment."""

    def look(self, now: float) -> None:
        """End the connection if its client is late."""
        ...

    def idle_since(self) -> float | None:
        """Return the loop's time since when nothing is done for the client; None where something is."""
        ...

    def received(self) -> int:
        """Return the bytes that the client has sent so far, as far as they are counted."""
        ...

    def incomplete(self) -> int:
        """Return the bytes of requests that are kept: until the rest has come, or until they are answered."""
        ...

    def note_streamed(self, size: int) -> None:
        """Note that the app keeps these bytes of a body no longer."""
        ...

    def is_waiting(self) -> bool:
        """Return whether the client has sent whole requests, reads, and waits for an answer."""
        ...

    def refuse_waiting(self) -> bool:
        """Answer a client that waits with 503 and end its connection; return False if that cannot be done."""
        ...


class NotesBuffered(asyncio.Protocol):
    """A protocol whose connection's place is told when its client does not read as fast as it is answered."""

    _place: "Place | None" = None

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        super().pause_writing()
        if self._place is not None:
            self._place.note_buffered()

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        super().resume_writing()
        if self._place is not None:
            self._place.note_buffered()


class Register(Protocol):
    """The register of all connections, as one of them sees it."""

    def leave(self, place: "Place") -> None:
        """Forget the place of a connection that has ended."""
        ...

    def note_buffered(self, place: "Place") -> None:
        """Note that much is kept for a client, or no longer is."""
        ...


class Place:
    """One connection.

    Attributes:
        address: of the client, as far as it is counted by it; None where there is none.
        made: the loop's time at its beginning.
        is_known: whether its client has shown a valid key.
        unread: bytes that waited for the client to read them when they were last counted.
        buffered: these, and those of requests that are kept.
        buffered_since: the loop's time since when there are any.
        progress: the loop's time at which the client was last seen to take or to send any.
        trace_id: that of the trace which the next request begins; 0 if that is not decided yet.
    """

    __slots__ = (
        "_connections",
        "_moved",
        "address",
        "buffered",
        "buffered_since",
        "is_known",
        "made",
        "occupant",
        "progress",
        "trace_id",
        "transport",
        "unread",
    )

    def __init__(self, connections: Register, occupant: Occupant, transport: ClientTransport, now: float) -> None:
        self._connections = connections
        self.occupant = occupant
        self.transport = transport
        self.address = _address(transport)
        self.made = now
        self.is_known = False
        self.unread = self.buffered = 0
        self.buffered_since = self.progress = now
        self._moved = 0
        self.trace_id = 0

    def leave(self) -> None:
        """Give the place up."""
        self._connections.leave(self)

    def note_buffered(self) -> None:
        """Note that much is kept for the client, or no longer is."""
        self._connections.note_buffered(self)

    def count_buffered(self, now: float) -> int:
        """Note the bytes that wait for the client and whether it makes progress; return how many more they are."""
        before = self.buffered
        self.unread = self.transport.unread()
        self.buffered = self.unread + self.occupant.incomplete()
        if self.buffered:
            moved = self.transport.taken() + self.occupant.received()
            if not before:
                self.buffered_since = now
            if not before or moved != self._moved:
                self.progress, self._moved = now, moved
        return self.buffered - before


def _address(transport: ClientTransport) -> str | None:
    peer = transport.told_peer or transport.get_extra_info("peername")
    if not isinstance(peer, tuple):
        return None
    address = ip_address(peer[0].partition("%")[0])
    if isinstance(address, IPv6Address):
        if (mapped := address.ipv4_mapped) is not None:
            return str(mapped)
        return str(IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK)))
    return str(address)
