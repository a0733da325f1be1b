"""The heads of requests, within limits of their size, and with one meaning for all that read them."""

from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.upgrade import is_handshake


class RefusedRequest(Exception):
    """Ends the parser's work; the verdict is noted."""


class CheckedHeads(HttpToolsProtocol):
    """A protocol that stops at a head which is too large, or which is none.

    Attributes:
        _limits: those of the connection.
        _is_head_open: whether a head is being received.
        _is_upgrade_ignored: whether a request asks for an upgrade that there is none for.
        _withheld: bytes since the parser last had a whole head, a part of a body or a whole request.
        _head_since: the time since when it has a part of a head; 0 where it has none.
        _verdict: the status, the message and the reason of a refusal.
    """

    _limits: ConnectionLimits
    _is_head_open = False
    _is_upgrade_ignored = False
    _withheld = 0
    _head_since = 0.0
    _verdict: tuple[int, str, str] | None = None
    _hosts = 0
    _trailers = 0

    def _should_upgrade(self) -> bool:
        return super()._should_upgrade() and is_handshake(self.parser.get_method(), self.headers)

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._is_head_open = True
        self._hosts = self._trailers = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. One behind the body is nothing that the app may take for a header of the request.

        https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
        """
        if not self._is_head_open:
            self._trailers += 1
            if self._trailers > self._limits.headers:
                self._stop(*self._too_large())
            return
        super().on_header(name, value)
        if self.headers[-1][0] == b"host":
            self._hosts += 1
        if len(self.headers) > self._limits.headers:
            self._stop(*self._too_large())

    def on_headers_complete(self) -> None:
        """Begin to answer a request whose head may be one.

        https://www.rfc-editor.org/rfc/rfc9112#section-3.2
        """
        most = self._limits.head_bytes
        if (self._head_since or self._withheld > most) and self._head_size() > most:
            self._stop(*self._too_large())
        if self._hosts > 1 or (self._hosts == 0 and self.parser.get_http_version() == "1.1"):
            self._stop(400, "A request has one Host header, and no more.", "hosts")
        if b"#" in self.url:
            self._stop(400, "A request's target has no '#': write %23 for it.", "no request")
        if self.parser.get_method() == b"CONNECT":
            self._stop(400, "CONNECT is for proxies.", "no request")
        self._is_head_open = False
        self._withheld = 0
        self._head_since = 0.0
        if self.parser.should_upgrade() and not self._should_upgrade():
            self._is_upgrade_ignored = True
            return
        super().on_headers_complete()

    def _head_size(self) -> int:
        """Return the bytes of the head that was parsed, about."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> tuple[int, str, str]:
        limits = self._limits
        message = f"A request's head has at most {limits.head_bytes} bytes and {limits.headers} headers."
        return 431, message, "large head"

    def _stop(self, status: int, message: str, reason: str) -> NoReturn:
        self._verdict = (status, message, reason)
        raise RefusedRequest
