"""The headers of the consistency: a request asks for it, and the response of a write has a bookmark."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from fieldstone.engine.replicas.consistency import FRESHNESS, bookmark_header, read_freshness

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ConsistencyHeaders:
    """Gives each request its freshness, and its response the position of its write."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on."""
        freshness = read_freshness(scope["headers"])
        FRESHNESS.set(freshness)

        def told_send(message: "Message") -> Awaitable[None]:
            if message["type"] == "http.response.start" and freshness.written is not None:
                message["headers"] = [*message["headers"], bookmark_header(freshness.written)]
            return send(message)

        await self._app(scope, receive, told_send)
