"""Mutations with an Idempotency-Key: one effect and one answer, however often they are sent."""

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.request.idempotency import claim
from fieldstone.engine.request.idempotency.kept_answers import sweep
from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Parameters, Row, Statement
from tests.engine.server.conftest import StartApp
from tests.waiting import until_found

CREATE = "mutation ($d: PersonInput!) { createPerson(data: $d) { id email createdAt } }"
COUNT = {"query": "{ people { totalCount } }"}


def create(email: str) -> dict[str, Any]:
    return {"query": CREATE, "variables": {"d": {"email": email}}}


async def send(client: httpx.AsyncClient, key: str, body: Any, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json=body, headers={"Idempotency-Key": key, **headers})


async def count(client: httpx.AsyncClient) -> int:
    return int((await client.post("/graphql", json=COUNT)).json()["data"]["people"]["totalCount"])


async def test_the_same_answer_to_the_byte_and_one_effect(client: httpx.AsyncClient) -> None:
    first = await send(client, "k1", create("a"))
    assert first.json()["data"]["createPerson"]["email"] == "a"
    for _ in range(3):
        again = await send(client, "k1", create("a"))
        assert (again.status_code, again.content) == (first.status_code, first.content)
    assert await count(client) == 1
    conflict = await client.post("/graphql", json=create("a"))
    assert conflict.json()["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_a_kept_answer_is_read_with_the_connections_of_its_key(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside other workspaces it waited for keys of its own whose statements stand still."""
    shares: list[Any] = []
    read = Database.read

    async def note(database: Database, statement: Statement, parameters: Parameters, **options: Any) -> list[Row]:
        if "fieldstone.idempotency" in statement.text:
            shares.append(options["share"])
        return await read(database, statement, parameters, **options)

    monkeypatch.setattr(Database, "read", note)
    for _ in range(2):
        await send(client, "k1", create("a"))
    assert [type(share) for share in shares] == [ShareKey]


async def test_another_body_is_a_conflict(client: httpx.AsyncClient) -> None:
    await send(client, "k1", create("a"))
    others = [
        create("b"),
        {"query": CREATE + " ", "variables": {"d": {"email": "a"}}},
        {"query": CREATE, "variables": {"d": {"email": "a", "city": None}}},
        {
            "query": "mutation A ($d: PersonInput!) { createPerson(data: $d) { id } }",
            "variables": {"d": {"email": "a"}},
        },
    ]
    for other in others:
        answer = (await send(client, "k1", other)).json()
        assert answer["errors"][0]["extensions"] == {"code": "CONFLICT", "field": "Idempotency-Key"}
        assert answer["errors"][0]["message"] == (
            "This Idempotency-Key was used for another operation, or for other variables: a new operation needs a"
            " new key."
        )
    assert await count(client) == 1
    assert (await send(client, "k2", create("b"))).json()["data"]["createPerson"]["email"] == "b"


async def test_members_in_another_order_are_the_same_variables(client: httpx.AsyncClient) -> None:
    """A client that writes its map again on a retry may have another order."""
    text = (
        "mutation ($c: CompanyInput!, $p: PersonInput!) { createCompany(data: $c) { id } createPerson(data: $p) { id }}"
    )
    company, person = {"name": "A", "employees": 2}, {"email": "a", "position": 0.5, "city": "Ulm"}
    first = await send(client, "k1", {"query": text, "variables": {"c": company, "p": person}})
    assert "errors" not in first.json()
    turned = {"p": dict(reversed(person.items())), "c": dict(reversed(company.items()))}
    assert (await send(client, "k1", {"query": text, "variables": turned})).content == first.content
    assert await count(client) == 1


async def test_a_refusal_is_not_kept(client: httpx.AsyncClient) -> None:
    await client.post("/graphql", json=create("a"))
    refused = (await send(client, "k1", create("a"))).json()
    assert refused["errors"][0]["message"] == "Another Person has this value of 'email'."
    assert refused["errors"][0]["path"] == ["createPerson"]
    await client.post("/graphql", json={"query": 'mutation { destroyPeople(filter: {email: {eq: "a"}}) { id } }'})
    assert (await send(client, "k1", create("a"))).json()["data"]["createPerson"]["email"] == "a"
    assert await count(client) == 1


async def test_many_at_once(start_app: StartApp) -> None:
    async with start_app(pool_size=5) as (_, one), start_app(pool_size=5) as (_, other):
        other.headers = one.headers
        answers = await asyncio.gather(*[send(client, "k", create("a")) for client in (one, other) * 20])
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert "errors" not in answers[0].json()
        assert await count(one) == 1


@pytest.mark.long
async def test_a_second_request_waits_for_the_first_one(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (_, client), await psycopg.AsyncConnection.connect(app_database) as gate:
        await gate.execute("LOCK TABLE workspace_default.person")
        first = asyncio.create_task(send(client, "k", create("a")))
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as observer:
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.person'::regclass"
            await until_found(observer, waits)
            second = asyncio.create_task(send(client, "k", create("a")))
            await until_found(observer, "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        assert not first.done()
        assert not second.done()
        await gate.rollback()
        assert (await first).content == (await second).content
        assert await count(client) == 1


@pytest.mark.long
async def test_a_first_request_that_does_not_end(start_app: StartApp, app_database: str) -> None:
    async with start_app(statement_timeout=1) as (_, client):
        async with await psycopg.AsyncConnection.connect(app_database) as first:
            workspace = await (await first.execute("SELECT id FROM fieldstone.workspace")).fetchone()
            key = await (await first.execute("SELECT id FROM fieldstone.api_key ORDER BY created_at DESC")).fetchone()
            assert workspace is not None
            assert key is not None
            await first.execute(
                "INSERT INTO fieldstone.idempotency (workspace_id, api_key_id, key, operation, body)"
                " VALUES (%s, %s, 'k', 0, '')",
                (workspace[0], key[0]),
            )
            answer = await send(client, "k", create("a"))
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
                503,
                "SERVICE_UNAVAILABLE",
            )
            assert answer.json()["errors"][0]["message"].startswith("A request with this Idempotency-Key still runs")
            assert int(answer.headers["retry-after"]) > 0
            await first.rollback()
        assert "errors" not in (await send(client, "k", create("a"))).json()


async def test_a_batch_has_a_claim_for_each_operation(client: httpx.AsyncClient) -> None:
    batch = [create("a"), COUNT, create("b"), create("a")]
    first = (await send(client, "k", batch)).json()
    assert [("errors" in answer) for answer in first] == [False, False, False, True]
    again = (await send(client, "k", batch)).json()
    assert [again[0], again[2]] == [first[0], first[2]]
    assert first[1] == {"data": {"people": {"totalCount": 1}}}
    assert again[1] == {"data": {"people": {"totalCount": 2}}}
    assert again[3]["errors"][0]["extensions"]["code"] == "CONFLICT"
    moved = (await send(client, "k", [create("b"), create("a")])).json()
    assert moved[0]["errors"][0]["extensions"]["field"] == "Idempotency-Key"
    assert await count(client) == 2


async def test_a_mutation_of_several_fields(client: httpx.AsyncClient) -> None:
    text = (
        'mutation { a: createPerson(data: {email: "a"}) { id } b: createCompany(data: {name: "B"}) { id } __typename }'
    )
    first = await send(client, "k", {"query": text})
    assert set(first.json()["data"]) == {"a", "b", "__typename"}
    assert (await send(client, "k", {"query": text})).content == first.content


async def test_keys_belong_to_an_api_key(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        foundation = (await app.runtime.ready()).foundation
        made = await foundation.keys.create(foundation.default.workspace.id, "other")
        await send(client, "k", create("a"))
        answer = await send(client, "k", create("b"), Authorization=f"Bearer {made.token}")
        assert answer.json()["data"]["createPerson"]["email"] == "b"


async def test_a_query_does_not_read_the_key(client: httpx.AsyncClient) -> None:
    await send(client, "k", create("a"))
    assert (await send(client, "k", COUNT)).json() == {"data": {"people": {"totalCount": 1}}}
    assert (await send(client, "", COUNT)).json() == {"data": {"people": {"totalCount": 1}}}


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\x7f"])
async def test_a_key_that_cannot_be_one(client: httpx.AsyncClient, key: str) -> None:
    answer = await send(client, key, create("a"))
    assert answer.status_code == (await send(client, key, [create("a"), COUNT])).status_code == 400
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "Idempotency-Key"}
    assert "1 to 255 visible ASCII characters" in answer.json()["errors"][0]["message"]
    assert await count(client) == 0
    assert "errors" not in (await send(client, "x" * 255, create("a"))).json()


async def test_two_keys_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await client.post("/graphql", json=create("a"), headers=headers)
    assert answer.json()["errors"][0]["message"] == "A request has one Idempotency-Key header at most."


async def test_the_answer_holds_whatever_becomes_of_the_model(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        text = 'mutation { createPerson(data: {email: "a", city: "C"}) { city } }'
        first = await send(client, "k", {"query": text})
        found = await client.post(
            "/metadata", json={"query": '{ fields(filter: {name: {eq: "city"}}) { edges { node { id } } } }'}
        )
        field = found.json()["data"]["fields"]["edges"][0]["node"]["id"]
        change = "mutation ($id: UUID!) { updateField(id: $id, input: {isActive: false}) { id } }"
        gone = await client.post("/metadata", json={"query": change, "variables": {"id": field}})
        assert "errors" not in gone.json(), gone.json()
        assert (await send(client, "k", {"query": text})).content == first.content
        assert "errors" in (await send(client, "other", {"query": text})).json()


async def test_a_day_later_the_key_is_free(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        foundation = (await app.runtime.ready()).foundation

        async def grow_old() -> None:
            async with foundation.database.session() as connection:
                await connection.execute("UPDATE fieldstone.idempotency SET at = at - interval '24 hours 1 second'")

        await send(client, "k", create("a"))
        await grow_old()
        assert (await send(client, "k", create("b"))).json()["data"]["createPerson"]["email"] == "b"
        await send(client, "l", create("c"))
        assert await sweep(foundation.database) == 0
        await grow_old()
        await send(client, "m", create("d"))
        assert await sweep(foundation.database) == 2
        async with foundation.database.session() as connection:
            rows = await (await connection.execute("SELECT key FROM fieldstone.idempotency")).fetchall()
        assert rows == [("m",)]


async def test_an_answer_that_is_too_long_to_keep(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "LONGEST_ANSWER", 20)
    answer = (await send(client, "k", create("a"))).json()
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "nothing was written" in answer["errors"][0]["message"]
    monkeypatch.undo()
    assert await count(client) == 0


async def test_the_cost_is_kept_with_the_answer(client: httpx.AsyncClient) -> None:
    text = 'mutation { createCompany(data: {name: "a"}) { people(first: 3) { edges { node { id } } } } }'
    first = await send(client, "k", {"query": text}, **{"X-Fieldstone-Cost": "1"})
    assert first.json()["extensions"] == {"cost": 3}
    again = await send(client, "k", {"query": text}, **{"X-Fieldstone-Cost": "1"})
    assert again.content == first.content


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}])
async def test_a_mutation_of_which_all_is_skipped_writes_nothing(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    """A mutation whose root fields are all left out was the server's error."""
    text = "mutation ($no: Boolean!, $d: PersonInput!) { ...M @skip(if: $no) } "
    text += "fragment M on Mutation { createPerson(data: $d) { email } }"
    skipped = {"query": text, "variables": {"no": True, "d": {"email": "a"}}}
    for body, expected in ((skipped, {"data": {}}), (skipped, {"data": {}}), ([skipped] * 2, [{"data": {}}] * 2)):
        answer = await client.post("/graphql", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, expected)
    change = {"query": 'mutation { updateObject(id: "person", input: { description: "x" }) @skip(if: true) { id } }'}
    answer = await client.post("/metadata", json=change)
    assert (answer.status_code, answer.json()) == (200, {"data": {}})
    assert await count(client) == 0
