"""Introspection in the ordinary way is graphql-core's answer, and costs as much as has changed since the last one."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from graphql import get_introspection_query
from hypothesis import given, settings

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.introspection.answers import SchemaAnswers
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.metadata.changes import CreateField, UpdateObject, apply
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object, Snapshot
from tests.engine.introspection.introspecting import FULL, ask, expected
from tests.models import (
    add_field,
    add_object,
    add_relation,
    all_types_snapshot,
    empty_snapshot,
    large_snapshot,
    metadata_snapshot,
    standard_snapshot,
)
from tests.strategies import snapshots

pytestmark = pytest.mark.long

QUERIES: dict[str, str] = {
    "all that graphql-js can ask": FULL,
    "without descriptions": get_introspection_query(descriptions=False),
    "as GraphiQL asks first": get_introspection_query(schema_description=True, input_value_deprecation=True),
    "names alone": "{ __schema { types { name kind } } }",
    "no lists of members": "{ __schema { queryType { name } types { name ofType { name } possibleTypes { name } } } }",
    "in another order": """{ s: __schema { __typename all: types {
        fields { n: name type { kind ofType { name } } }
        __typename called: name enumValues(includeDeprecated: true) { name }
    } description } }""",
}
WORKSPACES: dict[str, Snapshot] = {
    "empty": empty_snapshot(),
    "standard": standard_snapshot(),
    "every field type": all_types_snapshot(),
    "a ring of relations": large_snapshot(8),
}
everywhere = pytest.mark.parametrize("snapshot", WORKSPACES.values(), ids=WORKSPACES)


@everywhere
@pytest.mark.parametrize("document", QUERIES.values(), ids=QUERIES)
async def test_the_answer_is_graphql_cores(snapshot: Snapshot, document: str) -> None:
    assert await ask(SchemaAnswers(), snapshot, document) == expected(snapshot, document)


def named_node() -> dict[str, Snapshot]:
    """Workspaces in which a name of Relay's is taken: by a field, by the key of a relation, by an object."""
    snapshot, id_ = add_object(standard_snapshot(), "thing")
    by_field = add_field(snapshot, id_, "nodeId", FieldType.TEXT)
    return {
        "a field": by_field,
        "a key": add_relation(snapshot, id_, "node", snapshot.by_singular["person"].id, "things"),
        "an object": add_object(snapshot, "node", "nodes")[0],
    }


@pytest.mark.parametrize("document", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("snapshot", (WORKSPACES | named_node()).values(), ids=WORKSPACES | named_node())
async def test_the_answer_with_node_is_graphql_cores_and_kept(snapshot: Snapshot, document: str) -> None:
    answers, wanted = SchemaAnswers(), expected(snapshot, document, relay=True)
    for _ in range(2):
        assert await ask(answers, snapshot, document, relay=True) == wanted
    assert answers.written == len(snapshot.by_singular)


async def test_a_field_that_takes_the_name_of_a_nodes_id() -> None:
    answers, snapshot = SchemaAnswers(), standard_snapshot()
    for relay in (True, False, True):
        assert await ask(answers, snapshot, relay=relay) == expected(snapshot, relay=relay)
    after = add_field(snapshot, snapshot.by_singular["company"].id, "nodeId", FieldType.TEXT)
    assert await ask(answers, after, relay=True) == expected(after, relay=True)


@given(snapshots())
@settings(max_examples=40)
def test_the_answer_is_graphql_cores_for_any_workspace(snapshot: Snapshot) -> None:
    assert asyncio.run(ask(SchemaAnswers(), snapshot)) == expected(snapshot)


async def test_members_stand_in_the_order_of_the_model() -> None:
    operation = parse_operation(FULL, None, DocumentLimits())
    text = await SchemaAnswers().answer(operation, {}, lazy_schema(standard_snapshot()))
    (person,) = [one for one in loads(bytes(text or b""))["data"]["__schema"]["types"] if one["name"] == "Person"]
    names = [field["name"] for field in person["fields"]]
    assert names[:3] == ["id", "createdAt", "updatedAt"]
    assert names.index("company") + 1 == names.index("companyId")


async def test_words_that_are_no_enum_values() -> None:
    snapshot, id_ = add_object(empty_snapshot(), "switch", "switches")
    for name in ("true", "null", "class"):
        snapshot = add_field(snapshot, id_, name, FieldType.TEXT)
    assert await ask(SchemaAnswers(), snapshot) == expected(snapshot)


async def test_words_of_the_model_are_only_words() -> None:
    empty, id_ = add_object(empty_snapshot(), "thing")
    for label in ('100 % "of" qxSa', "%(qxNf)s", "\\ \u2028 \U0001f600 \x07"):
        # Some were made before there was a rule for them.
        thing = replace(empty.objects[id_], label_plural=label, description=label)
        snapshot = replace(empty, objects={id_: thing})
        assert await ask(SchemaAnswers(), snapshot) == expected(snapshot)


@pytest.mark.parametrize("flag", [True, False])
async def test_variables(flag: bool) -> None:
    document = """
        query ($deprecated: Boolean!, $no: Boolean!) {
          __schema { types { name fields(includeDeprecated: $deprecated) { name @skip(if: $no) isDeprecated } } }
        }
    """
    answers, snapshot = SchemaAnswers(), standard_snapshot()
    for variables in ({"deprecated": flag, "no": True}, {"deprecated": flag, "no": False}):
        assert await ask(answers, snapshot, document, variables) == expected(snapshot, document, variables)


UNUSUAL: dict[str, str] = {
    "types within types": "{ __schema { types { fields { type { fields { name } } } } } }",
    "the description of a wrapped type": "{ __schema { types { fields { type { ofType { description } } } } } }",
    "the fields of a root": "{ __schema { queryType { fields { name } } types { name } } }",
    "two lists": "{ __schema { types { a: fields { name } b: fields { name } } } }",
    "the types twice": "{ __schema { a: types { name } b: types { name } } }",
    "the schema twice": "{ a: __schema { types { name } } b: __schema { types { name } } }",
    "no types": "{ __schema { queryType { name } } }",
    "one type": '{ __type(name: "Person") { name } }',
    "records as well": "{ __schema { types { name } } people { totalCount } }",
}


@pytest.mark.parametrize("document", UNUSUAL.values(), ids=UNUSUAL)
async def test_what_goes_the_general_way(document: str) -> None:
    assert await ask(SchemaAnswers(), standard_snapshot(), document) is None


async def test_the_metadata_api_goes_the_general_way() -> None:
    operation = parse_operation(FULL, None, DocumentLimits())
    schema = lazy_schema(metadata_snapshot(), METADATA_MUTATIONS)
    assert await SchemaAnswers().answer(operation, {}, schema) is None


def find(snapshot: Snapshot, name: str) -> Object:
    return snapshot.by_singular[name]


async def test_a_change_costs_what_it_touches() -> None:
    answers, snapshot = SchemaAnswers(), large_snapshot(10)
    await ask(answers, snapshot)
    assert answers.written == 10
    await ask(answers, snapshot)
    assert answers.written == 10
    field = CreateField(object_id=find(snapshot, "object7").id, name="extra", label="Extra", type=FieldType.TEXT)
    after = apply(snapshot, field).snapshot
    assert await ask(answers, after) == expected(after)
    # The object itself, and the two that have a relation to it, whose words they use.
    assert answers.written == 13
    # The older snapshot has its own again, and nothing of the newer one.
    assert await ask(answers, snapshot) == expected(snapshot)


async def test_a_label_is_told_where_relations_lead_to_it() -> None:
    answers, snapshot = SchemaAnswers(), large_snapshot(6)
    await ask(answers, snapshot)
    renamed = UpdateObject(object_id=find(snapshot, "object2").id, label_plural="Renamed things")
    after = apply(snapshot, renamed).snapshot
    assert await ask(answers, after) == expected(after)


async def test_a_relation_that_its_target_does_not_show() -> None:
    snapshot, source = add_object(empty_snapshot(), "source")
    snapshot, target = add_object(snapshot, "target")
    related = add_relation(snapshot, source, "target", target, "sources")
    # The end at the target is the key of its records, as the catalog's own objects have it.
    key = related.objects[target].by_name["id"]
    relations = {id_: replace(one, target_field_id=key.id) for id_, one in related.relations.items()}
    after = replace(related, objects={**related.objects, target: snapshot.objects[target]}, relations=relations)
    answers = SchemaAnswers()
    assert await ask(answers, snapshot) == expected(snapshot)
    assert await ask(answers, after) == expected(after)


async def test_other_snapshots_share_what_is_the_same() -> None:
    answers, snapshot = SchemaAnswers(), standard_snapshot()
    await ask(answers, snapshot)
    grown, _ = add_object(snapshot, "planet")
    assert await ask(answers, grown) == expected(grown)
    assert answers.written == len(snapshot.objects) + 1
    assert await ask(answers, snapshot) == expected(snapshot)


async def test_clients_that_ask_for_the_same_in_other_words_share() -> None:
    answers, snapshot = SchemaAnswers(), standard_snapshot()
    await ask(answers, snapshot, "{ __schema { types { name kind } } }")
    await ask(answers, snapshot, "query Q { __schema { ...S } } fragment S on __Schema { types { ... { name } kind } }")
    assert answers.written == len(snapshot.objects)


async def test_others_are_served_meanwhile() -> None:
    answers, snapshot = SchemaAnswers(), large_snapshot(40)
    seen: list[int] = []
    asked = asyncio.create_task(ask(answers, snapshot, "{ __schema { types { name } } }"))
    while not asked.done():
        await asyncio.sleep(0)
        seen.append(answers.written)
    steps = [after - before for before, after in pairwise(seen)]
    assert max(steps) <= 4


async def test_who_asks_at_the_same_time_writes_it_once() -> None:
    answers, snapshot = SchemaAnswers(), large_snapshot(40)
    first, second = await asyncio.gather(ask(answers, snapshot), ask(answers, snapshot))
    assert first == second
    assert answers.written == 40


async def test_what_was_least_recently_used_goes() -> None:
    answers = SchemaAnswers(most_bytes=1)
    first, second = standard_snapshot(), large_snapshot(3)
    second = replace(second, workspace=replace(second.workspace, id=find(second, "object0").id))
    await ask(answers, first)
    await ask(answers, second)
    kept = answers.bytes
    assert kept > 1
    await ask(answers, second)
    assert answers.written == len(first.objects) + 3
    assert await ask(answers, first) == expected(first)
    assert answers.written == 2 * len(first.objects) + 3
    answers.forget(first.workspace.id)
    assert answers.bytes == 0


async def test_the_texts_of_a_cancelled_answer_are_counted_and_go_when_they_must() -> None:
    snapshot = large_snapshot(20)
    full = SchemaAnswers()
    await ask(full, snapshot, "{ __schema { types { a0: name } } }")
    answers = SchemaAnswers(full.bytes)
    for place in range(3):
        document = f"{{ __schema {{ types {{ a{place}: name }} }} }}"
        cancelled = asyncio.create_task(ask(answers, snapshot, document))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        assert cancelled.cancelled()
        assert answers.bytes > 0
        written = answers.written
        await ask(answers, snapshot, document)
        # Those that were written are kept.
        assert answers.written - written < 20
    # The texts of the first are gone, as those of an answer that was read to its end.
    written = answers.written
    await ask(answers, snapshot, "{ __schema { types { a0: name } } }")
    assert answers.written - written == 20
