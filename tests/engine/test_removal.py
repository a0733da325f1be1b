"""Destroying records: the records that point to them are treated by the relation's onDelete."""

from itertools import pairwise

import pytest

from tests.apis import Apis
from tests.engine.records import check_refused, count, create, take_events
from tests.engine.removing import make_object, relate, waiting


async def test_set_null_is_what_a_relation_does_unless_told_otherwise(apis: Apis) -> None:
    company = await create(apis, "company")
    other = await create(apis, "company")
    for email in ("a", "b"):
        await create(apis, "person", email=email, companyId=company)
    await create(apis, "person", email="c", companyId=other)
    await create(apis, "opportunity", companyId=company)
    deleted = await create(apis, "activity", companyId=company)
    await apis.data("mutation ($id: UUID!) { deleteActivity(id: $id) { id } }", id=deleted)
    await take_events(apis)
    text = "mutation ($id: UUID!) { destroyCompany(id: $id) { id } }"
    assert await apis.data(text, id=company) == {"destroyCompany": {"id": company}}
    people = await apis.data("{ people(orderBy: {email: ASC}) { edges { node { companyId } } } }")
    assert [edge["node"]["companyId"] for edge in people["people"]["edges"]] == [None, None, other]
    events = await take_events(apis)
    assert sorted(event.action for event in events) == ["destroyed", "updated", "updated", "updated", "updated"]
    emptied = [event for event in events if event.action == "updated"]
    assert {
        (event.before and event.before["companyId"], event.after and event.after["companyId"]) for event in emptied
    } == {(company, None)}
    activity = "{ activities(filter: {deletedAt: {is: NOT_NULL}}) { edges { node { companyId } } } }"
    assert await apis.data(activity) == {"activities": {"edges": [{"node": {"companyId": None}}]}}


async def test_cascade_goes_on_through_all_that_cascade(apis: Apis) -> None:
    shelf, box, object_ = [await make_object(apis, name) for name in ("shelf", "box", "thing")]
    await relate(apis, box, "shelf", shelf, "CASCADE")
    await relate(apis, object_, "box", box, "CASCADE")
    await relate(apis, object_, "spare", box, "SET_NULL")
    first, second = [await create(apis, "shelf") for _ in range(2)]
    boxes = [await create(apis, "box", shelfId=first) for _ in range(2)]
    kept = await create(apis, "box", shelfId=second)
    for box_id in (*boxes, kept):
        await create(apis, "thing", boxId=box_id, spareId=boxes[0])
    await take_events(apis)
    answer = await apis.data("mutation ($id: UUID!) { destroyShelf(id: $id) { id } }", id=first)
    assert answer == {"destroyShelf": {"id": first}}
    assert [await count(apis, plural) for plural in ("shelfs", "boxs", "things")] == [1, 1, 1]
    left = await apis.data("{ things { edges { node { boxId spareId } } } }")
    assert left == {"things": {"edges": [{"node": {"boxId": kept, "spareId": None}}]}}
    events = await take_events(apis)
    assert sorted(event.action for event in events if event.action == "destroyed") == ["destroyed"] * 5
    assert all(event.after is None for event in events if event.action == "destroyed")


async def test_restrict_refuses_and_says_what_stands_in_the_way(apis: Apis) -> None:
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, "RESTRICT")
    id_ = await create(apis, "shelf")
    one = await create(apis, "box", shelfId=id_)
    text = f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}'
    message = waiting("boxs", "shelf", 1)
    await check_refused(apis, text, "CONFLICT", message, field="shelf")
    await create(apis, "box", shelfId=id_)
    message = waiting("boxs", "shelf", 2)
    await check_refused(apis, text, "CONFLICT", message, field="shelf")
    many = "mutation { destroyShelfs(filter: {id: {is: NOT_NULL}}) { id } }"
    await check_refused(apis, many, "CONFLICT", message, field="shelf")
    both = f'mutation {{ destroyBoxs(filter: {{id: {{is: NOT_NULL}}}}) {{ id }} destroyShelf(id: "{id_}") {{ id }} }}'
    answer = await apis.data(both)
    assert one in [row["id"] for row in answer["destroyBoxs"]]


async def test_a_restriction_further_down_undoes_a_cascade(apis: Apis) -> None:
    shelf, box, object_ = [await make_object(apis, name) for name in ("shelf", "box", "thing")]
    await relate(apis, box, "shelf", shelf, "CASCADE")
    await relate(apis, object_, "box", box, "RESTRICT")
    id_ = await create(apis, "shelf")
    await create(apis, "thing", boxId=await create(apis, "box", shelfId=id_))
    message = waiting("things", "box", 1)
    text = f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}'
    await check_refused(apis, text, "CONFLICT", message, field="box")


@pytest.mark.parametrize("is_restricted_first", [False, True])
async def test_a_record_that_goes_by_another_relation_is_not_in_the_way(apis: Apis, is_restricted_first: bool) -> None:
    shelf, box, object_ = [await make_object(apis, name) for name in ("shelf", "box", "thing")]
    relations = [
        (box, "shelf", shelf, "CASCADE"),
        (object_, "box", box, "CASCADE"),
        (object_, "place", shelf, "RESTRICT"),
    ]
    for relation in reversed(relations) if is_restricted_first else relations:
        await relate(apis, *relation)
    id_ = await create(apis, "shelf")
    await create(apis, "thing", placeId=id_, boxId=await create(apis, "box", shelfId=id_))
    await create(apis, "thing", placeId=id_)
    text = f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}'
    await check_refused(apis, text, "CONFLICT", waiting("things", "place", 1), field="place")
    await apis.data("mutation { destroyThings(filter: {boxId: {is: NULL}}) { id } }")
    await apis.data(text)
    assert [await count(apis, name) for name in ("shelfs", "boxs", "things")] == [0, 0, 0]


@pytest.mark.parametrize("on_delete", ["SET_NULL", "CASCADE"])
async def test_records_that_point_to_each_other_and_to_themselves(apis: Apis, on_delete: str) -> None:
    object_ = await make_object(apis, "thing")
    await relate(apis, object_, "parent", object_, on_delete)
    text = "mutation ($id: UUID!, $parent: UUID) { updateThing(id: $id, data: {parentId: $parent}) { id } }"
    ring = [await create(apis, "thing") for _ in range(3)]
    for id_, parent in zip(ring, [*ring[1:], ring[0]], strict=True):
        await apis.data(text, id=id_, parent=parent)
    alone = await create(apis, "thing")
    await apis.data(text, id=alone, parent=alone)
    for id_ in (ring[0], alone):
        answer = await apis.data("mutation ($id: UUID!) { destroyThing(id: $id) { id } }", id=id_)
        assert answer == {"destroyThing": {"id": id_}}
    assert await count(apis, "things") == (2 if on_delete == "SET_NULL" else 0)


@pytest.mark.long
async def test_a_long_chain_of_records_is_destroyed_with_its_head(apis: Apis) -> None:
    """A cascade that called itself once for each level failed at a thousand."""
    object_ = await make_object(apis, "thing")
    await relate(apis, object_, "parent", object_, "CASCADE")
    created = await apis.data("mutation ($d: [ThingInput!]!) { createThings(data: $d) { id } }", d=[{}] * 1100)
    ids = [row["id"] for row in created["createThings"]]
    updates = [{"id": id_, "data": {"parentId": parent}} for parent, id_ in pairwise(ids)]
    await apis.data("mutation ($u: [ThingUpdateItemInput!]) { updateThings(updates: $u) { id } }", u=updates)
    text = "mutation ($id: UUID!) { destroyThing(id: $id) { id } }"
    assert await apis.data(text, id=ids[0]) == {"destroyThing": {"id": ids[0]}}
    assert await count(apis, "things") == 0


async def test_several_that_point_to_each_other_are_destroyed_at_once(apis: Apis) -> None:
    object_ = await make_object(apis, "thing")
    await relate(apis, object_, "parent", object_, "SET_NULL")
    first = await create(apis, "thing")
    await create(apis, "thing", parentId=first)
    answer = await apis.data("mutation { destroyThings(filter: {id: {is: NOT_NULL}}) { id } }")
    assert len(answer["destroyThings"]) == 2
    assert await count(apis, "things") == 0


async def test_soft_deletion_implies_nothing(apis: Apis) -> None:
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, "RESTRICT")
    id_ = await create(apis, "shelf")
    await create(apis, "box", shelfId=id_)
    await apis.data("mutation ($id: UUID!) { deleteShelf(id: $id) { id } }", id=id_)
    boxes = await apis.data("{ boxs { edges { node { shelfId shelf { id } } } } }")
    assert boxes == {"boxs": {"edges": [{"node": {"shelfId": id_, "shelf": None}}]}}
    await apis.data("mutation ($id: UUID!) { restoreShelf(id: $id) { id } }", id=id_)
    boxes = await apis.data("{ boxs { edges { node { shelf { id } } } } }")
    assert boxes == {"boxs": {"edges": [{"node": {"shelf": {"id": id_}}}]}}


async def test_a_required_relation(apis: Apis) -> None:
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, "CASCADE", isNullable=False)
    id_ = await create(apis, "shelf")
    box_id = await create(apis, "box", shelfId=id_)
    missing = "Field 'shelf' is required"
    disconnected = (
        "'shelf' is required, so it cannot be disconnected: connect it to another record, or delete this one."
    )
    for text, message in (
        ("mutation { createBox(data: {}) { id } }", missing),
        ("mutation { createBox(data: {shelfId: null}) { id } }", missing),
        ("mutation { createBox(data: {shelf: {disconnect: true}}) { id } }", missing),
        (f'mutation {{ updateBox(id: "{box_id}", data: {{shelfId: null}}) {{ id }} }}', missing),
        (f'mutation {{ updateBox(id: "{box_id}", data: {{shelf: {{disconnect: true}}}}) {{ id }} }}', disconnected),
    ):
        await check_refused(apis, text, "BAD_USER_INPUT", message, field="shelf")


async def test_the_destroyed_record_is_answered_as_it_was(apis: Apis) -> None:
    company = await create(apis, "company", name="a")
    person = await create(apis, "person", email="x", companyId=company)
    answer = await apis.data(
        "mutation ($id: UUID!) { destroyCompany(id: $id) { name people { totalCount } } }",
        id=company,
    )
    assert answer["destroyCompany"]["name"] == "a"
    assert answer["destroyCompany"]["people"]["totalCount"] == 1
    answer = await apis.data("mutation ($id: UUID!) { destroyPerson(id: $id) { email company { id } } }", id=person)
    assert answer == {"destroyPerson": {"email": "x", "company": None}}
