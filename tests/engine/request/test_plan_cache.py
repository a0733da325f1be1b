"""Plans that are kept answer as those just made; a change of the model drops those that it touches, and no others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.engine.documents import recent_operations
from fieldstone.engine.documents.document import Operation, parse_operation
from fieldstone.engine.request.plan_cache import MOST_ONCE
from fieldstone.engine.schema.lazy import built_types
from fieldstone.metadata.changes import CreateField, NewRelation, UpdateField
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot
from tests import operation_writer
from tests.apis import WORKSPACE_ID, Apis, Served, open_apis, serve
from tests.databases import Databases
from tests.eager_schema import eager_schema
from tests.engine.large import LARGE, large_template
from tests.operations import examples, queries
from tests.reference import load_rows
from tests.specimens import specimen_template

pytestmark = pytest.mark.long

PEOPLE = "query ($v: String) { people(filter: {email: {eq: $v}}) { edges { node { email } } } }"


@pytest.fixture(scope="module")
def dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(specimen_template(databases)) as made:
        yield made


@pytest.fixture(scope="module")
def warm(dsn: str) -> Iterator[Served]:
    yield from serve(dsn)


@pytest.fixture(scope="module")
def cold(dsn: str) -> Iterator[Served]:
    """An API that is asked everything once only."""
    yield from serve(dsn)


@pytest.fixture(scope="module")
def drawn(warm: Served, dsn: str) -> st.SearchStrategy[operation_writer.Operation]:
    snapshot = warm.snapshot()
    return queries(eager_schema(snapshot), sorted(id_ for rows in load_rows(dsn, snapshot).values() for id_ in rows))


@pytest.mark.long
@given(data=st.data())
@examples(120)
def test_a_hit_answers_as_a_cold_plan(
    warm: Served, cold: Served, drawn: st.SearchStrategy[operation_writer.Operation], data: st.DataObject
) -> None:
    operation = data.draw(drawn)
    text, variables = operation.write(lift=True)
    _, others = operation.write(lift=True, take_other=True)
    note(f"{text}\n{variables}\n{others}")
    warm.ask(text, variables)
    for values in (others, variables):
        # A comment makes another document of it.
        assert warm.ask(text, values) == cold.ask(f"{text} # {id(values)}", values)


async def test_a_plan_is_made_once_for_a_shape(apis: Apis) -> None:
    counters = apis.core.compiler.plans.counters
    for value in ("a", "b", "'", ""):
        await apis.data(PEOPLE, v=value)
    assert (counters.misses, counters.hits) == (1, 3)
    await apis.data(PEOPLE, v=None)
    await apis.data(PEOPLE)
    await apis.data(PEOPLE, v=None)
    assert (counters.misses, counters.hits) == (3, 4)
    assert len({text for text in apis.database.log.texts if "email" in text}) == 3


async def test_a_field_may_be_called_as_what_decides_a_plan_elsewhere(apis: Apis) -> None:
    company = (await apis.snapshot()).by_singular["company"]
    changes = [
        CreateField(object_id=company.id, name=name, label=name.title(), type=FieldType.TEXT)
        for name in ("disconnect", "isEmpty")
    ]
    await apis.writer.change(WORKSPACE_ID, lambda _: changes, actor="test")
    made = await apis.data('mutation { createCompany(data: {name: "a"}) { id } }')
    counters = apis.core.compiler.plans.counters
    counters.hits = counters.misses = 0
    update = "mutation ($i: UUID!, $d: CompanyInput!) { updateCompany(id: $i, data: $d) { disconnect isEmpty } }"
    for number in range(50):
        data = {"disconnect": f"text {number}", "isEmpty": f"text {number}"}
        assert await apis.data(update, i=made["createCompany"]["id"], d=data) == {"updateCompany": data}
    assert (counters.hits, counters.misses) == (49, 1)


async def test_what_is_refused_is_not_kept(apis: Apis) -> None:
    text = "query ($n: Int) { people(first: $n) { totalCount } }"
    for size in (1_000, 5, -1, 5):
        answer = await apis.ask(text, n=size)
        assert ("errors" in answer) is (size != 5)


async def test_documents_are_kept_by_operation_name(apis: Apis) -> None:
    text = "query A { people { totalCount } } query B { companies { totalCount } }"
    for name, key in (("A", "people"), ("B", "companies"), ("A", "people")):
        answer = (await apis.send(text, operation_name=name)).body
        assert answer == b'{"data":{"%s":{"totalCount":0}}}' % key.encode()
    assert len(apis.core.compiler.plans) == 2


async def test_a_new_field_drops_what_is_written_of_its_object_alone(apis: Apis) -> None:
    counters = apis.core.compiler.plans.counters
    companies = "{ companies { edges { node { name people { totalCount } } } } }"
    introspection = '{ people { totalCount } __type(name: "Person") { fields { name } } }'
    first = "mutation ($email: String) { createPerson(data: { email: $email }) { email } }"
    await apis.data(first, email="a@example.com")
    for text in (PEOPLE, companies, introspection):
        await apis.data(text)
    person = (await apis.snapshot()).by_singular["person"]
    await apis.change(
        'mutation ($id: UUID!) { createField(input: {objectMetadataId: $id, name: "nick", label: "Nick", type: TEXT})'
        " { id } }",
        id=str(person.id),
    )
    await apis.data(PEOPLE)
    await apis.data(companies)
    assert (counters.drops, counters.hits) == (0, 2)
    await apis.data(first, email="b@example.com")
    assert (counters.drops, counters.hits) == (1, 2)
    assert {"name": "nick"} in (await apis.data(introspection))["__type"]["fields"]
    assert (counters.drops, counters.hits) == (2, 2)
    assert await apis.data("{ people { edges { node { nick } } } }") == {
        "people": {"edges": [{"node": {"nick": None}}] * 2}
    }


async def test_a_changed_field_drops_the_plans_of_its_object_alone(apis: Apis) -> None:
    counters = apis.core.compiler.plans.counters
    companies = "{ companies { edges { node { name people { totalCount } } } } }"
    activities = "{ activities { totalCount } }"
    for text in (PEOPLE, companies, activities):
        await apis.data(text)
    email = (await apis.snapshot()).by_singular["person"].by_name["email"]
    await apis.writer.change(
        WORKSPACE_ID, lambda _: [UpdateField(field_id=email.id, description="changed")], actor="test"
    )
    assert counters.drops == 0
    await apis.data(activities)
    assert (counters.drops, counters.hits) == (0, 1)
    await apis.data(PEOPLE)
    await apis.data(companies)
    assert (counters.drops, counters.hits) == (2, 1)


async def test_another_process_answers_for_a_field_that_it_has_not_heard_of(apis: Apis, workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn) as other:
        await other.data(PEOPLE)
        person = (await apis.snapshot()).by_singular["person"]
        field = CreateField(object_id=person.id, name="nick", label="Nick", type=FieldType.TEXT)
        await apis.writer.change(WORKSPACE_ID, lambda _: [field], actor="test")
        await apis.data('mutation { createPerson(data: {email: "x", nick: "y"}) { id } }')
        answer = await other.data("{ people { edges { node { nick } } } }")
        assert answer == {"people": {"edges": [{"node": {"nick": "y"}}]}}


@pytest.fixture
def large_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(large_template(databases))


def renewed(before: Snapshot, after: Snapshot) -> set[str]:
    """The names of the objects that are other instances."""
    return {object_.name_singular for id_, object_ in after.objects.items() if before.objects.get(id_) is not object_}


@pytest.mark.long
async def test_a_change_costs_what_it_touches(large: Apis) -> None:
    before = await large.snapshot()
    assert len(before.objects) == LARGE
    counters = large.core.compiler.plans.counters
    documents = {
        object_.name_singular: f"{{ {object_.name_plural} {{ edges {{ node {{ id createdAt }} }} }} }}"
        for object_ in list(before.objects.values())[:100]
    }
    for text in documents.values():
        await large.data(text)
    assert counters.misses == 100

    touched = before.by_singular["gadget7"]
    field = CreateField(object_id=touched.id, name="weight", label="Weight", type=FieldType.NUMBER)
    after = await large.writer.change(WORKSPACE_ID, lambda _: [field], actor="test")
    assert renewed(before, after) == {"gadget7"}
    assert (await large.snapshot()) is after

    target = after.by_singular["gadget8"]
    relation = NewRelation(target_object_id=target.id, target_field_label="Sevens")
    key = CreateField(object_id=touched.id, name="eight", label="Eight", type=FieldType.RELATION, relation=relation)
    related = await large.writer.change(WORKSPACE_ID, lambda _: [key], actor="test")
    assert renewed(after, related) == {"gadget7", "gadget8"}

    id_field = after.by_singular["gadget7"].by_name["id"]
    change = UpdateField(field_id=id_field.id, description="changed")
    changed = await large.writer.change(WORKSPACE_ID, lambda _: [change], actor="test")
    assert renewed(related, changed) == {"gadget7"}

    for text in documents.values():
        await large.data(text)
    assert counters.drops == 1
    assert (counters.hits, counters.misses) == (99, 101)


async def test_a_cold_query_builds_few_types(large: Apis) -> None:
    before = await large.snapshot()
    touched = before.by_singular["gadget7"]
    field = CreateField(object_id=touched.id, name="weight", label="Weight", type=FieldType.NUMBER)
    await large.writer.change(WORKSPACE_ID, lambda _: [field], actor="test")
    await large.data(
        "{ gadgets7(filter: {weight: {gt: 1}}, orderBy: [{weight: DESC}], first: 5) {"
        " edges { cursor node { id weight createdBy { name } } } pageInfo { hasNextPage } totalCount } }"
    )
    assert 0 < built_types(large.core.compiler.schemas.get(await large.snapshot())) < 60


def neighbours(snapshot: Snapshot, object_: Object) -> set[str]:
    """The objects at the other ends of an object's relations."""
    ends = [
        (relation.source_object_id, relation.target_object_id)
        for relation in snapshot.relations.values()
        if object_.id in {relation.source_object_id, relation.target_object_id}
    ]
    return {snapshot.objects[id_].name_singular for pair in ends for id_ in pair}


async def test_a_change_of_an_object_with_relations(apis: Apis) -> None:
    before = await apis.snapshot()
    company = before.by_singular["company"]
    field = CreateField(object_id=company.id, name="motto", label="Motto", type=FieldType.TEXT)
    after = await apis.writer.change(WORKSPACE_ID, lambda _: [field], actor="test")
    assert renewed(before, after) <= {"company"} | neighbours(before, company)
    assert "company" in renewed(before, after)


@pytest.mark.long
async def test_documents_that_are_all_new_push_out_none_that_came_again(apis: Apis) -> None:
    plans = apis.core.compiler.plans
    for _ in range(2):
        await apis.data(PEOPLE, v="a")
    for number in range(MOST_ONCE + 5):
        await apis.data(f"{{ a{number}: people {{ totalCount }} }}")
    assert len(plans) == MOST_ONCE + 1
    misses = plans.counters.misses
    await apis.data(PEOPLE, v="b")
    assert plans.counters.misses == misses
    # The first of the others went. It is compiled again, and stays.
    await apis.data("{ a0: people { totalCount } }")
    assert plans.counters.misses == misses + 1
    for number in range(MOST_ONCE + 5):
        await apis.data(f"{{ b{number}: people {{ totalCount }} }}")
    misses = plans.counters.misses
    await apis.data("{ a0: people { totalCount } }")
    assert plans.counters.misses == misses
    assert len(plans) == MOST_ONCE + 2


async def test_a_document_is_not_kept_parsed_when_it_has_its_plan_and_is_parsed_again_for_another_shape(
    apis: Apis, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def note_parsed(text: str, *arguments: Any) -> Operation:
        parsed.append(text)
        return parse_operation(text, *arguments)

    monkeypatch.setattr(recent_operations, "parse_operation", note_parsed)
    await apis.data(PEOPLE, v="a")
    assert parsed == [PEOPLE]
    assert not apis.core.compiler._recent._kept
    await apis.data(PEOPLE, v=None)
    await apis.data(PEOPLE)
    assert parsed == [PEOPLE] * 2
