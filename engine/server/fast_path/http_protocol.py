"""HTTP as `fieldstone serve` speaks it: uvicorn's protocol, with a shorter way for the requests of the fast path."""

import asyncio
import math
import random
from collections.abc import Sequence
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from fieldstone.engine.server.browsers.security_headers import KEPT_LINES, SECURITY_LINES
from fieldstone.engine.server.connections.guarded_http import GuardedProtocol
from fieldstone.engine.server.fast_path.repeated_request import AnyRequest, WarmPath
from fieldstone.engine.server.http.refusal_pace import PACED
from fieldstone.engine.server.http.responses import Header, Reply
from fieldstone.metadata.roles.networks import Address, read_address

_END = b"\r\n\r\n"
_LAST_MOMENT = 0.5
"""Seconds that a kept connection has for another request when its server ends."""


class HeldRefusal:
    """The refusal of a request that is over, until it is sent.

    Args:
        timer: sends it.
    """

    __slots__ = ("_timer",)

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self._timer = timer

    def abandon(self) -> None:
        """Send nothing: the client has gone."""
        self._timer.cancel()


class FieldstoneProtocol(GuardedProtocol):
    """One connection.

    A request that arrives in one piece or two, and whose head is known, is offered to the warm path. All else goes to
    uvicorn's parser; bytes that arrive while a warm request is answered wait for its end.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        warm = getattr(config.app, "warm", None)
        self._warm = warm if isinstance(warm, WarmPath) else None
        self._request: AnyRequest | HeldRefusal | None = None
        self._given = b""
        self._part = b""
        self._part_place = 0
        self._is_last = False
        self._replies = 0
        # Connections that were made together shall not end together.
        self._age = self._limits.age * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load

    def connection_lost(self, exc: Exception | None) -> None:
        """End the request in progress: its client has gone."""
        request, self._request = self._request, None
        if request is not None:
            request.abandon()
        self._take_part()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection with the answer to the request in progress, or to one that comes within a moment.

        The next request of a kept connection may be on its way: closed at once, the connection would lose it.
        """
        self._is_last = True
        if self._request is None:
            self._wait_no_longer()
            if self._unanswered or self._is_refused:
                super().shutdown()
            else:
                self.loop.call_later(_LAST_MOMENT, self._end_idle)

    def _end_idle(self) -> None:
        if self._request is None and not self.transport.is_closing():
            super().shutdown()

    def retire(self) -> None:
        """Close the connection with its next answer, which tells the client; nothing that is on its way is lost."""
        self._is_last = True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._is_last and not self.pipeline:
            # uvicorn adds `connection: close`.
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Take a request, a part of one, or several."""
        if self._request is not None or self._behind:
            self.keep_back(data)
            return
        if self._warm is None or self._is_receiving or self._unanswered or self.flow.write_paused:
            self.parse(data)
            return
        part = self._part
        if part:
            data = self._take_part() + data
        end = data.find(_END) + len(_END)
        found = self._warm.heads.find(data, end)
        if found is not None:
            length, expected = len(data) - end, found[0].length
            if length < expected and not part:
                # Some clients send the body by itself.
                self._part = data
                self._part_place = self._warm.patience.enter(self._wait_no_longer)
                return
            request = self._warm.find_request(found, self) if length == expected else None
            if request is not None:
                self._given, self._request = data, request
                if self._place is not None:
                    self._place.is_known = True
                request.begin()
                return
        begun = self._begun
        self.parse(data)
        is_request = self._begun == begun + 1 and not self._is_handed_over and not self._is_receiving
        if found is None and is_request:
            # It was one request, and all of it: the next one with these bytes need not be parsed.
            self._warm.heads.learn(data[:end], self.scope, length=len(data) - end)

    def look(self, now: float) -> None:
        """End the connection if its client is late; note if it has been there for long."""
        if now - self._made_at > self._age or (
            self._replies + self._begun >= self._limits.requests and self._age < math.inf
        ):
            self.retire()
        if self._request is None and not self._part:
            super().look(now)

    def idle_since(self) -> float | None:
        """Return since when nothing is done for the client."""
        return None if self._request is not None else super().idle_since()

    def _take_part(self) -> bytes:
        part, self._part = self._part, b""
        if part and self._warm is not None:
            self._warm.patience.leave(self._part_place)
        return part

    def _wait_no_longer(self) -> None:
        if part := self._take_part():
            self.parse(part)

    def address(self) -> Address | None:
        """Return the address that the client is connected from."""
        return read_address(self.client[0]) if self.client else None

    def reply(self, reply: Reply, lines: bytes) -> None:
        """Answer the warm request; a refusal is sent at the pace of refusals."""
        if reply.status in PACED and self._warm is not None and (seconds := self._warm.refusals.take()):
            self._given, self._request = b"", HeldRefusal(self.loop.call_later(seconds, self._send, reply, lines))
        else:
            self._send(reply, lines)

    def _send(self, reply: Reply, lines: bytes) -> None:
        body = bytes(reply.body)
        defaults = _DEFAULT_LINES.of(self.server_state.default_headers)
        for header in reply.headers:
            lines = b"%b: %b\r\n" % header + lines
        # Requests that were sent ahead are answered, too.
        is_last = self._is_last and not self._behind
        length = b"\r\ncontent-length: %d\r\n" % len(body)
        end = b"connection: close\r\n\r\n" if is_last else b"\r\n"
        # A join takes half the time of a format.
        safe = SECURITY_LINES if reply.tag is None else b"%betag: %b\r\n" % (KEPT_LINES, reply.tag)
        head = (STATUS_LINE[reply.status], defaults, b"content-type: ", reply.media_type, length, lines, safe)
        # Before the request is forgotten: without memory for this it has another answer.
        message = b"".join((*head, end, body))
        self._replies += 1
        self._request, self._given = None, b""
        self._client.write_now(message)
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if is_last:
            self._client.close()
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self._behind:
            self.go_on()

    def reserve_trace(self, trace_id: int) -> None:
        """Keep the id of the trace that the next request begins."""
        if self._place is not None:
            self._place.trace_id = trace_id

    def start_over(self) -> None:
        """Give the warm request to uvicorn."""
        given, self._given = self._given, b""
        self._request = None
        # First, as uvicorn may hold back the next bytes by the same means.
        self.flow.resume_reading()
        self.parse(given)
        if self._is_last:
            super().shutdown()
        self.go_on()


def _join(headers: Sequence[Header]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class _DefaultLines:
    """The lines of the headers that all replies have, for which uvicorn makes a new list once a second."""

    def __init__(self) -> None:
        self._headers: Sequence[Header] = ()
        self._lines = b""

    def of(self, headers: Sequence[Header]) -> bytes:
        """Return the lines of these headers."""
        if self._headers is not headers:
            self._headers, self._lines = headers, _join(headers)
        return self._lines


_DEFAULT_LINES = _DefaultLines()
