"""Bodies: read within their limits, and made JSON of."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fieldstone.engine.client_json import DEPTH
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.server.http.errors import BodyTooLarge, BodyTooSlow, ClientGone
from fieldstone.engine.server.http.requests.body import decode_json, read_body
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Message, Receive


def receiving(*messages: dict[str, Any]) -> "Receive":
    """Return a channel that gives these messages and then nothing more."""
    left = iter(messages)

    async def receive() -> "Message":
        for message in left:
            return message
        return await asyncio.Future()

    return receive


def chunks(*parts: bytes) -> "Receive":
    last = len(parts) - 1
    return receiving(
        *({"type": "http.request", "body": part, "more_body": place < last} for place, part in enumerate(parts))
    )


async def read(receive: "Receive", *, declared: bytes | None = None, limit: int = 10, timeout: float = 5) -> bytes:  # noqa: ASYNC109 - the timeout is tested
    return await read_body(receive, declared=declared, limit=limit, deadline=Overdue(timeout))


async def test_the_parts_of_a_body_are_put_together() -> None:
    assert await read(chunks(b"abc", b"", b"defg", b"hij")) == b"abcdefghij"


@pytest.mark.parametrize(
    ("parts", "declared"),
    [([b"a" * 11], b"11"), ([b"a" * 6, b"b" * 5], None), ([b"a"] * 11, b"3"), ([b"a" * 1000], None)],
    ids=["declared", "chunked", "more than declared", "far beyond"],
)
async def test_a_body_past_the_limit_is_refused(parts: Iterable[bytes], declared: bytes | None) -> None:
    with pytest.raises(BodyTooLarge, match="more than 10 bytes"):
        await read(chunks(*parts), declared=declared)


async def test_a_body_that_is_declared_far_too_large_is_not_waited_for() -> None:
    with pytest.raises(BodyTooLarge):
        await read(receiving(), declared=b"9" * 5000)


async def test_a_body_that_does_not_arrive_is_given_up() -> None:
    with pytest.raises(BodyTooSlow, match=r"within 0\.01 seconds"):
        await read(receiving({"type": "http.request", "body": b"{", "more_body": True}), timeout=0.01)


async def test_a_cancellation_from_elsewhere_is_none_of_its_own() -> None:
    reading = asyncio.create_task(read(receiving()))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_client_that_leaves_halfway_is_not_answered() -> None:
    half = {"type": "http.request", "body": b"{", "more_body": True}
    with pytest.raises(ClientGone):
        await read(receiving(half, {"type": "http.disconnect"}))


def test_numbers_keep_their_digits() -> None:
    assert decode_json(b'{"a": 0.10000000000000000000001, "b": 12345678901234567890}') == {
        "a": Decimal("0.10000000000000000000001"),
        "b": 12345678901234567890,
    }


def test_text_of_all_planes_passes() -> None:
    assert decode_json('["Zoë 美 👍", "\\ud83d\\udc4d", "\\u0000"]'.encode()) == ["Zoë 美 👍", "👍", "\x00"]


def test_nesting_passes_to_the_limit_and_no_deeper() -> None:
    assert decode_json(b"[" * DEPTH + b"]" * DEPTH)
    flat = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert len(decode_json(flat)) == 1000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"[Infinity, -Infinity]", "Infinity is not JSON"),
        (b'"\xff"', "is not UTF-8: byte 1"),
        ('"x"'.encode("utf-16"), "is not UTF-8"),
        (b'"\xed\xa0\x80"', "is not UTF-8"),
        (b'{"a": ["\\ud800"]}', "a lone surrogate"),
        (b'{"\\udfff": 1}', "a lone surrogate"),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), f"more than {DEPTH} levels"),
        (b"[" * 500_000, f"more than {DEPTH} levels"),
        (b"1" * 10_000, "is not JSON"),
        (b"1e99999999999999999999", "is out of range"),
    ],
    ids=[
        "empty", "cut off", "NaN", "Infinity", "broken UTF-8", "UTF-16", "raw surrogate",
        "escaped surrogate", "surrogate in a key", "too deep", "much too deep", "too many digits", "exponent",
    ],
)  # fmt: skip
def test_what_is_not_a_body_is_refused_by_its_fault(body: bytes, message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        decode_json(body)
