"""Batches: one answer for each operation, in order."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.introspection.deflated import DeflatedText, deflate
from fieldstone.engine.request import compiler
from fieldstone.engine.request.compile import plan_operation
from fieldstone.engine.server.http.responses import ListBody, Reply, send_reply
from tests.engine.server.conftest import StartApp


def create(name: str) -> dict[str, Any]:
    return {"query": f'mutation {{ createCompany(data: {{ name: "{name}" }}) {{ name }} }}'}


COUNT = {"query": "{ companies { totalCount } }"}


def counted(number: int) -> dict[str, Any]:
    return {"data": {"companies": {"totalCount": number}}}


async def test_each_operation_has_its_answer_and_sees_what_stands_before_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=[COUNT, COUNT, create("a"), COUNT, create("b"), create("c"), COUNT])
    assert response.status_code == 200
    assert response.json() == [
        counted(0),
        counted(0),
        {"data": {"createCompany": {"name": "a"}}},
        counted(1),
        {"data": {"createCompany": {"name": "b"}}},
        {"data": {"createCompany": {"name": "c"}}},
        counted(3),
    ]


async def test_what_is_wrong_with_one_is_the_answer_of_that_one(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=[COUNT, 5, {"query": "{"}, {"query": 1}, [COUNT], COUNT])
    answers = response.json()
    assert response.status_code == 200
    assert [answer.get("data") is not None for answer in answers] == [True, False, False, False, False, True]
    assert [answer["errors"][0]["extensions"]["code"] for answer in answers[1:5]] == [
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "BAD_USER_INPUT",
        "BAD_USER_INPUT",
    ]


async def test_a_batch_past_the_limit_is_refused_as_a_whole(start_app: StartApp) -> None:
    async with start_app(max_batch=3) as (_, client):
        refused = await client.post("/graphql", json=[create("a")] * 4)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert (await client.post("/graphql", json=[COUNT] * 3)).json() == [counted(0)] * 3


async def test_a_batch_of_one_is_answered_by_a_list(client: httpx.AsyncClient) -> None:
    assert (await client.post("/graphql", json=[COUNT])).json() == [counted(0)]


async def test_what_is_refused_for_its_price_is_planned_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[object] = []

    def note(*arguments: Any) -> object:
        planned.append(arguments[-1])
        return plan_operation(*arguments)

    monkeypatch.setattr(compiler, "plan_operation", note)
    people = "people(first: 200) { edges { node { company { %s } } } }"
    dear = {"query": f"{{ {people % (people % (people % 'id'))} }}"}
    for _ in range(2):
        answers = (await client.post("/graphql", json=[dear] * 5)).json()
        assert [answer["errors"][0]["extensions"]["code"] for answer in answers] == ["QUERY_TOO_COMPLEX"] * 5
    assert planned == [{}]


async def test_a_batch_whose_answers_are_large_begins_no_further_operation(start_app: StartApp) -> None:
    async with start_app(max_response_bytes=200_000) as (_, client):
        await client.post("/graphql", json=create("x" * 1_000))
        names = " ".join(f"n{place}: companies {{ edges {{ node {{ name }} }} }}" for place in range(60))
        large = {"query": f"{{ {names} }}"}
        answers = (await client.post("/graphql", json=[large] * 4 + [create("late"), COUNT])).json()
        assert [one.get("data") is not None for one in answers] == [True, True, True, True, False, False]
        (error,) = answers[-1]["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert "The answers of the batch have more than 200,000 bytes already" in error["message"]
        assert "FIELDSTONE_MAX_RESPONSE_BYTES" in error["message"]
        assert (await client.post("/graphql", json=COUNT)).json() == counted(1)


async def test_the_list_of_large_answers_is_never_whole() -> None:
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    text = DeflatedText([deflate('"schema"')])
    body = ListBody([b"1" * 100_000, text, b"2" * 100_000, b"3"])
    whole = b"[%b,%b,%b,3]" % (b"1" * 100_000, b'"schema"', b"2" * 100_000)
    assert len(body) == len(whole)
    await send_reply(send, Reply(200, body))
    assert b"".join(sent) == whole
    assert max(map(len, sent)) < 150_000
