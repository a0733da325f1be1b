"""Slow operations: noted on each path, logged and listed with a plan, and never with a value."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.composition import Services
from fieldstone.engine.slow_operations.seen import SlowOperation, describe_variables
from fieldstone.engine.slow_operations.watch import MOST_ROWS, SlowOperations
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve

LIST = """{ slowOperations(orderBy: { lastAt: ASC }) { edges { node {
    api type name roots hash role variables count totalMs maxMs firstAt lastAt plan } } } }"""
HIDDEN = "s3cret"


def slow_of(services: Services, limit: float = 0.0) -> SlowOperations:
    """Return the watch over slow operations, with another limit in seconds."""
    assert services.slow is not None
    services.slow.limit = limit
    return services.slow


async def listed(app: Fieldstone, client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return the listed operations, without those that ask for the list."""
    services = await app.runtime.ready()
    await slow_of(services, 3_600.0).flush()
    answer = (await client.post("/metadata", json={"query": LIST})).json()
    nodes = [edge["node"] for edge in answer["data"]["slowOperations"]["edges"]]
    assert HIDDEN not in json.dumps(nodes)
    return nodes


def nodes_of(plan: Any) -> Iterator[dict[str, Any]]:
    pending = [plan[0]["Plan"]]
    while pending:
        node = pending.pop()
        yield node
        pending += node.get("Plans", ())


async def test_a_slow_query_is_listed_and_logged_with_its_plan_and_no_value(
    start_app: StartApp, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_app(slow_operation=60_000) as (app, client):
        slow_of(await app.runtime.ready())
        for value in (HIDDEN, "other"):
            body = {"query": PEOPLE.replace("query", "query Find"), "variables": {"n": value}}
            assert (await client.post("/graphql", json=body)).status_code == 200
        (found,) = await listed(app, client)
    assert (found["api"], found["type"], found["name"], found["roots"]) == ("GRAPHQL", "QUERY", "Find", "people")
    assert (found["role"], found["count"]) == ("admin", "2")
    assert found["variables"] == {"n": {"type": "String", "given": "string"}}
    assert found["totalMs"] >= found["maxMs"] > 0
    assert len(found["hash"]) == 64
    scanned = [node for node in nodes_of(found["plan"]) if "Relation Name" in node]
    assert any(node["Relation Name"].endswith("person") for node in scanned)
    (line,) = [one.message for one in caplog.records if one.message.startswith("slow operation: ")]
    logged = json.loads(line.removeprefix("slow operation: "))
    wanted = {name: found[name] for name in ("name", "hash", "variables", "plan")}
    assert logged.items() >= wanted.items()
    assert HIDDEN not in caplog.text


async def test_a_slow_request_of_the_fast_path_is_listed(serve: Serve) -> None:
    async with serve(slow_operation=60_000) as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n=HIDDEN)
        before = await serving.warm()
        slow_of(await serving.app.runtime.ready())
        await talk.ask(PEOPLE, n=HIDDEN)
        assert await serving.warm() == before + 1
        (found,) = await listed(serving.app, serving.client)
    assert (found["api"], found["count"], found["roots"]) == ("GRAPHQL", "1", "people")
    assert found["plan"] is not None


async def test_writes_rest_and_the_metadata_api_are_listed(start_app: StartApp) -> None:
    create = "mutation Make($d: PersonInput!) { createPerson(data: $d) { id } }"
    async with start_app(slow_operation=60_000) as (app, client):
        slow_of(await app.runtime.ready())
        data = {"firstName": HIDDEN, "email": f"{HIDDEN}@example.com"}
        answer = await client.post("/graphql", json={"query": create, "variables": {"d": data}})
        assert "errors" not in answer.json()
        assert (await client.get(f"/rest/people?filter=firstName[eq]:{HIDDEN}")).status_code == 200
        await client.post("/metadata", json={"query": "{ objects { totalCount } }"})
        found = await listed(app, client)
    assert {(one["api"], one["type"], one["roots"]) for one in found} == {
        ("GRAPHQL", "MUTATION", "createPerson"),
        ("REST", "QUERY", "people"),
        ("METADATA", "QUERY", "objects"),
    }
    by_api = {one["api"]: one for one in found}
    assert by_api["GRAPHQL"]["variables"] == {"d": {"type": "PersonInput!", "given": "object"}}
    assert all(one["plan"] for one in found)


async def test_an_operation_that_fails_is_slow_too(start_app: StartApp) -> None:
    create = 'mutation { createPerson(data: { firstName: "A" email: "a@example.com" }) { id } }'
    async with start_app(slow_operation=60_000) as (app, client):
        await client.post("/graphql", json={"query": create})
        slow_of(await app.runtime.ready())
        answer = await client.post("/graphql", json={"query": create})
        assert answer.json()["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert [one["roots"] for one in await listed(app, client)] == ["createPerson"]


async def test_quick_operations_are_not_listed_and_nothing_is_by_default(start_app: StartApp) -> None:
    async with start_app(slow_operation=60_000) as (app, client):
        await client.post("/graphql", json={"query": "{ people { totalCount } }"})
        assert await listed(app, client) == []
    async with start_app() as (app, client):
        assert (await app.runtime.ready()).slow is None


async def test_only_roles_with_the_setting_metrics_see_them(start_app: StartApp) -> None:
    role = """mutation { createRole(input: { name: "plain" label: "Plain" grants: [{ object: "*" read: {} }] }) { id }
        createApiKey(input: { name: "plain" role: "plain" }) { token } }"""
    async with start_app() as (_, client):
        made = (await client.post("/metadata", json={"query": role})).json()
        token = made["data"]["createApiKey"]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        refused = (await client.post("/metadata", json={"query": LIST}, headers=headers)).json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        change = 'mutation { updateRole(id: "%s", input: { settings: [METRICS] }) { id } }'
        await client.post("/metadata", json={"query": change % made["data"]["createRole"]["id"]})
        allowed = (await client.post("/metadata", json={"query": LIST}, headers=headers)).json()
        assert allowed["data"]["slowOperations"] == {"edges": []}


async def test_a_workspace_keeps_a_bounded_number_of_them(start_app: StartApp) -> None:
    async with start_app(slow_operation=60_000) as (app, client):
        services = await app.runtime.ready()
        slow = slow_of(services, 3_600.0)
        workspace = services.foundation.default.workspace.id
        for turn in range(MOST_ROWS // 50 + 2):
            for number in range(60):
                slow.note(
                    SlowOperation(
                        workspace_id=workspace,
                        api="GRAPHQL",
                        type="QUERY",
                        name=f"n{turn}-{number}",
                        roots="people",
                        hash="0",
                        role=None,
                        variables="{}",
                        statement=None,
                    ),
                    1.0,
                )
            await slow.flush()
        answer = await client.post("/metadata", json={"query": "{ slowOperations { totalCount } }"})
        assert answer.json()["data"]["slowOperations"]["totalCount"] <= MOST_ROWS + 50


def test_the_shape_of_variables_has_types_alone() -> None:
    types = dict.fromkeys(("a", "b", "c", "d", "e", "f", "g"), "JSON")
    given: dict[str, Any] = {"a": None, "b": True, "c": 1.5, "d": "x", "e": [], "f": {"secret": 1}, "unknown": "y"}
    assert {name: shape["given"] for name, shape in describe_variables(types, given).items()} == {
        "a": "null",
        "b": "boolean",
        "c": "number",
        "d": "string",
        "e": "empty list",
        "f": "object",
        "g": "absent",
    }
