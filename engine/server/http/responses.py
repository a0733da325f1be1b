"""Complete responses, also those to errors."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from fieldstone.engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable, Unauthenticated
from fieldstone.engine.introspection.deflated import DeflatedText, in_chunks
from fieldstone.engine.server.browsers.security_headers import KEPT
from fieldstone.engine.server.http.errors import BodyTooLarge, BodyTooSlow
from fieldstone.engine.server.http.requests.auth import CHALLENGE
from fieldstone.engine.server.http.requests.negotiation import JSON, takes_encoding
from fieldstone.metadata.json_text import dumps

if TYPE_CHECKING:
    from starlette.types import Message, Send

Header = tuple[bytes, bytes]
Headers = list[Header]

RETRY_SOON = (b"retry-after", b"1")
TEXT = b"text/plain; charset=utf-8"


class ListBody:
    """The JSON list of the answers of a batch; it is never whole in memory, as each answer is given up once sent."""

    def __init__(self, answers: Iterable[bytes | DeflatedText]) -> None:
        self._answers = list(answers)

    def __len__(self) -> int:
        """Return the bytes of the list, before its chunks are taken."""
        return sum(map(len, self._answers)) + len(self._answers) + 1

    def __bytes__(self) -> bytes:
        return b"".join(self.plain())

    def plain(self) -> Iterator[bytes]:
        """Yield the list in chunks, once."""
        return in_chunks(self._take())

    def _take(self) -> Iterator[bytes]:
        before = b"["
        self._answers.reverse()
        while self._answers:
            answer = self._answers.pop()
            yield before
            yield from (answer,) if isinstance(answer, bytes) else answer.plain()
            before = b","
        yield b"]"


class Reply(NamedTuple):
    """A response; its length is added when it is sent.

    Attributes:
        tag: the entity tag of the one record that it shows. A browser may keep the response.
    """

    status: int
    body: bytes | DeflatedText | ListBody
    media_type: bytes = JSON
    headers: Sequence[Header] = ()
    tag: bytes | None = None


def build_error_reply(error: ApiError, *, media_type: bytes | None = None) -> Reply:
    """Return the response to a request that ended with this error."""
    shown: dict[str, object] = {"errors": [error.formatted()]}
    headers: Headers = []
    match error:
        case Unauthenticated():
            headers.append(CHALLENGE)
        case ServiceUnavailable():
            headers.append(RETRY_SOON)
        case RateLimitExceeded():
            shown["extensions"] = {"code": error.code} | error.extensions
        case BodyTooLarge() | BodyTooSlow():
            # The rest of the body must not be parsed as the next request.
            headers.append((b"connection", b"close"))
    return Reply(
        status=error.status,
        body=dumps(shown).encode("utf-8", "replace"),
        media_type=media_type or JSON,
        headers=headers,
    )


async def send_reply(
    send: "Send",
    reply: Reply,
    headers: Sequence[Header] = (),
    *,
    head: bool = False,
    accept_encoding: bytes | None = None,
) -> None:
    """Send the response with these headers besides its own, for a HEAD without its body."""
    match reply.body:
        case bytes():
            await send(_start(reply, len(reply.body), headers))
            await send({"type": "http.response.body", "body": b"" if head else reply.body})
            return
        case ListBody():
            await send(_start(reply, len(reply.body), headers))
            chunks = reply.body.plain()
        case _:
            chunks = await _begin_text(send, reply, reply.body, headers, accept_encoding)
    if not head:
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            # A client that reads as fast as the server writes must not keep the others waiting.
            await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def _begin_text(
    send: "Send", reply: Reply, text: DeflatedText, headers: Sequence[Header], accept_encoding: bytes | None
) -> Iterator[bytes]:
    """Send the head of a text, and return its chunks: in the compressed form where the client accepts deflate."""
    headers = [*headers, (b"vary", b"accept-encoding")]
    if is_encoded := takes_encoding(accept_encoding, b"deflate"):
        headers.append((b"content-encoding", b"deflate"))
    await send(_start(reply, text.encoded_length if is_encoded else len(text), headers))
    return text.encoded() if is_encoded else text.plain()


def _start(reply: Reply, length: int, headers: Sequence[Header]) -> "Message":
    own = reply.headers if reply.tag is None else (*reply.headers, (b"etag", reply.tag), KEPT)
    if reply.status != HTTPStatus.NOT_MODIFIED:
        # Of a 304, these headers would be of the answer that the client has already.
        own = ((b"content-type", reply.media_type), (b"content-length", b"%d" % length), *own)
    return {"type": "http.response.start", "status": reply.status, "headers": [*own, *headers]}
