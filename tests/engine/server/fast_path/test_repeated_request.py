"""The warm path over real connections: the same answers as the ordinary one, and all that must not be different."""

import asyncio
import time

import httpx
import pytest

from tests.engine.identity.provider import ISSUER, claims, new_key, provide, sign
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve


async def test_a_repeated_operation_is_answered_as_before_and_without_a_task(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(PEOPLE, n="Ada")
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        tasks = len(serving.server.server_state.tasks)
        for name in ("Ada", "Bob", "Ada"):
            again = await talk.ask(PEOPLE, n=name)
            expected = [{"node": {"firstName": "Ada"}}] if name == "Ada" else []
            assert again.json == {"data": {"people": {"edges": expected, "totalCount": len(expected)}}}
        assert (again.headers, again.body) == (first.headers, first.body)
        assert again.header(b"date")
        assert await serving.warm() == before + 3
        assert len(serving.server.server_state.tasks) == tasks


@pytest.mark.parametrize(
    "more",
    [
        "Accept: application/json\r\n",
        "Accept: application/graphql-response+json\r\n",
        "Accept: text/html\r\nAccept: */*\r\n",
        "Connection: keep-alive\r\nUser-Agent: x\r\n",
    ],
)
async def test_the_media_type_is_the_one_that_was_asked_for(serve: Serve, more: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(PEOPLE, more=more, n="Ada")
        for _ in range(4):
            again = await talk.ask(PEOPLE, more=more, n="Ada")
            assert (again.headers, again.body) == (first.headers, first.body)
        assert await serving.warm() > 0


@pytest.mark.parametrize(
    ("origins", "credentials"),
    [(None, False), (("*",), False), (("https://a.example",), False), (("https://a.example",), True)],
)
@pytest.mark.parametrize("limit", [0, 1_000])
async def test_a_browser_is_answered_as_before(
    serve: Serve, origins: tuple[str, ...] | None, credentials: bool, limit: int
) -> None:
    async with serve(cors_origins=origins, cors_credentials=credentials, rate_limit=limit) as serving:
        told = set()
        for page in ("https://a.example", "https://b.example", "null"):
            talk = await serving.talk()
            first = await talk.ask(PEOPLE, more=f"Origin: {page}\r\n", n="Ada")
            before = await serving.warm()
            for _ in range(4):
                again = await talk.ask(PEOPLE, more=f"Origin: {page}\r\n", n="Ada")
                assert (again.headers, again.body) == (first.headers, first.body)
            assert await serving.warm() > before
            told.add(first.header(b"access-control-allow-origin"))
        match origins:
            case None:
                assert told == {None}
            case ("*",):
                assert told == {b"*"}
            case _:
                assert told == {b"https://a.example", None}


@pytest.mark.long
async def test_a_token_of_an_identity_provider_is_warm_until_it_ends(serve: Serve) -> None:
    key = new_key("ES256", "k")
    async with provide(key) as provider, serve(jwt=provider.setting()) as serving:
        talk = await serving.talk()
        talk.token = sign(claims(exp=int(time.time()) + 6), key, "ES256")
        for more in ("", "Origin: https://a.example\r\n"):
            before = await serving.warm()
            await talk.warm_up(PEOPLE, more=more, n="Ada")
            assert await serving.warm() > before
        while (answer := await talk.ask(PEOPLE, n="Ada")).status == 200:
            await asyncio.sleep(0.05)
        assert (answer.status, answer.json["errors"][0]["message"]) == (401, "The token has expired.")


async def test_a_token_that_is_denied_is_refused_at_once(serve: Serve) -> None:
    key = new_key("ES256", "k")
    async with provide(key) as provider, serve(jwt=provider.setting()) as serving:
        talk = await serving.talk()
        talk.token = sign(claims(), key, "ES256")
        await talk.warm_up(PEOPLE, n="Ada")
        denial = f'mutation {{ denyTokens(input: {{issuer: "{ISSUER}", subject: "ada"}}) {{ subject }} }}'
        assert (await serving.client.post("/metadata", json={"query": denial})).json()["data"]
        assert (await talk.ask(PEOPLE, n="Ada")).status == 401


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("Accept: text/html\r\n", 406),
        ("Origin: https://a.example\r\nOrigin: https://b.example\r\n", 200),
        ("Expect: 100-continue\r\n", 100),
        ("Cookie: a=b\r\n", 200),
        ("X-Fieldstone-Role: admin\r\n", 200),
        ("X-Fieldstone-Anything: 1\r\n", 200),
        ("Connection: close\r\n", 200),
        ("Authorization: Bearer nobody\r\n", 400),
        (f"X-Long: {'x' * 4_096}\r\n", 200),
    ],
)
async def test_a_head_that_says_more_goes_the_ordinary_way(serve: Serve, more: str, status: int) -> None:
    async with serve() as serving:
        for _ in range(4):
            talk = await serving.talk()
            talk.send(talk.request(PEOPLE, more=more, n="Ada"))
            assert (await talk.receive()).status == status
        assert await serving.warm() == 0


async def test_a_web_socket_is_opened_at_the_same_address(serve: Serve) -> None:
    # The bytes after its first request are no HTTP.
    more = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    )
    async with serve() as serving:
        for _ in range(2):
            talk = await serving.talk()
            talk.send(f"GET /graphql HTTP/1.1\r\nHost: a\r\n{more}\r\n".encode())
            assert (await talk.receive()).status == 101


async def test_what_is_wrong_is_refused_as_before(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        for query, variables in (
            ("{ nothing }", {}),
            (PEOPLE, {"n": 7}),
            ("query ($i: UUID!) { person(id: $i) { id } }", {"i": "no id"}),
            ("mutation { deletePerson(id: 1) { id } }", {}),
            ("not graphql", {}),
        ):
            answers = [await talk.ask(query, **variables) for _ in range(3)]
            assert "errors" in answers[0].json
            assert {(tuple(one.headers), one.body) for one in answers} == {(tuple(answers[0].headers), answers[0].body)}
        assert (await talk.ask(PEOPLE, n="Ada")).json["data"]["people"]["totalCount"] == 1


async def test_a_client_of_python_gets_the_warm_path_too(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        host, port = talk.writer.get_extra_info("peername")
        headers = {"Authorization": serving.client.headers["Authorization"]}
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers) as client:
            body = {"query": PEOPLE, "variables": {"n": "Ada"}}
            answers = [(await client.post("/graphql", json=body)).json() for _ in range(8)]
        assert [answer["data"]["people"]["totalCount"] for answer in answers] == [1] * 8
        assert await serving.warm() > 0


async def test_a_changed_model_is_what_the_next_request_sees(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        query = "{ people(orderBy: {firstName: ASC}) { edges { node { firstName jobTitle } } } }"
        await talk.warm_up(query)
        found = await talk.ask(
            '{ fields(filter: {name: {eq: "jobTitle"}}) { edges { node { id } } } }', path="/metadata"
        )
        (edge,) = found.json["data"]["fields"]["edges"]
        changed = await talk.ask(
            'mutation ($i: UUID!) { updateField(id: $i, input: {name: "work"}) { id } }',
            path="/metadata",
            i=edge["node"]["id"],
        )
        assert "errors" not in changed.json, changed.json
        refused = await talk.ask(query)
        assert refused.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        renamed = query.replace("jobTitle", "work")
        await talk.warm_up(renamed)
        assert len((await talk.ask(renamed)).json["data"]["people"]["edges"]) == 2


async def test_a_change_by_another_process_is_seen_where_the_statement_fails_by_it(
    serve: Serve, start_app: StartApp
) -> None:
    query = "{ people(orderBy: {firstName: ASC}) { edges { node { firstName nickname } } } }"
    async with serve() as serving, start_app() as (_, elsewhere):
        talk = await serving.talk()
        person = '{ objects(filter: {nameSingular: {eq: "person"}}) { edges { node { id } } } }'
        (edge,) = (await talk.ask(person, path="/metadata")).json["data"]["objects"]["edges"]
        create = "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }"
        field = {"objectMetadataId": edge["node"]["id"], "type": "TEXT", "name": "nickname", "label": "Nickname"}
        created = (await talk.ask(create, path="/metadata", i=field)).json["data"]["createField"]
        await talk.warm_up(query)
        assert await serving.warm() > 0
        delete = f'mutation {{ deleteField(id: "{created["id"]}") {{ id }} }}'
        assert "errors" not in (await elsewhere.post("/metadata", json={"query": delete})).json()
        refused = await talk.ask(query)
        assert refused.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_metadata_api_is_warm_too(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        query = "{ objects(limit: 3, orderBy: {nameSingular: ASC}) { edges { node { nameSingular } } } }"
        first = await talk.ask(query, path="/metadata")
        assert "errors" not in first.json
        for _ in range(4):
            again = await talk.ask(query, path="/metadata")
            assert (again.headers, again.body) == (first.headers, first.body)
        assert await serving.warm() > 0


async def test_a_request_that_asks_for_its_price_is_not_warm(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        for _ in range(3):
            before = await serving.warm()
            told = await talk.ask(PEOPLE, more="X-Fieldstone-Cost: 1\r\n", n="Ada")
            assert told.json["extensions"] == {"cost": 160}
            assert await serving.warm() == before


async def test_a_request_that_asks_for_an_explanation_is_not_warm(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        told = await talk.ask(PEOPLE, more="X-Fieldstone-Explain: 1\r\n", n="Ada")
        assert "explain" in told.json["extensions"]
        assert await serving.warm() == before
