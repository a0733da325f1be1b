"""uvicorn's HTTP protocol, within limits: of time, and of bytes that wait for a client or for an answer."""

import asyncio
from collections import deque
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from fieldstone.engine.server.connections.checked_heads import CheckedHeads
from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.old_clients import without_chunks
from fieldstone.engine.server.connections.place import PLACE, NotesBuffered
from fieldstone.engine.server.connections.refusal import write_refusal
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.connections.transport import ClientTransport
from fieldstone.engine.server.connections.upgrade import head_without_upgrade

_SLICE = 8 << 10
"""Bytes that are parsed at once: in these few are not too many requests."""

_MOST_QUEUED = 16
"""Requests of a connection that wait for those before them; the bytes after them stay unparsed."""

_MOST_DISCARDED = 1 << 20
"""Bytes that are read from a client that was refused, so that it sees the refusal."""


class GuardedProtocol(NotesBuffered, CheckedHeads):
    """One connection, as long as it speaks HTTP."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        connections = getattr(config.app, "connections", None)
        # A connection of another app has limits of its own, and none with others.
        self._connections = connections if isinstance(connections, Connections) else Connections(ConnectionLimits())
        self._limits = self._connections.limits
        # Of uvicorn's requests: how many have begun, the bytes of the body of each one without an answer, and whether
        # one is still being received; the first of them is the one that runs.
        self._begun = 0
        self._unanswered: deque[int] = deque()
        self._running: RequestResponseCycle | None = None
        self._is_receiving = self._is_handed_over = False
        self._received = 0
        self._made_at = self._answered_at = 0.0
        self._behind = b""
        self._refusal = b""
        self._is_refused = False
        self._lingering = 0
        self._discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin a connection."""
        self._client = ClientTransport(transport, self.loop)
        self._made_at = self.loop.time()
        super().connection_made(self._client)  # type: ignore[arg-type]  # it is one in all but name
        self._take_place()

    def move_to(self, client: tuple[str, int]) -> None:
        """Count the connection for the address of its client, which a balancer has told."""
        self.client = self._client.told_peer = client
        if self._place is not None:
            self._place.leave()
        self._take_place()

    def _take_place(self) -> None:
        self._place = self._connections.enter(self, self._client)
        if self._place is not None:
            self.app_state = {**self.app_state, PLACE: self._place}
        elif self._connections.refuse():
            self._refuse(503, "There are too many connections: try again in a moment.", None)
        else:
            self._is_refused = True
            self._client.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the connection's place to others."""
        self._connections.lingering.leave(self._lingering)
        if self._place is not None:
            self._place.leave()
        else:
            self._connections.forget_refused()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection as soon as all that it has asked for is answered."""
        if self._is_refused:
            self._client.close()
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, or several."""
        if self._behind:
            self.keep_back(data)
        else:
            self.parse(data)

    def keep_back(self, data: bytes) -> None:
        """Keep bytes whose turn has not come."""
        self._behind += data
        if len(self._behind) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
            if self._place is not None:
                self._place.note_buffered()

    def go_on(self) -> None:
        """Parse the bytes that were kept back."""
        if self._behind and not self.transport.is_closing():
            data, self._behind = self._behind, b""
            self.data_received(data)

    def parse(self, data: bytes) -> None:
        """Give bytes to the parser, as long as it wants them."""
        for start in range(0, len(data), _SLICE):
            if self._is_refused:
                self._discard(len(data) - start)
                return
            if len(self.pipeline) >= _MOST_QUEUED:
                self.keep_back(data[start:])
                return
            piece = data[start : start + _SLICE] if len(data) > _SLICE else data
            self._withheld += len(piece)
            self._received += len(piece)
            self._feed(piece)
            if self._is_handed_over:
                return
            if self._withheld > self._limits.head_bytes:
                self._refuse(*self._too_large())
        if self._is_head_open or (self._withheld and not self._is_receiving):
            if not self._head_since:
                self._head_since = self.loop.time()
        else:
            self._head_since = 0.0

    def _should_upgrade(self) -> bool:
        # A request before it would be answered among the frames of the WebSocket, and have more read meanwhile.
        return len(self._unanswered) == 1 and super()._should_upgrade()

    def _feed(self, piece: bytes) -> None:
        self._unset_keepalive_if_required()
        while True:
            try:
                self.parser.feed_data(piece)
            except HttpParserUpgrade as upgrade:
                if self._is_upgrade_ignored:
                    # The request is read once more.
                    self._is_upgrade_ignored = False
                    self._begun -= 1
                    self._unanswered.pop()
                    parser, behind = self.parser, piece[upgrade.args[0] :]
                    method, version = parser.get_method(), parser.get_http_version()
                    piece = head_without_upgrade(method, self.url, version, self.headers) + behind
                    continue
                if upgrade.args[0] < len(piece):
                    # They would be lost, and the bytes that come next be taken for the head of a frame.
                    self._unanswered.pop()
                    self._refuse(400, "A WebSocket's frames may come when its handshake is answered, not before.", None)
                    return
                self._is_handed_over = True
                self._connections.handshakes.enter(self._client, self.handle_websocket_upgrade)
            except HttpParserError as error:
                # The error of a callback is that of the parser, with its cause as the context.
                if isinstance(error.__context__, MemoryError):
                    self._refuse(503, "The server has no memory for this request: try again in a moment.", None)
                else:
                    self.send_400_response("Invalid HTTP request received.")
            return

    def on_message_begin(self) -> None:
        """Note that there is a request to receive, and to answer."""
        self._begun += 1
        self._unanswered.append(0)
        self._is_receiving = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._withheld = 0
        if self._unanswered:
            self._unanswered[-1] += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request has been received."""
        if self._is_upgrade_ignored:
            return
        self._withheld = 0
        super().on_message_complete()
        self._is_receiving = False
        if self._unanswered and self._unanswered[-1] > HIGH_WATER_LIMIT and self._place is not None:
            self._place.note_buffered()

    def on_response_complete(self) -> None:
        """Note that one has been answered."""
        body_size = self._unanswered.popleft()
        self._answered_at = self.loop.time()
        super().on_response_complete()
        # Late connections are ended by one timer for all.
        self._unset_keepalive_if_required()
        if body_size > HIGH_WATER_LIMIT and self._place is not None:
            self._place.note_buffered()
        if self._refusal and not self._unanswered:
            self._send_refusal()
        elif self._behind:
            if len(self._behind) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            if len(self.pipeline) < _MOST_QUEUED:
                self.loop.call_soon(self.go_on)

    def look(self, now: float) -> None:
        """End the connection if its client is late."""
        limits = self._limits
        if self._is_refused:
            return
        if self._head_since:
            if now - self._head_since >= limits.head:
                self._refuse(408, f"The request's head did not arrive within {limits.head:g} seconds.", "slow head")
        elif self._unanswered:
            return
        elif self._is_receiving:
            if now - self._answered_at >= limits.body:
                self._close("slow body")
        elif self._answered_at:
            if now - self._answered_at >= self.timeout_keep_alive:
                self._close(None)
        elif now - self._made_at >= limits.head:
            self._close("silent")

    def idle_since(self) -> float | None:
        """Return since when the client, as far as it reads its answers, waits for none."""
        if len(self._unanswered) > self._is_head_open and not self._is_refused:
            place = self._place
            is_stalled = self.flow.write_paused and place is not None and not place.is_known
            return place.buffered_since if is_stalled and place is not None else None
        return self._answered_at or self._made_at

    def received(self) -> int:
        """Return the bytes that the parser was given."""
        return self._received

    def incomplete(self) -> int:
        """Return the bytes of requests that are kept."""
        return len(self._behind) + sum(self._unanswered) + (self._withheld if self._head_since else 0)

    def note_streamed(self, size: int) -> None:
        """Note that the app keeps bytes of a body no longer: that of the first request without an answer."""
        if self._unanswered:
            self._unanswered[0] -= size

    def is_waiting(self) -> bool:
        """Return whether the client has sent whole requests, reads, and waits for an answer."""
        return bool(self._unanswered) and not self._is_receiving and not self.flow.write_paused

    def refuse_waiting(self) -> bool:
        """Answer the first of the requests that wait with 503 and close; return whether that could be done.

        By the answer's `Connection: close` a client knows that none of the requests behind it is carried out.
        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        cycle, whole = self._running, len(self._unanswered) - self._is_receiving
        if cycle is None or whole < 1 or self.flow.write_paused or cycle.response_started:
            return False
        self._unanswered.clear()
        self.pipeline.clear()
        self._is_receiving = self._is_head_open = False
        # Its task is ended as that of a client that has gone, and all that it sends is dropped.
        cycle.disconnected = True
        cycle.message_event.set()
        self._refuse(503, "Too many bytes of requests wait for their answers: try again in a moment.", None)
        return True

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no request."""
        self._refuse(*(self._verdict or (400, msg, "no request")))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        is_old = cycle.scope["http_version"] == "1.0"
        super()._start_asgi_task(cycle, without_chunks(cycle, app) if is_old else app)

    def _close(self, reason: str | None) -> None:
        if reason is not None:
            self._connections.count(reason)
        self._client.close()

    def _refuse(self, status: int, message: str, reason: str | None) -> None:
        """Answer a refused request behind the answers to those before it, and read no further one."""
        if self._is_refused:
            return
        self._is_refused = True
        if reason is not None:
            self._connections.count(reason)
        given = self.headers if self._is_receiving else ()
        self._refusal = write_refusal(status, message, self.server_state.default_headers, given=given)
        if self._is_receiving:
            self._forget_current()
        self._is_receiving = True
        self._behind = b""
        if not self._unanswered:
            self._send_refusal()

    def _forget_current(self) -> None:
        """Let the request that is being received have no other answer than the refusal."""
        if self._is_head_open:
            self._unanswered.pop()
            return
        cycle = self.cycle
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
            self._unanswered.pop()
            return
        if cycle.response_started:
            # It is answered, or about to be.
            self._refusal = b""
        if not cycle.response_complete:
            self._unanswered.pop()
            cycle.disconnected = True
            cycle.message_event.set()

    def _send_refusal(self) -> None:
        if self.transport.is_closing():
            return
        if self._refusal:
            self._client.write_now(self._refusal)
        # Bytes that the client still sends are read for a while: closed at once, the connection would be reset, and the
        # client might never see the answer. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        self._client.write_eof()
        self.flow.resume_reading()
        self._lingering = self._connections.lingering.enter(self._client.abort)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > _MOST_DISCARDED:
            self._client.abort()
