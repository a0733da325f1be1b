"""Merges: several records become one, which gets the records that point to the others."""

import asyncio
from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, check_refused, count, create, take_events
from tests.engine.relations import relate

MERGE = """mutation ($ids: [UUID!]!, $place: Int!, $dry: Boolean) {
  mergePeople(ids: $ids, conflictPriorityIndex: $place, dryRun: $dry) {
    id firstName lastName email phone city company { name } opportunities { edges { node { name } } } } }"""


async def merge(apis: Apis, ids: list[str], index: int = 0, *, dry: bool | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await apis.data(MERGE, ids=ids, place=index, dry=dry))["mergePeople"]
    found["opportunities"] = sorted(edge["node"]["name"] for edge in found["opportunities"]["edges"])
    return found


@pytest.fixture
async def people(apis: Apis) -> list[str]:
    """Three people with an opportunity each: the second and the third have values that the first lacks."""
    acme, else_ = [await create(apis, "company", name=name) for name in ("Acme", "Else")]
    given: list[dict[str, Any]] = [
        {"email": "a@x.org", "firstName": "Ada", "lastName": "", "phone": None},
        {"email": "b@x.org", "firstName": "Bea", "lastName": "Byron", "companyId": acme},
        {"email": "c@x.org", "lastName": "Cole", "phone": "+49", "city": "Bonn", "companyId": else_},
    ]
    ids = [await create(apis, "person", **values) for values in given]
    for name, id_ in zip("abc", ids, strict=True):
        await create(apis, "opportunity", name=name, personId=id_)
    await take_events(apis)
    return ids


async def test_blanks_are_filled_in_order(apis: Apis, people: list[str]) -> None:
    apis.database.log.messages = 0
    assert await merge(apis, people) == {
        "id": people[0],
        "firstName": "Ada",
        "lastName": "Byron",
        "email": "a@x.org",
        "phone": "+49",
        "city": "Bonn",
        "company": {"name": "Acme"},
        "opportunities": ["a", "b", "c"],
    }
    assert apis.database.log.messages == 2
    assert (await count(apis, "people"), await count(apis, "people", deleted=True)) == (1, 2)


async def test_one_event_for_each_record(apis: Apis, people: list[str]) -> None:
    await merge(apis, people, 1)
    events = await take_events(apis)
    told = [(event.action, event.record_id) for event in events]
    assert sorted(told[:3]) == sorted([("updated", people[1]), *(("deleted", people[place]) for place in (0, 2))])
    assert [action for action, _ in told[3:]] == ["updated", "updated"]
    assert len({record for _, record in told}) == 5
    (kept,) = [event for event in events if event.record_id == people[1]]
    assert kept.before is not None
    assert kept.after is not None
    assert {name for name in kept.after if kept.after[name] != kept.before[name]} == {"phone", "city", "updatedAt"}
    assert all(event.actor.endswith("tester") for event in events)


async def test_the_order_of_ids_is_that_of_the_values(apis: Apis, people: list[str]) -> None:
    first, second, third = people
    found = await merge(apis, [third, second, first], 2)
    assert (found["id"], found["lastName"], found["company"]) == (first, "Cole", {"name": "Else"})


async def test_a_dry_run_writes_nothing(apis: Apis, people: list[str]) -> None:
    before = await apis.data("{ people { edges { node { id updatedAt phone opportunities { totalCount } } } } }")
    dry = await merge(apis, people, dry=True)
    assert await take_events(apis) == []
    assert (
        await apis.data("{ people { edges { node { id updatedAt phone opportunities { totalCount } } } } }") == before
    )
    assert dry == await merge(apis, people, dry=False)


async def test_a_dry_run_moves_only_the_records_that_are_shown(apis: Apis, people: list[str]) -> None:
    text = "mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0, dryRun: true) { phone } }"
    apis.database.log.steps.clear()
    assert await apis.data(text, ids=people) == {"mergePeople": {"phone": "+49"}}
    assert not any('"opportunity"' in text for text in apis.database.log.texts)


async def test_a_unique_value_passes_over(apis: Apis) -> None:
    ids = [await create(apis, "person", email=email) for email in ("", "b@x.org")]
    found = await merge(apis, ids)
    assert (found["id"], found["email"]) == (ids[0], "b@x.org")


async def test_other_root_fields_see_the_merge(apis: Apis, people: list[str]) -> None:
    text = """mutation ($ids: [UUID!]!, $id: UUID!) {
      dry: mergePeople(ids: $ids, conflictPriorityIndex: 0, dryRun: true) { phone }
      updatePerson(id: $id, data: { city: "Ulm" }) { city }
      mergePeople(ids: $ids, conflictPriorityIndex: 0) { city phone } }"""
    assert await apis.data(text, ids=people, id=people[0]) == {
        "dry": {"phone": "+49"},
        "updatePerson": {"city": "Ulm"},
        "mergePeople": {"city": "Ulm", "phone": "+49"},
    }


@pytest.mark.parametrize(
    ("places", "index", "message", "field"),
    [
        ([0], 0, "'ids' must be from 2 to 9 records, not 1.", "ids"),
        ([], 0, "'ids' must be from 2 to 9 records, not 0.", "ids"),
        ([0, 1] * 5, 0, "'ids' must be from 2 to 9 records, not 10.", "ids"),
        ([0, 1, 0], 0, "'ids' must have each record once.", "ids"),
        (
            [0, 1],
            2,
            "'conflictPriorityIndex' must be from 0 to 1, the place of the record to keep in 'ids', not 2.",
            "conflictPriorityIndex",
        ),
        (
            [0, 1],
            -1,
            "'conflictPriorityIndex' must be from 0 to 1, the place of the record to keep in 'ids', not -1.",
            "conflictPriorityIndex",
        ),
    ],
)
async def test_arguments_are_refused(
    apis: Apis, people: list[str], places: list[int], index: int, message: str, field: str
) -> None:
    ids = [people[place] for place in places]
    await check_refused(apis, MERGE, "BAD_USER_INPUT", message, field=field, ids=ids, place=index)


@pytest.mark.parametrize("dry", [True, False])
async def test_unknown_and_deleted_records_are_refused(apis: Apis, people: list[str], *, dry: bool) -> None:
    message = f"There is no Person with the id {NOBODY} to merge."
    for ids in ([people[0], NOBODY], [NOBODY, people[0]]):
        await check_refused(apis, MERGE, "NOT_FOUND", message, field="ids", ids=ids, place=0, dry=dry)
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=people[1])
    message = f"There is no Person with the id {people[1]}, {NOBODY} to merge."
    ids = [people[1], people[0], NOBODY]
    await check_refused(apis, MERGE, "NOT_FOUND", message, field="ids", ids=ids, place=1, dry=dry)


GUARDED = """mutation ($ids: [UUID!]!, $times: [DateTime!], $dry: Boolean) {
  mergePeople(ids: $ids, conflictPriorityIndex: 0, ifUpdatedAt: $times, dryRun: $dry) { id city } }"""


async def _times(apis: Apis, ids: list[str]) -> list[str]:
    text = "query ($ids: [UUID!]) { people(filter: { id: { in: $ids } }) { edges { node { id updatedAt } } } }"
    found = (await apis.data(text, ids=ids))["people"]["edges"]
    times = {edge["node"]["id"]: edge["node"]["updatedAt"] for edge in found}
    return [times[id_] for id_ in ids]


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize("place", [0, 2])
async def test_a_record_that_was_changed_since_is_not_merged(
    apis: Apis, people: list[str], place: int, *, dry: bool
) -> None:
    ids = [people[1], people[0], people[2]]
    times = await _times(apis, ids)
    update = 'mutation ($id: UUID!) { updatePerson(id: $id, data: { city: "Rome" }) { updatedAt } }'
    changed = (await apis.data(update, id=ids[place]))["updatePerson"]["updatedAt"]
    answer = await apis.ask(GUARDED, ids=ids, times=times, dry=dry)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["message"] == f"The Person {ids[place]} was changed at {changed}, which 'ifUpdatedAt' does not say."
    assert error["extensions"] == {
        "code": "CONFLICT",
        "field": f"ifUpdatedAt[{place}]",
        "input": ["ifUpdatedAt", place],
        "current": {"updatedAt": changed},
        "rows": [{"index": place, "id": ids[place]}],
    }
    assert await count(apis, "people") == 3
    times[place] = changed
    assert (await apis.data(GUARDED, ids=ids, times=times, dry=dry))["mergePeople"]["id"] == ids[0]


async def test_a_merge_compares_times_to_the_digits_given(apis: Apis, people: list[str]) -> None:
    times = [f"{time[:23]}Z" for time in await _times(apis, people)]
    assert (await apis.data(GUARDED, ids=people, times=times))["mergePeople"]["id"] == people[0]


async def test_a_merge_takes_a_time_of_each_record(apis: Apis, people: list[str]) -> None:
    (time, *_) = await _times(apis, people)
    message = "'ifUpdatedAt' must have the time of each of the 3 records, not of 1."
    await check_refused(apis, GUARDED, "BAD_USER_INPUT", message, field="ifUpdatedAt", ids=people, times=[time])
    await check_refused(apis, GUARDED, "BAD_USER_INPUT", message, field="ifUpdatedAt", ids=people, times=time)
    message = "'ifUpdatedAt' must not be null: leave it out to write the record of any time."
    await check_refused(apis, GUARDED, "BAD_USER_INPUT", message, field="ifUpdatedAt", ids=people)


async def test_nulls_are_refused(apis: Apis, people: list[str]) -> None:
    text = "mutation ($ids: [UUID]) { mergePeople(ids: $ids, conflictPriorityIndex: 0) { id } }"
    answer = await apis.ask(text, ids=[people[0], None])
    assert answer["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}


async def test_deleted_records_are_moved_too(apis: Apis, people: list[str]) -> None:
    everything = "{ opportunities(filter: { deletedAt: { is: NOT_NULL } }) { edges { node { id person { id } } } } }"
    found = await apis.data('{ opportunities(filter: { name: { eq: "b" } }) { edges { node { id } } } }')
    id_ = found["opportunities"]["edges"][0]["node"]["id"]
    await apis.data("mutation ($id: UUID!) { deleteOpportunity(id: $id) { id } }", id=id_)
    assert (await merge(apis, people))["opportunities"] == ["a", "c"]
    (edge,) = (await apis.data(everything))["opportunities"]["edges"]
    assert edge["node"]["person"]["id"] == people[0]


async def test_links_are_never_twice(apis: Apis, people: list[str]) -> None:
    await relate(apis, "person", "projects", "company", "staff", type="MANY_TO_MANY")
    one, two = [await create(apis, "company", name=name) for name in ("One", "Two")]
    for person, company in ((0, one), (1, one), (1, two), (2, two)):
        await create(apis, "personCompany", personId=people[person], companyId=company)
    await take_events(apis)
    text = """mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0) {
      projects(orderBy: [{ company: { name: ASC } }]) { totalCount edges { node { company { name } } } } } }"""
    found = (await apis.data(text, ids=people))["mergePeople"]["projects"]
    assert [edge["node"]["company"]["name"] for edge in found["edges"]] == ["One", "Two"]
    assert await count(apis, "personCompanies", deleted=True) == 2
    links = [event for event in await take_events(apis) if event.after and "companyId" in event.after]
    actions = sorted(event.action for event in links if event.before and "personId" in event.before)
    assert actions.count("deleted") == 2
    assert len({event.record_id for event in links}) == len(links)


async def test_a_link_between_merged_records_goes(apis: Apis, people: list[str]) -> None:
    await relate(apis, "person", "friends", "person", "befriended", type="MANY_TO_MANY")
    first, second, third = people
    for one, other in ((first, second), (second, first), (second, third), (third, second), (first, third)):
        await create(apis, "personPerson", personId=one, otherPersonId=other)
    text = """mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0) {
      friends { edges { node { otherPerson { id } } } } befriended { edges { node { person { id } } } } } }"""
    found = (await apis.data(text, ids=[first, second]))["mergePeople"]
    assert found == {
        "friends": {"edges": [{"node": {"otherPerson": {"id": third}}}]},
        "befriended": {"edges": [{"node": {"person": {"id": third}}}]},
    }


async def test_a_record_does_not_become_its_own_parent(apis: Apis, people: list[str]) -> None:
    await relate(apis, "person", "manager", "person", "reports")
    first, second, third = people
    fourth = await create(apis, "person", email="d@x.org", managerId=second)
    for id_, manager in ((first, second), (second, third)):
        text = "mutation ($id: UUID!, $m: UUID!) { updatePerson(id: $id, data: { managerId: $m }) { id } }"
        await apis.data(text, id=id_, m=manager)
    text = """mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0) {
      manager { id } reports { edges { node { id } } } } }"""
    found = (await apis.data(text, ids=[first, second]))["mergePeople"]
    assert found == {"manager": {"id": third}, "reports": {"edges": [{"node": {"id": fourth}}]}}
    found = (await apis.data(text, ids=[first, third]))["mergePeople"]
    assert found == {"manager": None, "reports": {"edges": [{"node": {"id": fourth}}]}}


async def test_a_record_that_is_its_own_parent_stays_it(apis: Apis, people: list[str]) -> None:
    """The kept record has its own values; the link of another one to itself would lead to a deleted record."""
    await relate(apis, "person", "manager", "person", "reports")
    first, second, third = people
    for id_, manager in ((first, first), (second, second), (third, second)):
        text = "mutation ($id: UUID!, $m: UUID!) { updatePerson(id: $id, data: { managerId: $m }) { id } }"
        await apis.data(text, id=id_, m=manager)
    text = """mutation ($ids: [UUID!]!, $place: Int!, $dry: Boolean) {
      mergePeople(ids: $ids, conflictPriorityIndex: $place, dryRun: $dry) { managerId } }"""
    for dry, ids, place, kept in ((True, people, 2, None), (True, people, 0, first), (False, people[1:], 0, second)):
        assert await apis.data(text, ids=ids, place=place, dry=dry) == {"mergePeople": {"managerId": kept}}
    assert await apis.data(text, ids=[second, first], place=1) == {"mergePeople": {"managerId": first}}


async def test_one_to_one_partners(apis: Apis, people: list[str]) -> None:
    """A partner moves where the record that is kept has none, the first of them in order."""
    await relate(apis, "activity", "owner", "person", "desk", type="ONE_TO_ONE")
    second = await create(apis, "activity", title="second", ownerId=people[1])
    await create(apis, "activity", title="third", ownerId=people[2])
    text = "mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0) { desk { id } } }"
    assert await apis.data(text, ids=people) == {"mergePeople": {"desk": {"id": second}}}
    third = await create(apis, "person", email="z@x.org")
    await create(apis, "activity", title="other", ownerId=third)
    assert await apis.data(text, ids=[people[0], third]) == {"mergePeople": {"desk": {"id": second}}}


async def test_a_record_that_points_twice_has_one_event(apis: Apis, people: list[str]) -> None:
    await relate(apis, "opportunity", "referrer", "person", "referred")
    id_ = await create(apis, "opportunity", name="twice", personId=people[1], referrerId=people[2])
    await take_events(apis)
    await merge(apis, people)
    (event,) = [event for event in await take_events(apis) if event.record_id == id_]
    assert event.after is not None
    assert (event.after["personId"], event.after["referrerId"]) == (people[0], people[0])


async def test_another_unique_key_that_collides_is_a_conflict(apis: Apis, people: list[str]) -> None:
    snapshot = await apis.snapshot()
    object_ = snapshot.by_singular["opportunity"]
    given = {
        "objectMetadataId": str(object_.id),
        "fieldMetadataIds": [str(object_.by_name[name].id) for name in ("person", "name")],
        "isUnique": True,
    }
    text = "mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }"
    await apis.send(text, {"i": given}, api=apis.metadata)
    await create(apis, "opportunity", name="a", personId=people[1])
    answer = await apis.ask(MERGE, ids=people, place=0)
    assert answer["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert await count(apis, "people") == 3


@pytest.mark.long
async def test_too_many_records_to_move_are_refused(apis: Apis, people: list[str]) -> None:
    values = [{"name": str(number), "personId": people[1]} for number in range(10_000)]
    await apis.data("mutation ($d: [OpportunityInput!]!) { createOpportunities(data: $d) { id } }", d=values)
    answer = await apis.ask(MERGE, ids=people, place=0)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("More than 10000 records of Opportunities point to the records that would go")
    assert await count(apis, "people") == 3


async def test_there_is_no_merge_of_one_name(apis: Apis) -> None:
    answer = await apis.ask("mutation { mergePerson(ids: [], conflictPriorityIndex: 0) { id } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_names_of_fields_are_no_names_of_the_statement(apis: Apis, people: list[str]) -> None:
    snapshot = await apis.snapshot()
    text = "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }"
    for name in ("gone", "n0"):
        given = {"objectMetadataId": str(snapshot.by_singular["opportunity"].id), "type": "TEXT", "name": name}
        await apis.change(text, i={**given, "label": name})
    assert (await merge(apis, people))["opportunities"] == ["a", "b", "c"]


async def test_two_merges_at_once(apis: Apis, people: list[str]) -> None:
    """Each keeps the record that the other one deletes: one of them comes first, the other finds a record gone."""
    first, second, _ = people
    calls = [apis.ask(MERGE, ids=[first, second], place=place) for place in (0, 1)]
    answers = await asyncio.gather(*calls)
    codes = sorted(answer.get("errors", [{"extensions": {"code": ""}}])[0]["extensions"]["code"] for answer in answers)
    assert codes == ["", "NOT_FOUND"]
    assert await count(apis, "people") == 2
