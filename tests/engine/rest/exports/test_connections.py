"""Exports over a connection: the client of one that is cut sees that it has no end."""

import pytest

from fieldstone.engine.errors import Conflict
from fieldstone.engine.rest.exports.export import Export
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve

__all__ = ["serve"]

END = b"0\r\n\r\n"


async def test_a_whole_export_and_one_that_is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(max_page=1, default_page=1) as serving:
        talk = await serving.talk()
        request = f"GET /rest/people.jsonl HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode()
        # The same head again and again, as the warm path knows it.
        for _ in range(3):
            talk.send(request)
            answer = await talk._reader.readuntil(b"\r\n" + END)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"transfer-encoding: chunked" in answer
            assert answer.count(b'"email":') == 2

        read = Export.read_next

        async def fail_later(self: Export) -> bytes:
            if self.pages:
                raise Conflict("x")
            return await read(self)

        monkeypatch.setattr(Export, "read_next", fail_later)
        talk.send(request)
        answer = await talk._reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b'"email":') == 1
        assert not answer.endswith(END)
