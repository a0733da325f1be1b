"""A socket whose client does not read is broken off in the end, with what is still to be sent to it."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_PATIENCE = 15.0
"""Seconds after the end of the app's part; uvicorn gives the client 10 to answer a close."""


class BreakingProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which closes a transport only when all was sent, were it never."""

    async def run_asgi(self) -> None:
        """Run the app for one socket."""
        try:
            await super().run_asgi()
        finally:
            if not self.disconnected:
                self.loop.call_later(_PATIENCE, self.transport.abort)
