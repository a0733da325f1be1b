"""Which pages choose between their order and their condition: those for which indexes serve both."""

from typing import Any

import pytest

from fieldstone.metadata.changes import DeleteIndex
from tests.apis import WORKSPACE_ID, Apis

VARIABLES = "query ($filter: PersonFilterInput, $order: [PersonOrderByInput])"
PEOPLE = "people(filter: $filter, orderBy: $order) { edges { node { id } } }"
EDGES = f"{VARIABLES} {{ {PEOPLE} }}"
NESTED = f"{VARIABLES} {{ companies {{ edges {{ node {{ {PEOPLE} }} }} }} }}"
CONTAINS = {"email": {"contains": "x"}}
NEWEST = [{"createdAt": "DESC"}]


async def is_sampled(apis: Apis, condition: Any, order: Any, text: str = EDGES) -> bool:
    apis.database.log.steps.clear()
    await apis.data(text, filter=condition, order=order)
    (sql,) = apis.database.log.texts
    return "hits" in sql


SAMPLED: dict[str, tuple[Any, Any]] = {
    "one pattern": (CONTAINS, NEWEST),
    "by the id": (CONTAINS, []),
    "and more": ({**CONTAINS, "city": {"eq": "Bern"}, "phone": {"contains": "1"}}, NEWEST),
    "patterns of which one must match": ({"or": [CONTAINS, {"jobTitle": {"startsWith": "e"}}]}, NEWEST),
}
PLAIN: dict[str, tuple[Any, Any]] = {
    "no pattern": ({"email": {"eq": "x"}}, NEWEST),
    "a pattern without trigrams": ({"city": {"contains": "x"}}, NEWEST),
    "one of two without": ({"or": [CONTAINS, {"city": {"contains": "x"}}]}, NEWEST),
    "what must not match": ({"not": CONTAINS}, NEWEST),
    "an order without an index": (CONTAINS, [{"city": "ASC"}]),
    "an order across a relation": (CONTAINS, [{"company": {"createdAt": "ASC"}}]),
    "a condition across a relation": ({**CONTAINS, "company": {"name": {"eq": "x"}}}, NEWEST),
}


@pytest.mark.parametrize(("condition", "order"), SAMPLED.values(), ids=SAMPLED)
async def test_sampled(apis: Apis, condition: Any, order: Any) -> None:
    assert await is_sampled(apis, condition, order)


@pytest.mark.parametrize(("condition", "order"), PLAIN.values(), ids=PLAIN)
async def test_not_sampled(apis: Apis, condition: Any, order: Any) -> None:
    assert not await is_sampled(apis, condition, order)


async def test_a_connection_of_a_record_is_found_by_its_key(apis: Apis) -> None:
    assert not await is_sampled(apis, CONTAINS, NEWEST, NESTED)


async def test_a_plan_goes_with_the_index_that_it_counts_on(apis: Apis) -> None:
    assert await is_sampled(apis, CONTAINS, NEWEST)
    snapshot = await apis.snapshot()
    email = snapshot.by_singular["person"].by_name["email"]
    (trigram,) = [one for one in snapshot.indexes.values() if one.field_ids == (email.id,) and one.method == "trigram"]
    await apis.writer.change(WORKSPACE_ID, lambda _: [DeleteIndex(index_id=trigram.id)], actor="test")
    assert not await is_sampled(apis, CONTAINS, NEWEST)
