"""connectOrCreate: the record with a unique key, which is created if there is none."""

import asyncio
from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import briefs, check_refused, create, create_text, relate, update, writes_of
from tests.engine.records import NOBODY, take_events


def person(email: str, **data: Any) -> dict[str, Any]:
    return {"connectOrCreate": {"where": {"email": email}, "create": {"email": email, **data}}}


FIELDS = "id person { id email city company { name } }"


async def test_it_creates_and_then_connects(apis: Apis) -> None:
    apis.database.log.steps.clear()
    first = await create(apis, "activity", FIELDS, person=person("a", city="x"))
    assert first["person"]["city"] == "x"
    assert writes_of(apis) == ["find", "insert person", "insert activity", "read"]
    id_ = first["person"]["id"]
    assert await briefs(apis) == [("created", "person", id_), ("created", "activity", first["id"])]
    second = await create(apis, "activity", FIELDS, person=person("a", city="y"))
    assert second["person"] == first["person"]
    assert writes_of(apis) == ["find", "insert activity", "read"]
    assert await briefs(apis) == [("created", "activity", second["id"])]
    moved = await update(apis, "activity", first["id"], FIELDS, person=person("b"))
    assert moved["person"]["email"] == "b"


async def test_nothing_below_it_is_written_where_the_record_is_there(apis: Apis) -> None:
    below = {
        "company": {"create": {"name": "Acme"}},
        "opportunities": {"create": [{"company": {"create": {"name": "other"}}}]},
    }
    first = await create(apis, "activity", FIELDS, person=person("a", **below))
    assert first["person"]["company"] == {"name": "Acme"}
    assert len(await take_events(apis)) == 5
    await create(apis, "activity", FIELDS, person=person("a", **below))
    assert len(await take_events(apis)) == 1


async def test_rows_that_name_one_key_make_it_once(apis: Apis) -> None:
    rows: list[Any] = [
        {"title": "1", "person": person("a", city="first")},
        {"title": "2", "person": person("b")},
        {"title": "3", "person": person("a", city="second")},
        {"title": "4"},
        {"title": "5", "person": {"connect": {"where": {"id": NOBODY}}}},
        {"title": "6", "person": {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"email": "n"}}}},
    ]
    await create(apis, "person", id=NOBODY, email="nobody")
    apis.database.log.steps.clear()
    text = create_text("activity", "title person { email city }", many=True, plural="activities")
    answer = (await apis.data(text, d=rows))["createActivities"]
    assert [(row["title"], row["person"] and tuple(row["person"].values())) for row in answer] == [
        ("1", ("a", "first")), ("2", ("b", None)), ("3", ("a", "first")), ("4", None),
        ("5", ("nobody", None)), ("6", ("nobody", None)),
    ]  # fmt: skip
    assert writes_of(apis) == ["find", "find", "insert person", "insert activity", "read"]


async def test_a_key_below_several_records_to_create(apis: Apis) -> None:
    """The records below are created once, by those of the parents that are created themselves."""
    below = {"create": {"opportunities": {"create": [{"person": person("x")}]}}}
    rows: list[Any] = [{"title": title, "person": person(title, company=below)} for title in ("1", "2")]
    text = create_text("activity", "title", many=True, plural="activities")
    await apis.data(text, d=rows)
    found = await apis.data(
        '{ people(filter: { email: { eq: "x" } }) { edges { node { opportunities { totalCount } } } } }'
    )
    assert found["people"]["edges"] == [{"node": {"opportunities": {"totalCount": 2}}}]


@pytest.mark.long
async def test_rows_of_several_pieces(apis: Apis) -> None:
    rows = [{"title": f"{number}", "person": person(f"{number % 1_100}")} for number in range(2_500)]
    text = create_text("activity", "title person { email }", many=True, plural="activities")
    answer = (await apis.data(text, d=rows))["createActivities"]
    assert [row["person"]["email"] for row in answer] == [f"{number % 1_100}" for number in range(2_500)]
    assert (await apis.data("{ people { totalCount } }"))["people"]["totalCount"] == 1_100


async def test_a_deleted_record_is_none(apis: Apis) -> None:
    first = await create(apis, "activity", FIELDS, person=person("a"))
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=first["person"]["id"])
    second = await create(apis, "activity", FIELDS, person=person("a"))
    assert second["person"]["id"] != first["person"]["id"]


async def test_wrong_keys(apis: Apis) -> None:
    text = create_text("activity")
    path: list[str | int] = ["data", "person", "connectOrCreate", "where"]
    keys = "'where' takes all fields of one unique key of Person, and no others: { id } or { email }."
    wheres: list[dict[str, str]] = [{}, {"id": NOBODY, "email": "x"}]
    for where in wheres:
        wrong = {"person": {"connectOrCreate": {"where": where, "create": {"email": "x"}}}}
        await check_refused(apis, text, "BAD_USER_INPUT", keys, path, d=wrong)
    data: Any = {"person": {"connectOrCreate": {"where": {"email": None}, "create": {"email": "x"}}}}
    null = "'email' must not be null in a unique key."
    await check_refused(apis, text, "BAD_USER_INPUT", null, [*path, "email"], d=data)


async def test_a_record_that_another_key_forbids(apis: Apis) -> None:
    await create(apis, "person", email="taken")
    data = {"person": {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"email": "taken"}}}}
    path: list[str | int] = ["data", "person", "connectOrCreate", "create", "email"]
    message = "Another Person has this value of 'email'."
    await check_refused(apis, create_text("activity"), "CONFLICT", message, path, d=data)


async def test_many_clients_at_once_make_it_once(apis: Apis) -> None:
    text = create_text("activity", "person { id }")
    answers = await asyncio.gather(*(apis.data(text, d={"person": person("one")}) for _ in range(30)))
    assert len({answer["createActivity"]["person"]["id"] for answer in answers}) == 1
    events = await take_events(apis)
    assert len(events) == 31


async def test_a_key_of_several_fields(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    company = snapshot.by_singular["company"]
    fields = [str(company.by_name[name].id) for name in ("name", "website")]
    await apis.change(
        "mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }",
        i={"objectMetadataId": str(company.id), "fieldMetadataIds": fields, "isUnique": True},
    )
    wanted = {"where": {"name": "Acme", "website": "a"}, "create": {"name": "Acme", "website": "a"}}
    first = await create(apis, "person", "company { id name }", email="a", company={"connectOrCreate": wanted})
    again = await create(apis, "person", "company { id name }", email="b", company={"connectOrCreate": wanted})
    assert first == again
    # Two keys together are another shape than one key of their fields.
    await apis.change(
        "mutation ($id: UUID!) { updateField(id: $id, input: { isUnique: true }) { id } }",
        id=str(company.by_name["website"].id),
    )
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { company { id } } }"
    by_id = {"where": {"id": first["company"]["id"]}, "create": {"name": "x"}}
    by_website = {"where": {"website": "a"}, "create": {"name": "x"}}
    rows = [{"email": str(n), "company": {"connectOrCreate": one}} for n, one in enumerate([by_id, by_website, wanted])]
    found = await apis.data(text, d=rows)
    assert [one["company"]["id"] for one in found["createPeople"]] == [first["company"]["id"]] * 3
    both = {"where": {"id": first["company"]["id"], "website": "a"}, "create": {"name": "x"}}
    await apis.data(text, d=[{"email": "s", "company": {"connectOrCreate": by_id}}, {**rows[1], "email": "t"}])
    error = await apis.error(text, d=[{"email": "u", "company": {"connectOrCreate": both}}])
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_it_takes_a_one_to_one_target_from_its_holder(apis: Apis) -> None:
    await relate(apis, "company", "boss", "person", "runs", type="ONE_TO_ONE")
    fields = "id boss { id email runs { id } }"
    acme = await create(apis, "company", fields, boss=person("a"))
    blue = await create(apis, "company", fields, boss=person("a"))
    assert (blue["boss"]["id"], blue["boss"]["runs"]["id"]) == (acme["boss"]["id"], blue["id"])
    other = await create(apis, "person", "id runs { id }", email="b", runs={"connect": acme["id"]})
    assert other["runs"] == {"id": acme["id"]}
