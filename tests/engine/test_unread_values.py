"""Values that no part of a statement reads: PostgreSQL needs the type of each parameter, and refused the statement."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.events.desk import open_desk
from tests.engine.records import create
from tests.views import ask_as, granted, view, view_by_rules

NONE: dict[str, Any] = {"edges": []}
ORDERS = [
    "query ($d: OrderByDirection) { people(orderBy: [{company: {name: $d}}]) { edges { node { lastName } } } }",
    "{ people(orderBy: [{company: {}}], filter: {lastName: {eq: \"L\"}}) { edges { node { lastName } } } }",
    "{ people(orderBy: [{company: {opportunitiesAggregate: {}}}, {lastName: ASC}]) { edges { node { lastName } } } }",
    "{ peopleGroupBy(groupBy: [{city: true}]) { records(orderBy: [{company: {}}]) { edges { node { lastName } } } } }",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDERS)
async def test_an_order_over_a_relation_that_says_nothing(apis: Apis, text: str) -> None:
    """The rule on the companies was in no statement, and its value was: the answer was 503."""
    await create(apis, "person", email="a@x.org", lastName="L", companyId=await create(apis, "company", name="C"))
    seen = view_by_rules(await apis.snapshot(), company={"name": {"eq": "$principal.x"}})
    answer = await ask_as(apis.database, seen, {"x": "C"}, text)
    assert "errors" not in answer
    assert str(answer["data"]).count("{'lastName': 'L'}") == 1


async def test_an_order_of_the_metadata_api_that_says_nothing(apis: Apis) -> None:
    answer = await apis.send("{ fields(first: 1, orderBy: [{object: {}}]) { edges { cursor } } }", api=apis.metadata)
    assert answer.body.startswith(b'{"data":{"fields":{"edges":[{"cursor":')


WRITES = [
    'createCompany(data: {name: "C"}) ANSWER',
    'createCompanies(data: [{name: "C"}]) ANSWER',
    'createPerson(data: {email: "a@x.org", company: {create: {name: "C"}}}) { company ANSWER }',
    'updateCompanies(filter: {name: {eq: "known"}}, data: {website: "w"}) ANSWER',
    'deleteCompanies(filter: {name: {eq: "known"}}) ANSWER',
]


@pytest.mark.parametrize("text", WRITES)
async def test_the_answer_of_a_write_with_a_page_of_no_records(apis: Apis, text: str) -> None:
    """It was 503, and nothing was written."""
    await create(apis, "company", name="known")
    page = '{ people(first: 0, filter: {lastName: {eq: "L"}}, orderBy: [{company: {name: ASC}}]) { edges { cursor } } }'
    (found,) = (await apis.data(f"mutation {{ {text.replace('ANSWER', page)} }}")).values()
    assert str(found).count(str({"people": NONE})) == 1


async def test_an_event_with_a_page_of_no_records(workspace_dsn: str) -> None:
    text = """subscription ($l: String) { companyCreated { name
        people(first: 0, filter: {and: [{lastName: {eq: $l}}, {city: {neq: $l}}]}) { edges { cursor } } } }"""
    async with open_desk(workspace_dsn) as desk:
        listener = await desk.subscribe(text, l="L")
        await desk.data('mutation { createCompany(data: {name: "C"}) { id } }')
        await desk.delivered(1)
        assert listener.results == [{"name": "C", "people": NONE}]


async def test_a_search_in_objects_without_texts(apis: Apis) -> None:
    """It was 503."""
    await create(apis, "opportunity", name="word")
    snapshot = await apis.snapshot()
    opportunity = snapshot.by_singular["opportunity"]
    seen = view(snapshot, {opportunity.id: granted(snapshot, opportunity, read={"only": ["amount"]})})
    page = "edges { cursor node { rank record { __typename } } } pageInfo { hasNextPage endCursor }"
    text = '{ search(query: "word", objects: ["opportunity"]) { PAGE } companies { totalCount } }'.replace("PAGE", page)
    answer = await ask_as(apis.database, seen, {}, text)
    empty = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    assert answer == {"data": {"search": empty, "companies": {"totalCount": 0}}}


async def test_a_text_that_looks_like_a_parameter_is_none(apis: Apis) -> None:
    field = 'createField(input: {objectMetadataId: "%s", type: RAW_JSON, name: "notes", label: "Notes"}) { id }'
    company = (await apis.snapshot()).by_singular["company"].id
    await apis.change(f"mutation {{ {field % company} }}")
    await create(apis, "company", name="C", notes={"$2": 1})
    text = """{ companies(filter: {name: {eq: "C"}}, orderBy: [{notes: {path: ["$2"], direction: ASC}}]) {
        edges { node { name people(first: 0, filter: {lastName: {eq: "L"}}) { edges { cursor } } } } } }"""
    assert (await apis.data(text))["companies"]["edges"] == [{"node": {"name": "C", "people": NONE}}]
