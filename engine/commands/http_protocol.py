"""HTTP as `fieldstone serve` speaks it: uvicorn's protocol, with a shorter way for what the warm path answers."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from engine.app import Fieldstone
from engine.http.replies import Reply
from engine.http.warm import WarmRequest

_END = b"\r\n\r\n"


class FieldstoneProtocol(HttpToolsProtocol):
    """One connection.

    A request that arrives in one piece or two, and whose head is known, is offered to the warm path. All else goes to
    uvicorn's parser; what arrives while a warm request is answered waits for its end.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._warm = config.app.warm if isinstance(config.app, Fieldstone) else None
        self._request: WarmRequest | None = None
        self._given = b""
        self._part = b""
        self._place = 0
        self._behind = b""
        # Of uvicorn's requests: how many have begun, are not answered, and whether one is still being received.
        self._begun = 0
        self._unanswered = 0
        self._is_receiving = False
        self._is_last = False
        self._answered_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin a connection."""
        self._joining = _JoiningTransport(transport, self.loop)
        super().connection_made(self._joining)  # type: ignore[arg-type]  # it is one in all but name

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way: its client has gone."""
        request, self._request = self._request, None
        if request is not None:
            request.abandon()
        self._take_part()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection as soon as what is under way is answered."""
        if self._request is None:
            self._wait_no_longer()
            super().shutdown()
        else:
            self._is_last = True

    def data_received(self, data: bytes) -> None:
        """Take a request, a part of one, or several."""
        if self._request is not None:
            self._behind += data
            if len(self._behind) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            return
        if self._warm is None or self._is_receiving or self._unanswered or self.flow.write_paused:
            super().data_received(data)
            return
        part = self._take_part()
        if part:
            data = part + data
        end = data.find(_END) + len(_END)
        head = self._warm.recall(data[:end])
        if head is not None:
            length = len(data) - end
            if length < head.length and not part:
                # Some clients send the body by itself.
                self._part = data
                self._place = self._warm.patience.enter(self._wait_no_longer)
                return
            request = self._warm.prepare(head, data[end:], self) if length == head.length else None
            if request is not None:
                self._given, self._request = data, request
                request.begin()
                return
        begun = self._begun
        super().data_received(data)
        is_upgraded = self.transport.get_protocol() is not self
        if head is None and self._begun == begun + 1 and not is_upgraded and not self._is_receiving:
            # It was one request, and all of it: the next one with these bytes need not be parsed.
            self._warm.learn(data[:end], self.scope, length=len(data) - end)

    def _take_part(self) -> bytes:
        part, self._part = self._part, b""
        if part and self._warm is not None:
            self._warm.patience.leave(self._place)
        return part

    def _wait_no_longer(self) -> None:
        if part := self._take_part():
            super().data_received(part)

    def reply(self, reply: Reply, lines: bytes) -> None:
        """Answer the warm request."""
        self._request, self._given = None, b""
        body = bytes(reply.body)
        parts = [STATUS_LINE[reply.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"content-type: ", reply.media_type, b"\r\ncontent-length: %d\r\n" % len(body))
        for name, value in reply.headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (lines, b"connection: close\r\n\r\n" if self._is_last else b"\r\n", body)
        self._joining.write_now(b"".join(parts))
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self._is_last:
            self._joining.close()
            return
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self.flow.resume_reading()
        self._go_on()

    def start_over(self) -> None:
        """Give the warm request to uvicorn."""
        given, self._given = self._given, b""
        self._request = None
        # First, as uvicorn may hold back what comes next by the same means.
        self.flow.resume_reading()
        super().data_received(given)
        if self._is_last:
            super().shutdown()
        self._go_on()

    def _go_on(self) -> None:
        if self._behind:
            data, self._behind = self._behind, b""
            self.data_received(data)

    def on_message_begin(self) -> None:
        """Note that uvicorn has a request to receive, and to answer."""
        self._begun += 1
        self._unanswered += 1
        self._is_receiving = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it has been received."""
        super().on_message_complete()
        self._is_receiving = False

    def on_response_complete(self) -> None:
        """Note that it has been answered."""
        self._unanswered -= 1
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for long enough: a timer for each warm request would cost too much."""
        rest = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self._request is None and rest <= 0:
            super().timeout_keep_alive_handler()
            return
        self.timeout_keep_alive_task = self.loop.call_later(max(rest, 1.0), self.timeout_keep_alive_handler)


class _JoiningTransport:
    """Holds a first write back until the next one, or the loop's next turn; all else is the transport's.

    uvicorn writes head and body one after the other, and uvloop sends each at once: a system call, a segment and a
    wake-up of the client too many for every answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            self.write_now(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def write_now(self, data: bytes) -> None:
        held, self._held = self._held, b""
        # uvicorn tells only the last of several requests that their client has gone; uvloop would fail the others.
        if not self._transport.is_closing():
            self._transport.write(held + data if held else data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            self.write_now(b"")
