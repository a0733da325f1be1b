"""Writes of to-one relations: connect, disconnect, the key itself."""

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, check_refused, create, take_events

MISSING = "There is no Company to connect 'company' to."


async def company_of(apis: Apis, person: str) -> str | None:
    answer = await apis.data("query ($id: UUID) { person(id: $id) { companyId company { id } } }", id=person)
    record = answer["person"]
    assert (record["company"] or {"id": None})["id"] == record["companyId"]
    return record["companyId"] and str(record["companyId"])


WAYS = {
    "the key": {"companyId": NOBODY},
    "the key in capitals": {"companyId": NOBODY.upper()},
    "connect": {"company": {"connect": NOBODY}},
    "connect by a unique key": {"company": {"connect": {"where": {"id": NOBODY}}}},
    "connect, and no disconnect": {"company": {"connect": NOBODY, "disconnect": False}},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_connect(apis: Apis, way: dict[str, object]) -> None:
    await create(apis, "company", id=NOBODY, name="a")
    person = await create(apis, "person", email="x", **way)
    assert await company_of(apis, person) == NOBODY
    person = await create(apis, "person", email="y")
    text = "mutation ($id: UUID!, $d: PersonInput!) { updatePerson(id: $id, data: $d) { company { name } companyId } }"
    answer = await apis.data(text, id=person, d=way)
    assert answer == {"updatePerson": {"company": {"name": "a"}, "companyId": NOBODY}}
    assert await company_of(apis, person) == NOBODY


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_connect_to_nobody_and_to_what_is_deleted(apis: Apis, way: dict[str, object]) -> None:
    person = await create(apis, "person", email="x")
    writes = {
        "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }": {"email": "y", **way},
        "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }": [{"email": "y"}, {"email": "z", **way}],
        f'mutation ($d: PersonInput!) {{ updatePerson(id: "{person}", data: $d) {{ id }} }}': way,
        'mutation ($d: PersonInput!) { updatePeople(filter: {email: {eq: "x"}}, data: $d) { id } }': way,
    }
    for text, data in writes.items():
        await check_refused(apis, text, "NOT_FOUND", MISSING, field="company", d=data)
    await create(apis, "company", id=NOBODY)
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=NOBODY)
    for text, data in writes.items():
        await check_refused(apis, text, "NOT_FOUND", MISSING, field="company", d=data)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"id": NOBODY}, 'has the unknown member "id": it must be {form}'),
        ({"where": {"id": NOBODY}, "create": {}}, 'has the unknown member "create": it must be {form}'),
        ({"where": {"id": NOBODY, "email": "x"}}, "must be {form}, with one field in 'where'"),
        ({}, "must be {form}, with one field in 'where'"),
        (5, "must be {form}, not 5"),
    ],
    ids=str,
)
async def test_what_is_no_record_to_connect_to(apis: Apis, target: object, reason: str) -> None:
    form = "the id of a record, or { where: { <a unique field>: <its value> } }"
    text = "mutation ($d: ActivityInput!) { createActivity(data: $d) { id } }"
    error = await apis.error(text, d={"person": {"connect": target}})
    assert error["message"] == f"Variable '$d.person.connect' {reason.format(form=form)}."


async def test_connect_by_a_unique_field(apis: Apis) -> None:
    person = await create(apis, "person", email="x@example.com")
    text = "mutation ($d: ActivityInput!) { createActivity(data: $d) { person { id } } }"
    answer = await apis.data(text, d={"person": {"connect": {"where": {"email": "x@example.com"}}}})
    assert answer == {"createActivity": {"person": {"id": person}}}
    answer = await apis.data(text, d={"person": {"connect": person}})
    assert answer == {"createActivity": {"person": {"id": person}}}
    await check_refused(
        apis,
        text,
        "NOT_FOUND",
        "There is no Person to connect 'person' to.",
        field="person",
        d={"person": {"connect": {"where": {"email": "y"}}}},
    )
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=person)
    live = await create(apis, "person", email="x@example.com")
    answer = await apis.data(text, d={"person": {"connect": {"where": {"email": "x@example.com"}}}})
    assert answer == {"createActivity": {"person": {"id": live}}}


async def test_rows_that_connect_in_different_ways(apis: Apis) -> None:
    person = await create(apis, "person", email="x")
    company = await create(apis, "company")
    answer = await apis.data(
        "mutation ($d: [ActivityInput!]!) { createActivities(data: $d) { title personId companyId } }",
        d=[
            {"title": "key", "personId": person},
            {"title": "none"},
            {"title": "where", "person": {"connect": {"where": {"email": "x"}}}, "companyId": company},
            {"title": "connect", "person": {"connect": person}, "company": {"disconnect": True}},
            {"title": "null", "personId": None, "company": {"connect": {"where": {"id": company}}}},
        ],
    )
    assert [(row["title"], row["personId"], row["companyId"]) for row in answer["createActivities"]] == [
        ("key", person, None),
        ("none", None, None),
        ("where", person, company),
        ("connect", person, None),
        ("null", None, company),
    ]


@pytest.mark.parametrize("way", [{"companyId": None}, {"company": {"disconnect": True}}])
async def test_disconnect(apis: Apis, way: dict[str, object]) -> None:
    company = await create(apis, "company")
    person = await create(apis, "person", email="x", companyId=company)
    text = "mutation ($id: UUID!, $d: PersonInput!) { updatePerson(id: $id, data: $d) { company { id } companyId } }"
    await take_events(apis)
    answer = await apis.data(text, id=person, d=way)
    assert answer == {"updatePerson": {"company": None, "companyId": None}}
    (event,) = await take_events(apis)
    assert event.before is not None
    assert event.after is not None
    assert (event.before["companyId"], event.after["companyId"]) == (company, None)
    await create(apis, "person", email="y", **way)


@pytest.mark.parametrize(
    "way", [{}, {"company": {}}, {"company": {"disconnect": False}}, {"company": {"connect": None}}]
)
async def test_what_says_nothing_of_a_relation_leaves_it(apis: Apis, way: dict[str, object]) -> None:
    company = await create(apis, "company")
    person = await create(apis, "person", email="x", companyId=company)
    text = "mutation ($id: UUID!, $d: PersonInput!) { updatePerson(id: $id, data: $d) { companyId } }"
    assert await apis.data(text, id=person, d=way) == {"updatePerson": {"companyId": company}}


async def test_one_document_connects_and_disconnects(apis: Apis) -> None:
    """A plan must know nothing of the data that it was made with."""
    company = await create(apis, "company")
    person = await create(apis, "person", email="x")
    text = "mutation ($id: UUID!, $key: UUID) { updatePerson(id: $id, data: {companyId: $key}) { companyId } }"
    for key in (company, None, company):
        assert await apis.data(text, id=person, key=key) == {"updatePerson": {"companyId": key}}
    assert await apis.data(text, id=person) == {"updatePerson": {"companyId": company}}
    text = text.replace("$key: UUID", "$out: Boolean").replace("companyId: $key", "company: {disconnect: $out}")
    for out, expected in ((False, company), (True, None), (False, None)):
        assert await apis.data(text, id=person, out=out) == {"updatePerson": {"companyId": expected}}


REFUSED = {
    "the key and the relation": (
        {"companyId": NOBODY, "company": {"connect": NOBODY}},
        "'company' and 'companyId' cannot be given together.",
    ),
    "null for the relation": (
        {"company": None},
        "'company' must not be null; to disconnect write { disconnect: true }.",
    ),
    "both at once": (
        {"company": {"connect": NOBODY, "disconnect": True}},
        "'company' cannot connect and disconnect at once.",
    ),
    "by a field that is not unique": (
        {"company": {"connect": {"where": {"name": "x"}}}},
        "'name' is no unique key of Company; connect by one of: id.",
    ),
    "by null": (
        {"company": {"connect": {"where": {"id": None}}}},
        "'company': connect takes an id, or { where: { .. } } with one unique key.",
    ),
}


@pytest.mark.parametrize(("way", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_no_link(apis: Apis, way: dict[str, object], message: str) -> None:
    person = await create(apis, "person", email="x")
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="company", d={"email": "y", **way})
    text = f'mutation ($d: PersonInput!) {{ updatePerson(id: "{person}", data: $d) {{ id }} }}'
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="company", d=way)
