"""Which pages choose between their order and their condition: those for which indexes serve both."""

from typing import Any

import psycopg
import pytest

from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.changes import CreateField, DeleteIndex, NewRelation
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.online_ddl.builder import Builder
from tests.apis import WORKSPACE_ID, Apis, open_apis
from tests.engine.records import NOBODY

VARIABLES = "query ($filter: PersonFilterInput, $order: [PersonOrderByInput])"
PEOPLE = "people(filter: $filter, orderBy: $order) { edges { node { id } } }"
EDGES = f"{VARIABLES} {{ {PEOPLE} }}"
NESTED = f"{VARIABLES} {{ companies {{ edges {{ node {{ {PEOPLE} }} }} }} }}"
CONTAINS = {"email": {"contains": "x"}}
NEWEST = [{"createdAt": "DESC"}]
MEETING = {"type": {"eq": "MEETING"}}


async def is_sampled(apis: Apis, condition: Any, order: Any, text: str = EDGES) -> bool:
    apis.database.log.steps.clear()
    await apis.data(text, filter=condition, order=order)
    (sql,) = apis.database.log.texts
    return "hits" in sql


SAMPLED: dict[str, tuple[Any, Any]] = {
    "one pattern": (CONTAINS, NEWEST),
    "by the id": (CONTAINS, []),
    "and more": ({**CONTAINS, "city": {"eq": "Bern"}, "phone": {"contains": "1"}}, NEWEST),
    "related records": ({"opportunities": {"some": {"amount": {"gt": 1}}}}, NEWEST),
    "no related records": ({"opportunities": {"none": {}}}, []),
    "related records of related ones": (
        {"company": {"people": {"isEmpty": False}}, "activities": {"every": MEETING}},
        [],
    ),
    "aggregates of related records": ({"activitiesAggregate": {"count": {"gt": 2}}}, NEWEST),
    "related records beside a pattern": ({**CONTAINS, "activities": {"some": MEETING}}, NEWEST),
    "patterns of which one must match": ({"or": [CONTAINS, {"jobTitle": {"startsWith": "e"}}]}, NEWEST),
}
PLAIN: dict[str, tuple[Any, Any]] = {
    "no pattern": ({"email": {"eq": "x"}}, NEWEST),
    "a pattern without trigrams": ({"city": {"contains": "x"}}, NEWEST),
    "one of two without": ({"or": [CONTAINS, {"city": {"contains": "x"}}]}, NEWEST),
    "related records of one person": ({"email": {"eq": "x"}, "activities": {"some": MEETING}}, NEWEST),
    "related records of few people": ({"id": {"in": [NOBODY]}, "activities": {"some": MEETING}}, NEWEST),
    "related records in an order without an index": ({"activities": {"some": MEETING}}, [{"city": "ASC"}]),
    "related records across a relation": ({"company": {"people": {"isEmpty": False}}}, NEWEST),
    "a negated match": ({"not": CONTAINS}, NEWEST),
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


async def test_related_records_are_sampled_from_when_an_index_finds_them(workspace_dsn: str) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO workspace_default.activity (title) VALUES ('a')")
    async with open_apis(workspace_dsn, big_table=0) as apis:
        condition = {"activities": {"some": MEETING}}
        assert await is_sampled(apis, condition, NEWEST)
        assert not await is_sampled(apis, condition, NEWEST, NESTED)
        snapshot = await apis.snapshot()
        relation = NewRelation(
            target_object_id=snapshot.by_singular["person"].id, target_field_label="Led", target_field_name="led"
        )
        activity = snapshot.by_singular["activity"].id
        field = CreateField(object_id=activity, name="lead", label="Lead", type=FieldType.RELATION, relation=relation)
        await apis.writer.change(WORKSPACE_ID, lambda _: [field], actor="test")
        condition = {"led": {"some": MEETING}}
        assert not await is_sampled(apis, condition, NEWEST)
        trigram = (await Catalog.migrate(apis.database)).trigram
        await Builder(apis.database, apis.writer, trigram=trigram).build_all()
        assert await is_sampled(apis, condition, NEWEST)
