"""Reads of REST on the warm path: the answers of the ordinary one, for other records and pages of one head's lines."""

import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from fieldstone.engine.request.ready import Ready
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.server.fast_path import known_reads
from fieldstone.metadata.roles.principal import Principal
from tests.engine.server.fast_path.talking import Answered, Serve, Serving, Talk

RUNS = 30


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
            for name in ("content-type", "cache-control"):
                assert [line for line in warm.headers if line.startswith(name.encode() + b":")] == [
                    f"{name}: {cold.headers[name]}".encode()
                ]
            assert cold.headers["cache-control"] == ("private, no-cache" if "etag" in cold.headers else "no-store")
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


_EQUAL_TO = [
    "Ada",
    "Grace",
    "Nobody",
    "null",
    '"Ada"',
    "'Ada'",
    "%22null%22",
    "A%2C",
    "%20Ada%20",
    "+Ada",
    "%F0%9F%98%80",
]
_EQUAL_TO += ["[Ada]", "{}", "a\\,b", "()", "%00", "%FF", "1", "-0", "true", "Ada,lastName[eq]:x", "Ada?limit=1", "%"]
_WITH_VALUES: dict[str, tuple[str, list[str]]] = {
    "a text": ("people?filter=firstName[eq]:{}&limit=5", _EQUAL_TO),
    "an encoded path": ("people?limit=5&filter=firstName%5Beq%5d%3a{}", _EQUAL_TO),
    "a list": ("people?filter=firstName[in]:{}", ["Ada", "[Ada,Grace]", "[]", "null"]),
    "presence": ("people?filter=firstName[is]:{}", ["NULL", "NOT_NULL", "null", "x"]),
    "a number": ("companies?filter=employees[gt]:{}", ["5", "1e1", "null", "x", "99999999999", "5.5", "%205", "NaN"]),
    "a time": ("people?filter=createdAt[gte]:{}&depth=1", ["2020-01-01T00:00:00Z", "2090-01-01", "now", "null", "1"]),
    "an id": ("people?filter=companyId[eq]:{}", ["null", "0176bbf5-8bbe-7002-8004-89e4ae100031", "x"]),
    "a related one": ("people?filter=company.name[ilike]:{}", ["A%25", "%25", "null"]),
    "a cursor": ("people?order_by=firstName&limit=1&starting_after={}", ["CURSOR", "x", "", "%00", "CURSOR&limit=2"]),
    "backwards": ("people?order_by=firstName&limit=1&ending_before={}", ["CURSOR", "x", "", "null"]),
    "a record": ("people/{}", ["ID", "ID?depth=1", "ID?depth=2", "ID/restore", "x", "ID/"]),
}


@pytest.mark.parametrize("name", _WITH_VALUES)
async def test_each_value_means_the_same_as_on_the_ordinary_path(serve: Serve, name: str) -> None:
    form, values = _WITH_VALUES[name]
    async with serve() as serving:
        (_, page) = await ordinary(serving, "people?order_by=firstName&limit=1")
        ada, cursor = page["data"]["people"][0]["id"], page["pageInfo"]["endCursor"]
        paths = [form.format(value.replace("ID", ada).replace("CURSOR", cursor)) for value in values]
        paths = [path.replace(" ", "%20").replace("\\", "%5C").replace('"', "%22") for path in paths]
        talk = await serving.talk()
        # The first value makes the plan and teaches the address; then each stands in its place.
        for path in [paths[0]] * 4 + paths * 2:
            warm, cold = await get(talk, path), await serving.client.get(f"/rest/{path}")
            assert (warm.status, warm.json) == (cold.status_code, cold.json()), path
        assert await serving.warm() > 0


async def test_a_known_address_follows_the_model(serve: Serve) -> None:
    async with serve() as serving:
        talk, path = await serving.talk(), "people?filter=jobTitle[eq]:{}"
        for number in range(5):
            assert (await get(talk, path.format(number))).status == 200
        assert await serving.warm() > 0
        fields = await talk.ask(
            '{ fields(filter: {name: {eq: "jobTitle"}}) { edges { node { id } } } }', path="/metadata"
        )
        renamed = await talk.ask(
            'mutation ($id: UUID!) { updateField(id: $id, input: {name: "task"}) { id } }',
            path="/metadata",
            id=fields.json["data"]["fields"]["edges"][0]["node"]["id"],
        )
        assert "errors" not in renamed.json
        assert (await get(talk, path.format(7))).status == 400
        assert (await get(talk, path.format(7).replace("jobTitle", "task"))).status == 200


async def test_a_known_address_follows_the_limits_of_the_role(serve: Serve) -> None:
    async with serve() as serving:
        made = await serving.client.post(
            "/metadata",
            json={
                "query": """mutation {
                    createRole(input: { name: "small" label: "Small" parents: ["admin"] limits: { maxPage: 1 } }) { id }
                    createApiKey(input: { name: "small" role: "small" }) { token }
                }"""
            },
        )
        talk, small = await serving.talk(), await serving.talk()
        small.token = made.json()["data"]["createApiKey"]["token"]
        for _ in range(4):
            assert len((await get(talk, "people?limit=2")).json["data"]["people"]) == 2
            assert (await get(small, "people?limit=2")).status == 400
            assert len((await get(small, "people?limit=1")).json["data"]["people"]) == 1
        assert await serving.warm() > 0


async def test_a_workspace_drives_out_its_own_known_addresses(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_reads, "_SHARE", 3)
    monkeypatch.setattr(known_reads, "_MOST", 5)
    looked_up: list[str] = []
    find_ready = RestApi.find_ready

    def note(api: RestApi, principal: Principal, asked: Asked) -> Ready | None:
        looked_up.append(asked.parameters.text("limit") or "")
        return find_ready(api, principal, asked)

    async def look_up(talk: Talk, *limits: int) -> list[str]:
        """Read pages of these sizes; return those of them whose addresses were not known."""
        looked_up.clear()
        for limit in limits:
            assert (await get(talk, f"people?limit={limit}")).status == 200
        return [*looked_up]

    async with serve() as serving:
        foundation = (await serving.app.runtime.ready()).foundation
        talks = [await serving.talk()]
        for name in ("second", "third"):
            workspace = await foundation.workspaces.create(name, actor="test")
            talks.append(await serving.talk())
            talks[-1].token = (await foundation.keys.create(workspace.workspace.id, name)).token
        first, second, third = talks
        await look_up(first, 1, 1, 1)
        monkeypatch.setattr(RestApi, "find_ready", note)
        assert await look_up(first, 1) == []
        await look_up(second, *[limit for limit in range(1, 7) for _ in range(2)])
        assert (await look_up(first, 1), await look_up(second, 4, 5, 6)) == ([], [])
        assert await look_up(second, 1) == ["1"]
        # Together there are too many: the workspace that has learned nothing for the longest time loses its own.
        await look_up(third, 1, 1, 1, 2, 2)
        assert (await look_up(third, 1, 2), await look_up(second, 1)) == ([], [])
        assert await look_up(first, 1) == ["1"]


async def test_a_record_by_id_takes_no_more_lines_than_by_graphql(serve: Serve) -> None:
    async with serve() as serving:
        # On a slow machine requests would wait for a turn.
        (await serving.app.runtime.ready()).core.slots.pace.is_free = True
        ada = ((await ordinary(serving, "people?order_by=firstName"))[1])["data"]["people"][0]
        text = f"query ($id: UUID!) {{ person(id: $id) {{ {' '.join(key for key in ada if key != 'createdBy')} }} }}"
        talk = await serving.talk()
        forms = [partial(talk.ask, text, id=ada["id"]), partial(get, talk, f"people/{ada['id']}")]
        for ask in forms * 4:
            assert (await ask()).status == 200
        warm = await serving.warm()
        # By turns, and the least: work in the background adds lines to some, and a slow machine sends some other ways.
        counted = [[await count_lines(ask) for ask in forms] for _ in range(RUNS)]
        assert await serving.warm() > warm + RUNS
        of_graphql, of_rest = map(min, zip(*counted, strict=True))
        assert 0 < of_rest <= of_graphql


_COUNTED = ("fieldstone.engine.", "fieldstone.metadata.")


async def count_lines(ask: Callable[[], Awaitable[Answered]]) -> int:
    """Return how many lines the request executes; times decide about those of the driver."""
    lines = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        lines += event == "line" and frame.f_globals["__name__"].startswith(_COUNTED)
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        await ask()
    finally:
        sys.settrace(before)
    return lines
