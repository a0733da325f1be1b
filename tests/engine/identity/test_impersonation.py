"""X-Fieldstone-Role and X-Fieldstone-Principal: a key whose role may impersonate acts as another principal."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.server.log import flush_log
from tests.engine.identity.provider import create_open_role
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.engine.server.streams.sockets import connected

READ = "{ people { totalCount } }"
WRITE = 'mutation { createPerson(data: { email: "a@example.com" }) { id } }'


async def post(client: httpx.AsyncClient, query: str, **headers: str) -> httpx.Response:
    return await client.post(
        "/graphql", json={"query": query}, headers={f"x-fieldstone-{name}": value for name, value in headers.items()}
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_key_acts_with_another_role(client: httpx.AsyncClient) -> None:
    await create_open_role(client)
    assert (await post(client, READ, role="open")).json() == {"data": {"people": {"totalCount": 0}}}
    assert code(await post(client, WRITE, role="viewer")) == (403, "FORBIDDEN")
    assert (await post(client, WRITE, role="open")).status_code == 200
    headers = {"x-fieldstone-role": "open"}
    listed = await client.post("/metadata", json={"query": "{ apiKeys { totalCount } }"}, headers=headers)
    assert listed.json()["errors"]
    assert (await client.post("/metadata", json={"query": "{ apiKeys { totalCount } }"})).status_code == 200


async def test_the_values_are_those_of_the_header(client: httpx.AsyncClient) -> None:
    await create_open_role(client, claims='claims: [{ name: "userId" type: UUID }]')
    query = "{ people { totalCount } }"
    for value, status in (("018cc5ca-0413-7028-876c-8f782314f028", 200), ("no id", 403), (None, 403)):
        answer = await post(client, query, role="open", principal=json.dumps({"userId": value}))
        assert answer.status_code == status
    missing = await post(client, query, role="open")
    assert code(missing) == (403, "FORBIDDEN")
    assert missing.json()["errors"][0]["extensions"]["reason"] == "PRINCIPAL_VALUE"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"role": "nobody"}, (400, "BAD_USER_INPUT")),
        ({"role": ""}, (400, "BAD_USER_INPUT")),
        ({"role": "viewer", "principal": "no json"}, (400, "BAD_USER_INPUT")),
        ({"role": "viewer", "principal": "[]"}, (400, "BAD_USER_INPUT")),
        ({"role": "viewer", "principal": '{"a": "\\u0000"}'}, (400, "BAD_USER_INPUT")),
        ({"role": "viewer", "principal": '{"a": "\\ud800"}'}, (400, "BAD_USER_INPUT")),
        ({"principal": "[" * 4_000}, (400, "BAD_USER_INPUT")),
    ],
)
async def test_a_header_that_is_wrong_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], expected: Any
) -> None:
    answer = await post(client, READ, **headers)
    assert code(answer) == expected
    assert answer.json()["errors"][0]["extensions"]["field"].startswith("X-Fieldstone-")


async def test_two_roles_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("x-fieldstone-role", "viewer"), ("x-fieldstone-role", "admin")]
    answer = await client.post(
        "/graphql", json={"query": READ}, headers=httpx.Headers([*client.headers.items(), *headers])
    )
    assert code(answer) == (400, "BAD_USER_INPUT")


async def test_without_the_right_nobody_acts_as_another(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (app, client):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        viewer = await services.keys.create(workspace_id, "viewer", role="viewer")
        client.headers["authorization"] = f"Bearer {viewer.token}"
        answer = await post(client, READ, role="admin")
        assert code(answer) == (403, "FORBIDDEN")
        assert answer.json()["errors"][0]["message"] == (
            "The role 'viewer' may not act as another one: that needs the settings IMPERSONATE and ROLES."
        )
        assert code(await post(client, READ, principal="{}")) == (403, "FORBIDDEN")
        del client.headers["authorization"]
        assert code(await post(client, READ, role="admin")) == (403, "FORBIDDEN")


async def test_a_socket_acts_as_its_handshake_says(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        key = client.headers["authorization"].removeprefix("Bearer ")
        async with connected(app, headers={"x-fieldstone-role": "viewer"}) as socket:
            await socket.initialise(key)
            await socket.subscribe("a", WRITE)
            message = await socket.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        async with connected(app, headers={"x-fieldstone-role": "nobody"}) as socket:
            await socket.send(type="connection_init", payload={"authorization": f"Bearer {key}"})
            assert (await socket.closed()).code == 4400


@pytest.mark.parametrize("is_below", [False, True], ids=["in the payload", "in its headers"])
async def test_a_socket_acts_as_its_first_message_says(start_app: StartApp, is_below: bool) -> None:
    """Browsers send no headers with a handshake."""
    async with start_app() as (app, client):
        key = client.headers["authorization"]

        def payload(role: Any) -> Any:
            given = {"Authorization": key, "X-Fieldstone-Role": role}
            return {"headers": given} if is_below else given

        async with connected(app) as socket:
            await socket.send(type="connection_init", payload=payload("viewer"))
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe("a", WRITE)
            message = await socket.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        for wrong in ("nobody", ["viewer"]):
            async with connected(app) as socket:
                await socket.send(type="connection_init", payload=payload(wrong))
                assert (await socket.closed()).code == 4400


async def test_the_log_names_the_role(start_app: StartApp, capsys: pytest.CaptureFixture[str]) -> None:
    async with start_app(log_level="info") as (_, client):
        await post(client, READ, role="viewer")
        await post(client, READ)
    flush_log()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"request"' in line]
    assert [line.get("acts_as") for line in lines] == ["viewer", None]
    assert lines[0]["key"] == lines[1]["key"]


async def test_the_audit_log_has_it_once_with_a_count(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        await create_open_role(client)
        for role in ("open", "open", "viewer"):
            await post(client, READ, role=role)
        await post(client, READ, role="viewer", principal='{"userId": "secret", "team": 7}')
        await (await app.runtime.ready()).audit.flush()
    with psycopg.connect(app_database) as connection:
        rows = connection.execute(
            "SELECT actor_kind, actor_name, count, details FROM fieldstone.audit_log WHERE action = 'IMPERSONATED'"
            " ORDER BY count DESC, length(details::text)"
        ).fetchall()
    assert rows == [
        ("API_KEY", "test", 2, {"role": "open"}),
        ("API_KEY", "test", 1, {"role": "viewer"}),
        ("API_KEY", "test", 1, {"role": "viewer", "values": ["team", "userId"]}),
    ]


async def test_it_is_never_on_a_remembered_head(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await create_open_role(serving.client)
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        for _ in range(3):
            assert (await talk.ask(PEOPLE, more="X-Fieldstone-Role: open\r\n", n="Ada")).status == 200
            answer = await talk.ask(WRITE, more="X-Fieldstone-Role: viewer\r\n")
            assert answer.status == 403
            assert (await talk.ask(PEOPLE, more="X-Fieldstone-Principal: {}\r\n", n="Ada")).status == 200
        assert await serving.warm() == before
