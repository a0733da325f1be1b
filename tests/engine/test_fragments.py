"""Fragments on types of other records than the one at hand, which interfaces and unions let in and nothing applies.

https://spec.graphql.org/draft/#DoesFragmentTypeApply()
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.apis import Apis, open_apis
from tests.engine.events.desk import open_desk
from tests.engine.records import create

LABEL = """fragment Label on SearchRecord {
  ... on Company { label: name employees from: createdBy { kind: source } }
  ... on Person { label: email from: createdBy { kind: name } }
}"""
ZOE = {"label": "zoe@acme.com", "from": {"kind": "tester"}}
ACME = {"label": "Acme", "employees": 5, "from": {"kind": "API"}}
PEOPLE = "{ people { edges { node { %s } } } }"


@pytest.fixture
async def labelled(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs with `Node`, over a person of a company."""
    async with open_apis(workspace_dsn, relay=True) as opened:
        acme = await create(opened, "company", name="Acme", employees=5)
        await create(opened, "person", email="zoe@acme.com", companyId=acme)
        yield opened


def _nodes(plural: str, *nodes: Any) -> dict[str, Any]:
    return {plural: {"edges": [{"node": node} for node in nodes]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{ person(where: { email: "zoe@acme.com" }) { ...Label } }', {"person": ZOE}),
        (PEOPLE % "...Label company { ...Label }", _nodes("people", {**ZOE, "company": ACME})),
        (
            "{ companies { edges { node { people { edges { node { ...Label } } } } } } }",
            _nodes("companies", _nodes("people", ZOE)),
        ),
        (
            '{ search(query: "zoe") { edges { node { record { ...Label ... on Person { company { ...Label }}}}}} }',
            _nodes("search", {"record": {**ZOE, "company": ACME}}),
        ),
        (
            'mutation { updatePeople(data: { city: "a" }, filter: { city: { is: NULL } }) { ...Label } }',
            {"updatePeople": [ZOE]},
        ),
        (
            'mutation { upsertPerson(data: { email: "zoe@acme.com" }) { record { ...Label } } }',
            {"upsertPerson": {"record": ZOE}},
        ),
    ],
    ids=["record", "to-one", "to-many", "search", "mutation", "upsert"],
)
async def test_a_fragment_on_the_union_of_all_records(labelled: Apis, text: str, expected: Any) -> None:
    assert await labelled.data(text + LABEL) == expected


@pytest.mark.parametrize("between", ["SearchRecord", "Node"])
async def test_fields_of_another_object_are_left_out(labelled: Apis, between: str) -> None:
    inner = f"... on {between} {{ ... on Company {{ employees website people(first: 1) {{ totalCount }} }} }} email"
    assert await labelled.data(PEOPLE % inner) == _nodes("people", {"email": "zoe@acme.com"})


async def test_a_node_by_way_of_the_union(labelled: Apis) -> None:
    (edge,) = (await labelled.data(PEOPLE % "nodeId"))["people"]["edges"]
    text = "query ($i: ID!) { node(nodeId: $i) { ...Label } }"
    assert await labelled.data(text + LABEL, i=edge["node"]["nodeId"]) == {"node": ZOE}


async def test_subscriptions(workspace_dsn: str) -> None:
    async with open_desk(workspace_dsn) as desk:
        live = await desk.subscribe("subscription { people { edges { node { ...Label } } } }" + LABEL)
        created = await desk.subscribe("subscription { personCreated { ...Label } }" + LABEL)
        changed = await desk.subscribe("subscription { personChanged { record { ...Label } } }" + LABEL)
        await live.until(1)
        await desk.person("zoe@acme.com")
        assert (await live.until(2))[1] == {"edges": [{"node": ZOE}]}
        assert await created.until(1) == [ZOE]
        assert await changed.until(1) == [{"record": ZOE}]
