"""Exports over a connection: the client of one that is cut sees that it has no end."""

import psycopg
import pytest

from fieldstone.engine.errors import Conflict
from fieldstone.engine.rest.exports.export import Export
from tests.engine.rest.transfers import END, export
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve

pytestmark = pytest.mark.long

__all__ = ["serve"]


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


async def test_a_large_export_takes_no_more_memory(serve: Serve, app_database: str) -> None:
    async with serve(creates=False, pool_size=2) as serving:
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            await connection.execute(
                """INSERT INTO workspace_default.person ("createdBySource", "createdByName", position, email, city)
                SELECT 'IMPORT', 'test', n, n || '@x', repeat('x', 20000) FROM generate_series(1, 4000) AS n"""
            )
        talk = await serving.talk()
        # 10 MB, which is a few pages; then eight times as much.
        await export(talk, "?filter=position[lte]:500")
        before, most_before = await export(talk, "?filter=position[lte]:500")
        size, most = await export(talk, "")
        assert size > 7 * before
        assert most - most_before < 25_000_000
