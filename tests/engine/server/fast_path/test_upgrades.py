"""Handshakes of WebSockets over sockets: each in a turn of its own, and none behind a request without an answer."""

from typing import Any

import pytest

from fieldstone.engine.server.connections.handshakes import Handshakes
from tests.engine.server.fast_path.talking import Serve

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.parametrize("leaves", [False, True], ids=["all stay", "half of them leave"])
async def test_handshakes_that_come_at_once_are_all_made(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    enter, most = Handshakes.enter, 0

    def note(handshakes: Handshakes, *arguments: Any) -> None:
        nonlocal most
        enter(handshakes, *arguments)
        most = max(most, len(handshakes._waiting))

    monkeypatch.setattr(Handshakes, "enter", note)
    async with serve(creates=False) as serving:
        talks = [await serving.talk() for _ in range(50)]
        for number, talk in enumerate(talks):
            talk.send(HANDSHAKE)
            if leaves and number % 2:
                talk.writer.transport.abort()
        for number, talk in enumerate(talks):
            if not (leaves and number % 2):
                assert (await talk.receive()).status == 101
    assert most > 1


async def test_a_handshake_behind_a_request_without_an_answer_is_a_request(serve: Serve) -> None:
    """The WebSocket would have the answer of that request among its frames."""
    async with serve(creates=False) as serving:
        talk = await serving.talk()
        talk.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", HANDSHAKE)
        first, second = await talk.receive(), await talk.receive()
        assert (first.status, first.json) == (200, {"status": "ok"})
        assert second.status not in {101, 200}
        # With the answer it is one again.
        talk.send(HANDSHAKE)
        assert (await talk.receive()).status == 101
