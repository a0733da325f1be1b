"""Whatever a client sends over a socket is answered, or closes it with a code of the protocol: never with a fault."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.events.conftest import Running
from tests.engine.server.streams.sockets import Closed, connected
from tests.operations import examples

pytestmark = pytest.mark.long

CODES = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}
"""The close codes of both protocols for a client's misuse of a socket."""

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_QUERIES = st.sampled_from(
    [
        "{ people { totalCount } }", "subscription { personCreated { id email } }", "subscription { nope }", "{ nope }",
        "subscription ($f: PersonFilterInput) { personUpdated(filter: $f) { id } }", "{", "", "mutation { __typename }",
        'subscription { personCreated(after: "x") { id } }', "subscription { a: personCreated { id } __typename }",
        "query A { __typename } query B { __typename }", "\0", "\ud800", "subscription { personCreated { ...F } }",
    ]
)  # fmt: skip
_PAYLOADS = _JSON | st.fixed_dictionaries(
    {"query": _QUERIES | _JSON},
    optional={"variables": _JSON | st.fixed_dictionaries({"f": _JSON}), "operationName": _JSON, "extensions": _JSON},
)
_TYPES = st.sampled_from(["connection_init", "subscribe", "complete", "ping", "pong", "next", "connection_ack", ""])
_MESSAGES = st.fixed_dictionaries(
    {},
    optional={"type": _TYPES | _JSON, "id": st.sampled_from(["1", "2", ""]) | _JSON, "payload": _PAYLOADS, "x": _JSON},
)
_SUBSCRIPTIONS = st.fixed_dictionaries(
    {"type": st.just("subscribe"), "id": st.sampled_from("123"), "payload": _PAYLOADS}
)
_FRAMES = (
    (_MESSAGES | _SUBSCRIPTIONS | _JSON).map(lambda message: {"text": json.dumps(message)})
    | st.text(max_size=20).map(lambda text: {"text": text})
    | st.binary(max_size=20).map(lambda data: {"bytes": data})
)


async def check(running: Running, frames: Sequence[dict[str, Any]], *, has_key: bool) -> None:
    async with connected(running.app) as socket:
        try:
            if has_key:
                await socket.initialise(running.key)
            for frame in frames:
                await socket.send_raw(**frame)
            await socket.send(type="ping", payload={"last": True})
            while (message := await socket.receive()) != {"type": "pong", "payload": {"last": True}}:
                for error in message.get("payload") or () if message["type"] == "error" else ():
                    assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", error
        except Closed as closed:
            assert closed.code in CODES, closed


async def test_frames_never_yield_a_fault(running: Running) -> None:
    loop = asyncio.get_running_loop()

    @examples(200)
    @given(frames=st.lists(_FRAMES, max_size=5), has_key=st.booleans())
    def run(frames: list[dict[str, Any]], has_key: bool) -> None:
        asyncio.run_coroutine_threadsafe(check(running, frames, has_key=has_key), loop).result(30)

    await asyncio.to_thread(run)
