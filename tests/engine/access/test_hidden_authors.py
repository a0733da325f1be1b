"""The authors of writes, which events tell as far as the role reads `createdBy`."""

from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL
from tests.engine.access.subscribers import rep
from tests.engine.events.desk import Desk
from tests.waiting import until_true

CHANGES = "subscription { personChanged { actor { __typename kind id called: name } } }"
TAIL = "subscription ($filter: RecordEventFilter) { events(filter: $filter) { object actor { kind id name } } }"
PAGE = """query ($filter: RecordEventFilter) { events(filter: $filter, first: 1) {
    edges { node { object actor { kind id name } } } pageInfo { hasNextPage } } }"""
NOBODY = {"kind": None, "id": None, "name": None}
AUTHOR = {"kind": "API_KEY", "id": str(PRINCIPAL.subject_id), "name": "tester"}
BY_AUTHOR = {"filter": {"actorId": str(PRINCIPAL.subject_id)}}
HIDDEN: dict[str, Any] = {
    "in all records": {"fields": {"allBut": ["createdBy"]}},
    "in some records": [{"rule": {"city": {"eq": "Rome"}}}, {"fields": {"allBut": ["createdBy"]}}],
}


@pytest.mark.parametrize("read", HIDDEN.values(), ids=HIDDEN.keys())
async def test_events_hide_the_author_where_the_role_does_not_read_it(desk: Desk, read: Any) -> None:
    one = await rep(desk, {"object": "person", "read": read}, {"object": "company", "read": {}})
    changes, tail, of_author = (
        await one.subscribe(CHANGES),
        await one.subscribe(TAIL),
        await one.subscribe(TAIL, **BY_AUTHOR),
    )
    await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    await desk.person("a@x.org")
    hidden = {"__typename": "RecordEventActor", "kind": None, "id": None, "called": None}
    assert await changes.until(1) == [{"actor": hidden}]
    company, person = {"object": "company", "actor": AUTHOR}, {"object": "person", "actor": NOBODY}
    assert await tail.until(2) == [company, person]

    async def page(**variables: Any) -> Any:
        request = GraphQLRequest(query=PAGE, operation_name=None, variables=variables)
        answer = await desk.metadata.execute(one.principal, request, allow_mutation=False)
        return loads(answer.body)["data"]["events"]

    async def is_there() -> bool:
        found = await page(filter={"object": "person"})
        return [edge["node"] for edge in found["edges"]] == [person]

    await until_true(is_there)
    assert (await page())["pageInfo"] == {"hasNextPage": True}
    # The filter is no way around it.
    of_person = {"filter": {"object": "person", **BY_AUTHOR["filter"]}}
    assert await page(**of_person) == {"edges": [], "pageInfo": {"hasNextPage": False}}
    assert await page(**BY_AUTHOR) == {"edges": [{"node": company}], "pageInfo": {"hasNextPage": False}}
    await desk.delivered(2)
    assert of_author.results == [company]


async def test_events_tell_the_author_to_a_role_that_reads_it(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {"rule": {"city": {"eq": "Rome"}}}})
    changes, of_author = await one.subscribe(CHANGES), await one.subscribe(TAIL, **BY_AUTHOR)
    await desk.person("a@x.org", city="Rome")
    told = {"__typename": "RecordEventActor", "kind": "API_KEY", "id": AUTHOR["id"], "called": "tester"}
    assert await changes.until(1) == [{"actor": told}]
    assert await of_author.until(1) == [{"object": "person", "actor": AUTHOR}]
