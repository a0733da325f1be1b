"""One connection's place among all: what it needs to be judged by."""

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Protocol

from fieldstone.engine.server.connections.transport import ClientTransport

if TYPE_CHECKING:
    from fieldstone.engine.server.connections.register import Connections

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


class Place:
    """One connection.

    Attributes:
        address: of the client, as far as it is counted by it; None where there is none.
        made: the loop's time at its beginning.
        is_known: whether its client has shown a valid key.
        unread: bytes that waited for the client when they were last counted.
        unread_since: the loop's time since when any do.
        progress: the loop's time at which the client was last seen to take any.
    """

    __slots__ = (
        "_connections",
        "_taken",
        "address",
        "is_known",
        "made",
        "occupant",
        "progress",
        "transport",
        "unread",
        "unread_since",
    )

    def __init__(self, connections: "Connections", occupant: Occupant, transport: ClientTransport, now: float) -> None:
        self._connections = connections
        self.occupant = occupant
        self.transport = transport
        self.address = _address(transport)
        self.made = now
        self.is_known = False
        self.unread = 0
        self.unread_since = self.progress = now
        self._taken = 0

    def leave(self) -> None:
        """Give the place up."""
        self._connections.leave(self)

    def note_unread(self) -> None:
        """Note that much waits, or no longer waits, for the client to read it."""
        self._connections.note_unread(self)

    def count_unread(self, now: float) -> int:
        """Note what waits for the client and whether it has taken any of it; return how much more it is than before."""
        before, self.unread = self.unread, self.transport.unread()
        if self.unread:
            taken = self.transport.taken()
            if not before:
                self.unread_since = now
            if not before or taken != self._taken:
                self.progress, self._taken = now, taken
        return self.unread - before


def _address(transport: ClientTransport) -> str | None:
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, tuple):
        return None
    address = ip_address(peer[0].partition("%")[0])
    if isinstance(address, IPv6Address):
        if (mapped := address.ipv4_mapped) is not None:
            return str(mapped)
        return str(IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK)))
    return str(address)
