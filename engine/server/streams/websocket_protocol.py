"""uvicorn's WebSocket protocol within limits: a socket whose client does not read is aborted in the end."""

from asyncio import BaseTransport
from collections.abc import Callable
from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from fieldstone.engine.server.connections.place import PLACE, NotesBuffered, Place
from fieldstone.engine.server.connections.refusal import write_refusal
from fieldstone.engine.server.connections.transport import ClientTransport

if TYPE_CHECKING:
    from starlette.types import Scope

_PATIENCE = 15.0
"""Seconds after the end of the app's part; uvicorn gives the client 10 to answer a close."""

_FRAGMENT = 80
"""Bytes that a fragment takes besides its own: there may be a million of one byte each in a message."""


class BreakingProtocol(NotesBuffered, WebSocketsSansIOProtocol):
    """uvicorn's protocol, which by itself would wait for ever for a client that does not read before it closes."""

    _fragments = 0
    unsent: Callable[[], int] | None = None
    """Returns the size of the messages that the app keeps for the client."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over a connection, with its place among all."""
        place = self.app_state.get(PLACE)
        if isinstance(place, Place):
            self._place = place
            place.occupant = self
        super().connection_made(transport)
        if isinstance(transport, ClientTransport) and transport.told_peer is not None:
            self.client = transport.told_peer

    def data_received(self, data: bytes) -> None:
        """Take bytes of the handshake, which is whole, or of frames.

        The library refuses a handshake whose lines are too long, and uvicorn, which asks it for requests, would not
        send its answer.
        """
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            refusal = b"".join(self.conn.data_to_send())
            self.transport.write(refusal or write_refusal(400, "The head of the WebSocket's handshake is none.", ()))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the connection's place to others."""
        if self._place is not None:
            self._place.leave()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Tell the client that the server stops; do nothing if the connection is being closed already.

        The library refuses a second close, and the stop of the whole server would end with its error.
        """
        if not self.transport.is_closing():
            super().shutdown()

    def look(self, now: float) -> None:
        """Do nothing: the app itself ends sockets whose clients are late."""

    def idle_since(self) -> float | None:
        """Return when the socket was opened; None once its client has shown a key, as a subscriber is never idle."""
        return None if self._place is None or self._place.is_known else self._place.made

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment of a message."""
        if len(self.frames) <= 1:
            self._fragments = 0
        self._fragments += len(event.data) + _FRAGMENT
        super().handle_cont(event)

    def received(self) -> int:
        """Return 0: that a client sends parts of a message is no progress."""
        return 0

    def incomplete(self) -> int:
        """Return the bytes of a message that is not complete, and those of the messages that are not sent."""
        fragments = len(self.frames[0]) + self._fragments if self.frames else 0
        return len(self.conn.reader.buffer) + fragments + (0 if self.unsent is None else self.unsent())

    def note_streamed(self, size: int) -> None:
        """Do nothing: a socket has no bodies."""

    def is_waiting(self) -> bool:
        """Return False: a socket has no requests."""
        return False

    def refuse_waiting(self) -> bool:
        """Return False: a socket has no requests."""
        return False

    async def run_asgi(self) -> None:
        """Run the app for one socket."""
        try:
            await super().run_asgi()
        finally:
            if not self.disconnected:
                self.loop.call_later(_PATIENCE, self.transport.abort)


def count_unsent(scope: "Scope", unsent: Callable[[], int]) -> Callable[[], None]:
    """Have the messages that are kept for a socket's client count as unread; call the result when they have changed."""
    place = scope.get("state", {}).get(PLACE)
    if not isinstance(place, Place) or not isinstance(place.occupant, BreakingProtocol):
        return lambda: None
    place.occupant.unsent = unsent
    return place.note_buffered
