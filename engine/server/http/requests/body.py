"""Reads a request's body within its limits."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fieldstone.engine.client_json import decode_json_text
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.server.http.errors import BodyTooLarge, BodyTooSlow, ClientGone, UnsupportedMediaType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive

_DRAINED = 8
"""A body of at most so many times the limit is read to its end, so that the client receives the refusal."""


async def read_body(receive: "Receive", *, declared: bytes | None, limit: int, deadline: Overdue) -> bytes:
    """Return the whole body.

    Args:
        receive: the ASGI channel.
        declared: the value of Content-Length.
        limit: bytes at most.
        deadline: the time within which the whole body must arrive.

    Raises:
        BodyTooLarge: it has more bytes, by its declaration or by count.
        BodyTooSlow: it did not arrive in time.
        ClientGone: the client left before the end.
    """
    if declared is not None and declared.isdigit() and int(declared[:20]) > _DRAINED * limit:
        raise _too_large(limit)
    reading = _Reading(deadline)
    try:
        return await _read_parts(receive, limit)
    except asyncio.CancelledError:
        # Other code may have cancelled the task too: its cancellation must get through.
        if reading.is_given_up and reading.task.uncancel() == 0:
            raise BodyTooSlow(f"The request's body did not arrive within {deadline.seconds:g} seconds.") from None
        raise
    finally:
        deadline.leave(reading.place)


class _Reading:
    """The task that reads a body, until the deadline ends it."""

    __slots__ = ("is_given_up", "place", "task")

    def __init__(self, deadline: Overdue) -> None:
        self.is_given_up = False
        self.place, self.task = deadline.enter_task(self.give_up)

    def give_up(self) -> None:
        self.is_given_up = True
        self.task.cancel()


async def _read_parts(receive: "Receive", limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        if size > _DRAINED * limit or not message.get("more_body", False):
            break
    if size > limit:
        raise _too_large(limit)
    return b"".join(chunks)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request's body has more than {limit:,} bytes, which is the limit (FIELDSTONE_MAX_BODY_BYTES)."
    )


def require_plain(given: Mapping[bytes, bytes], name: str) -> None:
    """Refuse a request whose body, named in the message, is compressed; raises UnsupportedMediaType."""
    if given.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise UnsupportedMediaType(f"The {name} must not be compressed: send it without Content-Encoding.")


def decode_json(body: bytes) -> JsonValue:
    """Return the JSON value of a body.

    Raises:
        BadUserInput: it is not JSON in UTF-8, or nested too deeply, or holds a lone surrogate.
    """
    try:
        # Tools of Windows write a byte order mark, which is no part of the text.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadUserInput(f"The request's body is not UTF-8: byte {error.start} cannot be decoded.") from None
    return decode_json_text(text, name="The request's body")
