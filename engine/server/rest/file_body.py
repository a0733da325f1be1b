"""The body of a request that is a file: it is read piece by piece, and never as a whole."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.server.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    ClientGone,
    NotAcceptable,
    UnsupportedMediaType,
)
from fieldstone.engine.server.http.requests.body import require_plain
from fieldstone.engine.server.http.requests.incoming import IncomingRequest
from fieldstone.engine.server.http.requests.negotiation import says_utf8, takes_json
from fieldstone.engine.server.http.requests.request_log import note_streamed
from fieldstone.engine.server.http.responses import Headers

_SLOWEST = 4_096
"""Bytes of a file that have to come in each second in which it is waited for, on average."""
_LONGEST = 21_600.0
"""Seconds of an import."""
_MOST_DRAINED = 64 << 20
"""Bytes behind a refusal that are read, so that the client, which sends the whole file first, receives it."""
_DRAIN = 10.0
"""Seconds that these are read for."""

_MULTIPART = (b"multipart/form-data", b"application/x-www-form-urlencoded")


class FileBody:
    """The body of a request, piece by piece.

    Args:
        incoming: the request.
        most: bytes that it may have.
        patience: seconds that may be waited for it, besides those that the bytes so far may have taken.
    """

    def __init__(self, incoming: IncomingRequest, *, most: int, patience: float) -> None:
        self._incoming = incoming
        self._most = most
        self._patience = patience
        self._received = 0
        self._waited = 0.0
        self._is_over = self._is_slow = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the pieces; raises ApiError, or ClientGone."""
        first = time.monotonic()
        while not self._is_over:
            began = time.monotonic()
            if began - first > _LONGEST:
                raise BodyTooSlow(f"The import has taken {_LONGEST / 3_600:g} hours: send the rest by itself.")
            left = self._patience + self._received / _SLOWEST - self._waited
            try:
                async with asyncio.timeout(max(0.0, left)):
                    piece = await self._next()
            except TimeoutError:
                self._is_slow = True
                raise BodyTooSlow(
                    f"The file comes too slowly: {_SLOWEST:,} bytes a second are the least, after"
                    f" {self._patience:g} seconds."
                ) from None
            self._waited += time.monotonic() - began
            if self._received > self._most:
                raise BodyTooLarge(
                    f"The file has more than {self._most:,} bytes, which is the limit (FIELDSTONE_MAX_IMPORT_BYTES)."
                )
            yield piece

    @asynccontextmanager
    async def drained(self) -> AsyncIterator[None]:
        """Read the rest behind a refusal, and add the headers of a reply behind which more of the body may come."""
        try:
            yield
        except ApiError as error:
            ending = await self.drain()
            # The reply to these has the header already.
            self._incoming.reply_headers.extend([] if isinstance(error, BodyTooLarge | BodyTooSlow) else ending)
            raise

    async def drain(self) -> Headers:
        """Read the rest within limits, unless the client is too slow, and return the headers of an answer behind it."""
        most = 0 if self._is_slow else self._received + _MOST_DRAINED
        try:
            async with asyncio.timeout(_DRAIN):
                while not self._is_over and self._received < most:
                    await self._next()
        except TimeoutError:
            pass
        # The rest of the body must not be parsed as the next request.
        return [] if self._is_over else [(b"connection", b"close")]

    async def _next(self) -> bytes:
        message = await self._incoming.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        self._received += len(piece)
        note_streamed(self._incoming.scope, len(piece))
        self._is_over = not message.get("more_body", False)
        return piece


def check_file_headers(given: dict[bytes, bytes]) -> None:
    """Refuse a request whose body is not the file itself; raises ApiError."""
    content_type = given.get(b"content-type", b"")
    if content_type.partition(b";")[0].strip().lower() in _MULTIPART or not says_utf8(content_type):
        raise UnsupportedMediaType(
            "The body must be the file itself: its Content-Type is text/csv or application/jsonl, in UTF-8."
        )
    require_plain(given, "file")
    if b"idempotency-key" in given:
        raise BadUserInput(
            "An import takes no Idempotency-Key: with 'on_conflict' the same file can be sent again.",
            field="Idempotency-Key",
        )
    if not takes_json(given.get(b"accept")):
        raise NotAcceptable("The answer is application/json in UTF-8.")
