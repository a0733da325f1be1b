"""HTTP behind the header of the PROXY protocol, which connections from a balancer's networks begin with."""

import asyncio
from collections.abc import Sequence

from fieldstone.engine.server.connections.proxy_header import BadHeader, read_header
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.metadata.roles.networks import Network, is_within

_NEEDED = "Connections from this address begin with a header of the PROXY protocol, version 1 or 2."


class ProxiedProtocol(FieldstoneProtocol):
    """One connection; until the header has come it is one of the balancer, and then one of the client that it names.

    A connection from elsewhere begins with its first request: a header there would let its client choose an address.
    """

    networks: Sequence[Network] = ()
    _lacks_header = False
    _header = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin a connection."""
        super().connection_made(transport)
        self._lacks_header = is_within(self.address(), self.networks)

    def data_received(self, data: bytes) -> None:
        """Take a part of the header, or of requests."""
        if not self._lacks_header or self._is_refused:
            super().data_received(data)
            return
        self._header += data
        try:
            header = read_header(self._header)
        except BadHeader:
            self._header = b""
            self._refuse(400, _NEEDED, "no PROXY header")
            return
        if header is None:
            return
        rest, self._header = self._header[header.length :], b""
        self._lacks_header = False
        if header.client is not None:
            address, port = header.client
            self.move_to((str(address), port))
        if rest:
            super().data_received(rest)


def protocol_behind(networks: Sequence[Network]) -> type[FieldstoneProtocol]:
    """Return the protocol of connections of which those from these networks begin with a header."""
    return (
        type("ProxiedProtocol", (ProxiedProtocol,), {"networks": tuple(networks)}) if networks else FieldstoneProtocol
    )
