"""Complete responses, and how errors become them."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.deflated import DeflatedText
from engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable, Unauthenticated
from engine.http.auth import CHALLENGE
from engine.http.errors import BodyTooLarge, BodyTooSlow
from engine.http.negotiation import JSON, takes_deflate
from metadata.json_text import dumps

if TYPE_CHECKING:
    from starlette.types import Send

Headers = list[tuple[bytes, bytes]]

RETRY_SOON = (b"retry-after", b"1")
TEXT = b"text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response; its length is added when it is sent."""

    status: int
    body: bytes | DeflatedText
    media_type: bytes = JSON
    headers: Headers = field(default_factory=list)


def build_error_reply(error: ApiError, *, media_type: bytes | None = None) -> Reply:
    """Return the response for a request that got no further than this error."""
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
            # What is left of the body must not be taken for the next request.
            headers.append((b"connection", b"close"))
    return Reply(
        status=error.status,
        body=dumps(shown).encode("utf-8", "replace"),
        media_type=media_type or JSON,
        headers=headers,
    )


async def send_reply(send: "Send", reply: Reply, *, head: bool = False, accept_encoding: bytes | None = None) -> None:
    """Send the response, for a HEAD without its body."""
    if isinstance(reply.body, DeflatedText):
        await _send_text(send, reply, reply.body, accept_encoding, head=head)
        return
    await _send_head(send, reply, len(reply.body), [])
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


async def _send_text(
    send: "Send", reply: Reply, text: DeflatedText, accept_encoding: bytes | None, *, head: bool
) -> None:
    """Send a text in chunks, compressed as it is kept where the client takes that."""
    headers: Headers = [(b"vary", b"accept-encoding")]
    if is_encoded := takes_deflate(accept_encoding):
        headers.append((b"content-encoding", b"deflate"))
    await _send_head(send, reply, text.encoded_length if is_encoded else len(text), headers)
    if not head:
        for chunk in text.encoded() if is_encoded else text.plain():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            # A client that reads as fast as we write must not keep the others waiting.
            await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def _send_head(send: "Send", reply: Reply, length: int, more: Headers) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                (b"content-type", reply.media_type),
                (b"content-length", b"%d" % length),
                *more,
                *reply.headers,
            ],
        }
    )
