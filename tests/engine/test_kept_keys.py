"""Writes that send back the key of a deleted record: it is kept where the record has it, and refused elsewhere."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, check_refused, create, take_events

MISSING = "There is no Company to connect 'company' to."
ONE = "mutation ($id: UUID!, $d: PersonInput!) { updatePerson(id: $id, data: $d) { id city companyId company { id } } }"
BY_FILTER = """mutation ($f: PersonFilterInput!, $d: PersonInput!) {
  updatePeople(filter: $f, data: $d) { email companyId } }"""
EACH = "mutation ($u: [PersonUpdateItemInput!]!) { updatePeople(updates: $u) { email city companyId } }"
UPSERT = "mutation ($d: PersonInput!) { upsertPerson(data: $d) { created record { city companyId } } }"
UPSERTS = "mutation ($d: [PersonInput!]!) { upsertPeople(data: $d) { created record { email city companyId } } }"


async def orphans(apis: Apis, *emails: str) -> tuple[str, list[str]]:
    """A deleted company, and the people of it."""
    company = await create(apis, "company", name="gone")
    found = [await create(apis, "person", email=email, companyId=company) for email in emails]
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=company)
    await take_events(apis)
    return company, found


@pytest.mark.parametrize("form", ["key", "connect", "where"])
async def test_a_record_keeps_its_key(apis: Apis, form: str) -> None:
    gone, (person,) = await orphans(apis, "a")
    links: dict[str, dict[str, Any]] = {
        "key": {"companyId": gone},
        "connect": {"company": {"connect": gone}},
        "where": {"company": {"connect": {"where": {"id": gone}}}},
    }
    link = links[form]
    kept = {"city": "A", "companyId": gone}
    answer = await apis.data(ONE, id=person, d={"city": "A", **link})
    assert answer["updatePerson"] == {"id": person, "company": None, **kept}
    answer = await apis.data(EACH, u=[{"id": person, "data": {"city": "B", **link}}])
    assert answer["updatePeople"] == [{"email": "a", **kept, "city": "B"}]
    answer = await apis.data(UPSERT, d={"email": "a", "city": "C", **link})
    assert answer["upsertPerson"] == {"created": False, "record": {**kept, "city": "C"}}
    assert len(await take_events(apis)) == 3
    nested = {"city": "D", "opportunities": {"create": [{"name": "o"}]}, **link}
    answer = await apis.data(ONE, id=person, d=nested)
    assert answer["updatePerson"] == {"id": person, "company": None, **kept, "city": "D"}


async def test_others_do_not_get_it(apis: Apis) -> None:
    gone, (person, _) = await orphans(apis, "a", "b")
    other, free = await create(apis, "person", email="c"), await create(apis, "company", name="there")
    employed = await create(apis, "person", email="d", companyId=free)
    await take_events(apis)
    data = {"companyId": gone}
    for one in (other, employed):
        await check_refused(apis, ONE, "NOT_FOUND", MISSING, field="company", id=one, d=data)
    for emails in (["a", "c"], ["a", "d"], ["nobody"]):
        given = {"email": {"in": emails}}
        await check_refused(apis, BY_FILTER, "NOT_FOUND", MISSING, field="company", f=given, d=data)
    answer = await apis.data(BY_FILTER, f={"email": {"in": ["a", "b"]}}, d=data)
    assert [one["companyId"] for one in answer["updatePeople"]] == [gone, gone]
    for email in ("new", "d"):
        error = await apis.error(UPSERT, d={"email": email, **data})
        assert (error["message"], error["extensions"]["input"]) == (MISSING, ["data", "company"])
    await check_refused(apis, ONE, "NOT_FOUND", MISSING, field="company", id=person, d={"companyId": NOBODY})
    assert await apis.data(UPSERT, d={"email": "a", "companyId": free})
    await check_refused(apis, ONE, "NOT_FOUND", MISSING, field="company", id=person, d=data)


async def test_a_list_names_the_rows_at_fault_alone(apis: Apis) -> None:
    gone, (person, second) = await orphans(apis, "a", "b")
    other = await create(apis, "person", email="c")
    updates = [{"id": one, "data": {"city": "X", "companyId": gone}} for one in (person, other, second)]
    error = await apis.error(EACH, u=updates)
    assert error["extensions"]["input"] == ["updates", 1, "data", "company"]
    rows = [{"email": email, "city": "X", "companyId": gone} for email in ("a", "c", "new", "b")]
    error = await apis.error(UPSERTS, d=rows)
    assert [row["index"] for row in error["extensions"]["rows"]] == [1, 2]
    answer = await apis.data(UPSERTS, d=[rows[0], rows[3], {"email": "new"}])
    assert [one["created"] for one in answer["upsertPeople"]] == [False, False, True]
