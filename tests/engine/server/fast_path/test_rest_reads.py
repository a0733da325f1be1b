"""Reads of REST on the warm path: the answers of the ordinary one, for other records and pages of one head's lines."""

import json
from typing import Any

import pytest

from tests.engine.server.fast_path.talking import Answered, Serve, Serving, Talk


async def get(talk: Talk, path: str, more: str = "") -> Answered:
    talk.send(f"GET /rest/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n{more}\r\n".encode())
    return await talk.receive()


async def ordinary(serving: Serving, path: str) -> Any:
    answer = await serving.client.get(f"/rest/{path}")
    return answer.status_code, answer.json()


async def test_other_records_and_pages_are_answered_without_a_task(serve: Serve) -> None:
    async with serve() as serving:
        ada, grace = ((await ordinary(serving, "people?order_by=firstName"))[1])["data"]["people"]
        paths = [f"people/{ada['id']}", f"people/{grace['id']}", f"people/{ada['id']}?depth=1"]
        paths += [f"people?filter=firstName[eq]:{name}&limit=1" for name in ("Ada", "Grace", "Nobody")]
        paths += ['people/groupBy?group_by=[{"firstName":true}]&aggregate=["totalCount"]'.replace('"', "%22")]
        talk = await serving.talk()
        for path in paths * 3:
            await get(talk, path)
        before, tasks = await serving.warm(), len(serving.server.server_state.tasks)
        for path in paths:
            cold = await serving.client.get(f"/rest/{path}")
            warm = await get(talk, path)
            assert (warm.status, warm.body) == (cold.status_code, cold.content)
            assert (warm.header(b"etag") or b"").decode() == cold.headers.get("etag", "")
            assert (warm.header(b"content-type") or b"").decode() == cold.headers["content-type"]
        assert await serving.warm() == before + len(paths)
        assert len(serving.server.server_state.tasks) == tasks


async def test_all_else_takes_the_ordinary_path(serve: Serve) -> None:
    async with serve() as serving:
        (ada, _) = ((await ordinary(serving, "people?order_by=firstName"))[1])["data"]["people"]
        talk, path = await serving.talk(), f"people/{ada['id']}"
        for _ in range(4):
            found = await get(talk, path)
        tag = (found.header(b"etag") or b"").decode()
        before = await serving.warm()
        assert before > 0
        assert (await get(talk, path, f"If-None-Match: {tag}\r\n")).status == 304
        missing = f"people/{ada['id'][:-4]}0000"
        for _ in range(3):
            assert ((await get(talk, missing)).status, (await get(talk, "nothing")).status) == (404, 404)
        problem = await get(talk, "people/x", "Accept: application/problem+json\r\n")
        assert (problem.status, problem.json["status"]) == (400, 400)
        assert (await get(talk, f"{path}?depth=7")).status == 400
        assert (await get(talk, "p%65ople?limit=1")).status == 200
        talk.send(f"HEAD /rest/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode())
        talk.send(f"DELETE /rest/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode())
        head = await talk._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert (await talk.receive()).json == {"data": {"deletePerson": {"id": ada["id"]}}}
        assert await serving.warm() == before
        assert (await get(talk, path)).status == 404


async def test_two_at_once_and_one_in_pieces(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for _ in range(4):
            await get(talk, "people?limit=1")
        request = f"GET /rest/people?limit=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode()
        talk.send(request, request)
        first, second = await talk.receive(), await talk.receive()
        assert first.body == second.body
        talk.send(request[:20])
        await talk.writer.drain()
        talk.send(request[20:])
        assert (await talk.receive()).body == first.body


@pytest.mark.parametrize("more", ["", "Origin: https://a.example\r\n"])
async def test_limits_and_origins_count(serve: Serve, more: str) -> None:
    async with serve(creates=False, rate_limit=8, cors_origins=("https://a.example",)) as serving:
        talk = await serving.talk()
        statuses, left = [], []
        for _ in range(9):
            answer = await get(talk, "people?limit=1", more)
            statuses.append(answer.status)
            left.append(int(answer.header(b"x-ratelimit-remaining") or -1))
            allowed = answer.header(b"access-control-allow-origin")
            assert (allowed is not None) is bool(more)
        assert (statuses, left) == ([200] * 8 + [429], [*range(7, -1, -1), 0])
        assert await serving.warm() > 0
        assert json.loads(answer.body)["statusCode"] == 429
