"""The WebSocket endpoint: from the handshake to the close."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from fieldstone.engine.errors import BadUserInput, ServiceUnavailable
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.requests.auth import PresentedReader
from fieldstone.engine.server.http.requests.incoming import read_headers
from fieldstone.engine.server.http.requests.request_log import note_key
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.metrics.counts import Sockets
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.server.streams.websocket.messages import SUBPROTOCOL, Close, Closing
from fieldstone.engine.server.streams.websocket.socket import ClientSocket, SocketLimits
from fieldstone.engine.server.streams.websocket_protocol import count_unsent

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_CLIENT_LEFT = 1005
_BROKEN_OFF = 1006
_REFUSED = frozenset({Close.FORBIDDEN, Close.TRY_AGAIN_LATER})


class SocketEndpoint:
    """An ASGI app that serves graphql-transport-ws.

    Args:
        runtime: gives the services as soon as they are there.
        apis: the APIs that it serves, by their paths; an operation that names none is of the first one.
        presented: reads all that a handshake presents of its principal.
        closing: the moment from which no socket is served any more.
        counts: counts sockets.
        log: for the line of each socket, and unexpected errors.
        refusals: tells for how long a refusal is held back.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        apis: Mapping[str, Callable[[Services], GraphQLApi]],
        counts: Sockets,
        log: Log,
        refusals: RefusalPace,
        presented: PresentedReader | None = None,
        closing: StreamEnd | None = None,
    ) -> None:
        self._runtime = runtime
        self._apis = apis
        self._presented = presented or PresentedReader()
        self._limits = SocketLimits()
        self._closing = closing or StreamEnd()
        self._counts = counts
        self._log = log
        self._refusals = refusals

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one socket."""
        await receive()
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        self._counts.begin()
        code = _BROKEN_OFF
        try:
            closing = await self._serve(scope, receive, send, subprotocol)
            code = _CLIENT_LEFT if closing is None else closing.code
        finally:
            self._counts.end(code)
            self._log.info("socket", code=int(code))
        if closing is not None:
            if closing.code in _REFUSED:
                await self._refusals.wait()
            # Messages that the client has not read precede the close frame in its connection.
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(self._limits.farewell):
                    await send({"type": "websocket.close", "code": int(closing.code), "reason": closing.reason})

    async def _serve(self, scope: "Scope", receive: "Receive", send: "Send", subprotocol: str | None) -> Closing | None:
        if subprotocol is None:
            return Closing(Close.SUBPROTOCOL, "Subprotocol not acceptable")
        if self._closing.has_begun():
            # uvicorn asks the sockets for their end that are open when it stops, and not one that is being opened.
            return Closing(Close.RESTART, "Service restart")
        try:
            services = self._runtime.services or await self._runtime.ready()
        except ServiceUnavailable as error:
            return Closing(Close.TRY_AGAIN_LATER, error.message)
        try:
            given = read_headers(scope["headers"])
        except BadUserInput as error:
            return Closing(Close.BAD_MESSAGE, error.message)
        connection = ClientSocket(
            receive=receive,
            send=send,
            services=services,
            choose=self._runtime.choose,
            apis=self._apis,
            limits=self._limits,
            log=self._log,
            refusals=self._refusals,
            present=lambda headers: self._presented.read(scope, {**given, **headers}),
            note_key=partial(note_key, scope),
            count_unsent=partial(count_unsent, scope),
        )
        return await connection.run()
