"""Relay's `Node`: records of any object by one id, where it is asked for."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from graphql import build_client_schema, get_introspection_query, parse, validate

from fieldstone.engine.events.subscriptions.live_query import LiveQuery
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import PRINCIPAL, Apis, open_apis
from tests.engine.records import NOBODY, create

NODE = "query ($i: ID!) { node(nodeId: $i) { __typename nodeId ... on Person { email } ... on Company { name } } }"
NODES = """query ($i: [ID!]!) { nodes(nodeIds: $i) { ...N } }
fragment N on Node { nodeId ... on Person { email company { nodeId name } } ...C }
fragment C on Company { title: name people { totalCount edges { node { ... on Node { nodeId } email } } } }"""


@pytest.fixture
async def relay(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs with `Node`, over a workspace without records."""
    async with open_apis(workspace_dsn, relay=True) as opened:
        yield opened


async def node_id(relay: Apis, name: str, id_: str) -> str:
    answer = await relay.data(f'{{ {name}(id: "{id_}") {{ nodeId }} }}')
    return str(answer[name]["nodeId"])


async def test_a_node(relay: Apis) -> None:
    person = await create(relay, "person", email="a")
    company = await create(relay, "company", name="b")
    found = await node_id(relay, "person", person)
    data = urlsafe_b64decode(found + "=")
    object_ = (await relay.snapshot()).by_singular["person"]
    assert (UUID(bytes=data[:16]), UUID(bytes=data[16:])) == (object_.id, UUID(person))
    assert await relay.data(NODE, i=found) == {"node": {"__typename": "Person", "nodeId": found, "email": "a"}}
    other = await node_id(relay, "company", company)
    expected = {"node": {"__typename": "Company", "nodeId": other, "name": "b"}}
    assert await relay.data(NODE, i=other) == expected
    assert await relay.data(NODE, i=found) == {"node": {"__typename": "Person", "nodeId": found, "email": "a"}}
    assert (await relay.send_warm(NODE, {"i": other}) or b"").startswith(b'{"data":{"node":{"__typename":"Company"')
    literal = NODE.replace("($i: ID!)", "").replace("$i", f'"{other}"')
    assert await relay.data(literal) == expected


async def test_a_number_is_an_id_that_no_node_has(relay: Apis) -> None:
    assert await relay.data(NODE, i=5) == {"node": None}
    assert await relay.data("{ node(nodeId: 5) { nodeId } }") == {"node": None}
    wrong: list[Any] = [True, 5.5, {}, ["a"]]
    for value in wrong:
        answer = await relay.ask(NODE, i=value)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_nodes_as_a_live_query_read_what_their_branches_read(relay: Apis) -> None:
    found = await node_id(relay, "person", await create(relay, "person", email="a"))
    document = NODES.replace("query", "subscription", 1)
    request = GraphQLRequest(query=document, operation_name=None, variables={"i": [found]})
    query = await relay.core.subscribe(PRINCIPAL, request)
    assert isinstance(query, LiveQuery)
    snapshot = await relay.snapshot()
    read = {snapshot.objects[id_].name_singular: names for id_, names in query.reads.items()}
    assert {"email", "companyId", "id", "deletedAt"} <= read["person"]
    assert {"name", "id", "deletedAt"} <= read["company"]


async def test_nodes_are_one_statement_in_the_order_of_their_ids(relay: Apis) -> None:
    company = await create(relay, "company", name="c")
    people = [await create(relay, "person", email=email, companyId=company) for email in ("a", "b")]
    ids = [await node_id(relay, "person", person) for person in people]
    at = await node_id(relay, "company", company)
    await relay.data('mutation { deletePerson(where: { email: "b" }) { id } }')
    relay.database.log.steps.clear()
    gone = urlsafe_b64encode(urlsafe_b64decode(at + "=")[:16] + UUID(NOBODY).bytes).decode().rstrip("=")
    answer = await relay.data(NODES, i=[at, ids[0], ids[1], gone, "nonsense", "x" * 43, at])
    assert len(relay.database.log.steps) == 1
    first = {"nodeId": ids[0], "email": "a", "company": {"nodeId": at, "name": "c"}}
    edges = [{"node": {"nodeId": ids[0], "email": "a"}}]
    owner = {"nodeId": at, "title": "c", "people": {"totalCount": 1, "edges": edges}}
    assert answer == {"nodes": [owner, first, None, None, None, None, owner]}
    assert await relay.data(NODES, i=["nonsense", "x"]) == {"nodes": [None, None]}
    assert await relay.data(NODES, i=[]) == {"nodes": []}
    assert await relay.data('{ a: node(nodeId: "x") { nodeId } people { totalCount } }') == {
        "a": None,
        "people": {"totalCount": 1},
    }


async def test_refusals(relay: Apis) -> None:
    error = await relay.error(NODES, i=["x"] * 201)
    assert error["message"] == "'nodeIds' must have at most 200 ids, not 201."
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "nodeIds"}
    answer = await relay.ask('{ node(nodeId: "x") { email } }')
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    answer = await relay.ask('{ node(nodeId: "x") { ... on PersonConnection { totalCount } } }')
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    answer = await relay.ask('{ node(nodeId: "x") { ... on Person { a: email a: city } } }')
    assert "conflict" in answer["errors"][0]["message"]


async def test_fields_of_different_objects_do_not_conflict(relay: Apis) -> None:
    person = await node_id(relay, "person", await create(relay, "person", email="a"))
    company = await node_id(relay, "company", await create(relay, "company", name="b"))
    text = """query ($i: [ID!]!) { nodes(nodeIds: $i) {
        ... on Person { label: email many: activities { n: totalCount } }
        ... on Company { label: name many: people(first: 3) { n: totalCount } } } }"""
    answer = await relay.data(text, i=[person, company])
    assert answer == {"nodes": [{"label": "a", "many": {"n": 0}}, {"label": "b", "many": {"n": 0}}]}


async def test_the_schema(relay: Apis) -> None:
    answer = await relay.data(get_introspection_query())
    schema = build_client_schema(answer)
    node = schema.type_map["Node"]
    assert list(node.fields) == ["nodeId"]  # type: ignore[attr-defined]  # it is an interface
    assert {one.name for one in schema.get_possible_types(node)} == {  # type: ignore[arg-type]  # it is an interface
        "Company",
        "Person",
        "Opportunity",
        "Activity",
    }
    assert validate(schema, parse(NODES)) == validate(schema, parse(NODE)) == []


async def test_an_object_that_is_called_so_takes_the_name(relay: Apis) -> None:
    labels = 'labelSingular: "A" labelPlural: "B"'
    text = f'mutation {{ createObject(input: {{ nameSingular: "node" namePlural: "nodes" {labels} }}) {{ id }} }}'
    await relay.data('{ node(nodeId: "x") { nodeId } }')
    await relay.change(text)
    assert await relay.data("{ nodes { totalCount } people { edges { node { id } } } }")
    answer: Any = await relay.ask("{ people { edges { node { nodeId } } } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_node_of_an_object_that_comes_back_is_there_again(relay: Apis) -> None:
    """A plan that left an object out did not depend on it, and was kept when the object could be read."""
    person = await node_id(relay, "person", await create(relay, "person", email="a"))
    active = "mutation ($id: UUID!, $data: UpdateObjectInput!) { updateObject(id: $id, input: $data) { id } }"
    id_ = str((await relay.snapshot()).by_singular["person"].id)
    for is_active in (False, True):
        await relay.change(active, id=id_, data={"isActive": is_active})
        for _ in range(2):
            found = (await relay.data("query ($i: [ID!]!) { nodes(nodeIds: $i) { nodeId } }", i=[person]))["nodes"]
            assert found == ([{"nodeId": person}] if is_active else [None])


async def test_without_it_there_is_none(apis: Apis) -> None:
    for text in ('{ node(nodeId: "x") { nodeId } }', "{ people { edges { node { nodeId } } } }"):
        answer = await apis.ask(text)
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_plan_of_nodes_is_kept(relay: Apis) -> None:
    person = await node_id(relay, "person", await create(relay, "person", email="a"))
    relay.database.log.steps.clear()
    await relay.data("query ($ids: [ID!]!) { nodes(nodeIds: $ids) { nodeId } }", ids=[person])
    ((statement, parameters),) = relay.database.log.steps
    values = ",".join([f"'{(one or b'').decode()}'" for one in parameters])
    async with relay.database.session() as connection:
        await connection.execute("PREPARE kept AS " + statement.text)
        for _ in range(8):
            await connection.execute(f"EXECUTE kept({values})")
        cursor = await connection.execute("SELECT generic_plans FROM pg_prepared_statements WHERE name = 'kept'")
        assert await cursor.fetchone() == (3,)
        await connection.execute("DEALLOCATE kept")
