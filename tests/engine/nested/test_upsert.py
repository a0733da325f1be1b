"""Upserts whose data writes the records of relations too."""

import asyncio
from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import briefs, check_refused, create, relate, writes_of
from tests.engine.records import NOBODY, take_events

FIELDS = """email city company { id name }
  activities(orderBy: { title: ASC }) { edges { node { title company { name } } } }"""
MANY = f"""mutation ($d: [PersonInput!]!) {{
  upsertPeople(data: $d, onConflict: {{ fields: [email] UPDATE }}) {{ created record {{ {FIELDS} }} }} }}"""
ONE = f"""mutation ($d: PersonInput!) {{
  upsertPerson(data: $d, onConflict: {{ fields: [email] }}) {{ created record {{ id {FIELDS} }} }} }}"""


def shown(answer: Any) -> tuple[Any, ...]:
    record = answer["record"]
    titles = [edge["node"]["title"] for edge in record["activities"]["edges"]]
    return answer["created"], record["city"], (record["company"] or {}).get("name"), titles


async def test_a_record_is_created_with_its_relations_and_then_changed_with_others(apis: Apis) -> None:
    made: Any = {"company": {"create": {"name": "Acme"}}, "activities": {"create": {"title": "1"}}}
    apis.database.log.steps.clear()
    first = (await apis.data(ONE, d={"email": "a", "city": "x", **made}))["upsertPerson"]
    assert shown(first) == (True, "x", "Acme", ["1"])
    assert writes_of(apis) == ["find", "insert company", "insert person", "insert activity", "read"]
    assert [brief[:2] for brief in await briefs(apis)] == [
        ("created", "company"), ("created", "person"), ("created", "activity"),
    ]  # fmt: skip
    apis.database.log.steps.clear()
    nested = {"create": [{"title": "2", "company": {"create": {"name": "Blue"}}}]}
    second = (await apis.data(ONE, d={"email": "a", "company": {"disconnect": True}, "activities": nested}))[
        "upsertPerson"
    ]
    assert shown(second) == (False, "x", None, ["1", "2"])
    assert second["record"]["id"] == first["record"]["id"]
    assert writes_of(apis) == ["find", "update person", "insert company", "insert activity", "read"]
    assert [brief[:2] for brief in await briefs(apis)] == [
        ("updated", "person"), ("created", "company"), ("created", "activity"),
    ]  # fmt: skip


async def test_a_list_of_new_and_known_records(apis: Apis) -> None:
    for email in "bd":
        await create(apis, "person", email=email, city="old")
    rows: Any = [
        {
            "email": email,
            "city": "new",
            "company": {"create": {"name": email}},
            "activities": {"create": [{"title": email}]},
        }
        for email in "abcd"
    ]
    rows[1]["company"] = {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"name": "made"}}}
    answers = (await apis.data(MANY.replace("UPDATE", ""), d=rows))["upsertPeople"]
    assert [shown(one) for one in answers] == [
        (True, "new", "a", ["a"]), (False, "new", "made", ["b"]), (True, "new", "c", ["c"]), (False, "new", "d", ["d"]),
    ]  # fmt: skip
    assert [one["record"]["email"] for one in answers] == list("abcd")
    totals = await apis.data("{ people { totalCount } companies { totalCount } activities { totalCount } }")
    assert {name: one["totalCount"] for name, one in totals.items()} == {"people": 4, "companies": 4, "activities": 4}


@pytest.mark.parametrize(("update", "city"), [([], "old"), (["city"], "new")])
async def test_a_record_that_is_there_changes_as_it_is_asked_for(apis: Apis, update: list[str], city: str) -> None:
    await create(apis, "person", email="b", city="old")
    await take_events(apis)
    rows: Any = [{"email": email, "city": "new", "company": {"create": {"name": email}}} for email in "ab"]
    text = MANY.replace("UPDATE", f"update: [{' '.join(update)}]")
    answers = (await apis.data(text, d=rows))["upsertPeople"]
    assert [shown(one)[:3] for one in answers] == [(True, "new", "a"), (False, city, None)]
    updated = [brief for brief in await briefs(apis) if brief[0] == "updated"]
    assert len(updated) == len(update)


async def test_connect_and_set_by_ids_and_keys_and_other_fields_under_one_plan(apis: Apis) -> None:
    made = [(await create(apis, "activity", title=title))["id"] for title in "xyz"]
    await apis.data(ONE, d={"email": "a", "activities": {"connect": made[:2]}})
    again = await apis.data(ONE, d={"email": "a", "city": "q", "activities": {"connect": [made[2]]}})
    assert shown(again["upsertPerson"]) == (False, "q", None, ["x", "y", "z"])
    only = await apis.data(ONE, d={"email": "a", "jobTitle": "j", "activities": {"set": made[1:2]}})
    assert shown(only["upsertPerson"]) == (False, "q", None, ["y"])
    company = (await create(apis, "company", name="Acme"))["id"]
    last = await apis.data(ONE, d={"email": "a", "companyId": company, "activities": {"set": []}})
    assert shown(last["upsertPerson"]) == (False, "q", "Acme", [])
    nulls = await apis.data(ONE, d={"email": "a", "companyId": None, "city": None, "activities": {"set": []}})
    assert shown(nulls["upsertPerson"]) == (False, None, None, [])


async def test_a_create_with_on_conflict(apis: Apis) -> None:
    text = """mutation ($d: CompanyInput!) { createCompany(data: $d, onConflict: { fields: [id] }) {
      id name people { edges { node { email } } } } }"""
    first = await apis.data(text, d={"name": "Acme", "people": {"create": [{"email": "a"}]}})
    id_ = first["createCompany"]["id"]
    again = await apis.data(text, d={"id": id_.upper(), "name": "Blue", "people": {"create": [{"email": "b"}]}})
    assert (again["createCompany"]["id"], again["createCompany"]["name"]) == (id_, "Blue")
    assert len(again["createCompany"]["people"]["edges"]) == 2


async def test_refusals(apis: Apis) -> None:
    await create(apis, "person", email="there")
    data: Any = {"email": "a", "company": {"create": {"name": "x"}}}
    for arguments in ("upsert: true", "onConflict: { fields: [email], revive: true }"):
        error = await apis.error(
            f"mutation ($d: PersonInput!) {{ createPerson(data: $d, {arguments}) {{ id }} }}", d=data
        )
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "onConflict")
        assert "must have 'fields', and not 'revive'" in error["message"]
    for verb in ("update", "delete", "disconnect"):
        wrong = {"email": "there", "activities": {verb: [], "create": [{"title": "x"}]}}
        error = await apis.error(ONE, d=wrong)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "may create and connect the records of 'activities'" in error["message"]
    twice = "The records 0 and 1 of 'data' have the same 'email'."
    error = await apis.error(MANY.replace("UPDATE", ""), d=[data, data])
    assert (error["message"], error["extensions"]["field"]) == (twice, "data[1].email")
    assert error["extensions"]["rows"] == [{"index": n, "field": "email", "value": "a"} for n in (0, 1)]
    # Required fields must be given, since the record may have to be created.
    missing = {"email": "there", "activities": {"create": [{"person": {"create": {}}}]}}
    error = await apis.error(ONE, d=missing)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    path: list[str | int] = ["data", "activities", "connect", 0]
    nobody = {"email": "there", "activities": {"connect": [NOBODY]}}
    message = f"There is no Activity with the id {NOBODY} to connect."
    await check_refused(apis, ONE, "NOT_FOUND", message, path, d=nobody)
    await relate(apis, "company", "boss", "person", "runs", type="ONE_TO_ONE")
    text = """mutation ($d: CompanyInput!) { upsertCompany(data: $d, onConflict: { fields: [boss] }) { created } }"""
    error = await apis.error(text, d={"people": {"create": [{"email": "q"}]}})
    assert "is not found by a relation" in error["message"]


async def test_many_clients_at_once_leave_one_record_and_all_that_hangs_on_it(apis: Apis) -> None:
    answers = await asyncio.gather(
        *(apis.data(ONE, d={"email": "one", "activities": {"create": [{"title": str(n)}]}}) for n in range(20))
    )
    assert len({one["upsertPerson"]["record"]["id"] for one in answers}) == 1
    assert sorted(one["upsertPerson"]["created"] for one in answers) == [False] * 19 + [True]
    totals = await apis.data(
        '{ people { totalCount } activities(filter: { person: { email: { eq: "one" } } }) { totalCount } }'
    )
    assert totals == {"people": {"totalCount": 1}, "activities": {"totalCount": 20}}


async def test_a_key_of_several_fields_of_which_one_is_null(apis: Apis) -> None:
    company = (await apis.snapshot()).by_singular["company"]
    given = {
        "objectMetadataId": str(company.id),
        "fieldMetadataIds": [str(company.by_name[name].id) for name in ("name", "website")],
        "isUnique": True,
    }
    await apis.change("mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }", i=given)
    text = """mutation ($d: [CompanyInput!]!) { upsertCompanies(data: $d, onConflict: { fields: [website name] }) {
      created record { people { totalCount } } } }"""
    for expected in ([(True, 1), (True, 1), (True, 1)], [(False, 2), (True, 1), (True, 1)]):
        rows: Any = [{"name": "a", "website": "w"}, {"name": "a", "website": None}, {"name": "a"}]
        for number, row in enumerate(rows):
            row["people"] = {"create": [{"email": f"{number} {expected}"}]}
        answers = (await apis.data(text, d=rows))["upsertCompanies"]
        assert [(one["created"], one["record"]["people"]["totalCount"]) for one in answers] == expected
