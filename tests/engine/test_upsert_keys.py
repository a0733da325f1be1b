"""Upserts by keys of every kind: a composite's part, a one-to-one relation, numbers, dates, options."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import create, take_events
from tests.engine.relations import relate
from tests.engine.upserting import check_chain, refusal


async def add_unique(apis: Apis, type_: str, **more: Any) -> None:
    """Give companies a unique field `key` of this type."""
    company = (await apis.snapshot()).by_singular["company"]
    given = {
        "objectMetadataId": str(company.id),
        "name": "key",
        "label": "Key",
        "type": type_,
        "isUnique": True,
        **more,
    }
    await apis.change("mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }", i=given | more)


KEYS = {
    "NUMBER": ({"settings": {"dataType": "int"}}, [1, 2], "key"),
    "NUMERIC": ({}, ["0.10", "0.2"], "key"),
    "DATE": ({}, ["2024-02-29", "2024-03-01"], "key"),
    "DATE_TIME": ({}, ["2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00Z"], "key"),
    "UUID": ({}, ["0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9f"], "key"),
    "TEXT": ({}, ["it's", ""], "key"),
    "EMAILS": (
        {},
        [{"primaryEmail": "a@x"}, {"primaryEmail": "b@x", "additionalEmails": ["c@x"]}],
        "key { primaryEmail }",
    ),
}


@pytest.mark.parametrize(("type_", "more", "values", "selection"), [(t, *rest) for t, rest in KEYS.items()], ids=KEYS)
async def test_by_a_field_of_each_type(apis: Apis, type_: str, more: Any, values: list[Any], selection: str) -> None:
    await add_unique(apis, type_, **more)
    text = f"""mutation ($d: [CompanyInput!]!) {{ upsertCompanies(data: $d, onConflict: {{fields: [key]}}) {{
      created record {{ name {selection} }} }} }}"""
    rows = [{"name": f"{n}", "key": value} for n, value in enumerate(values)]
    first = (await apis.data(text, d=rows))["upsertCompanies"]
    assert [row["created"] for row in first] == [True, True]
    changed = [{"key": value, "name": "again"} for value in values[::-1]]
    second = (await apis.data(text, d=changed))["upsertCompanies"]
    expected = [{"created": False, "record": row["record"] | {"name": "again"}} for row in first[::-1]]
    assert second == expected
    check_chain(await take_events(apis))
    message, extensions = await refusal(apis, text, d=[rows[0], {"name": "x"}, rows[0]])
    assert message == "The records 0 and 2 of 'data' have the same 'key'."
    assert extensions["field"] == "data[2].key"


async def test_a_composite_is_changed_by_the_parts_that_are_given(apis: Apis) -> None:
    await add_unique(apis, "EMAILS")
    text = """mutation ($d: CompanyInput!) { upsertCompany(data: $d, onConflict: {fields: [key]}) {
      created record { key { primaryEmail additionalEmails } } } }"""
    await apis.data(text, d={"key": {"primaryEmail": "a@x", "additionalEmails": ["b@x"]}})
    answer = await apis.data(text, d={"key": {"primaryEmail": "a@x"}})
    whole = {"primaryEmail": "a@x", "additionalEmails": ["b@x"]}
    assert answer["upsertCompany"] == {"created": False, "record": {"key": whole}}
    answer = await apis.data(text, d={"key": {"primaryEmail": "a@x", "additionalEmails": None}})
    assert answer["upsertCompany"]["record"] == {"key": whole | {"additionalEmails": None}}


async def test_by_a_one_to_one_relation(apis: Apis) -> None:
    await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    acme, other = await create(apis, "company", name="Acme"), await create(apis, "company", name="Other")
    text = """mutation ($d: PersonInput!) { upsertPerson(data: $d, onConflict: {fields: [runs]}) {
      created record { email runs { name } } } }"""
    for company, email, created, name in (
        (acme, "a", True, "Acme"),
        (other, "b", True, "Other"),
        (acme, "c", False, "Acme"),
    ):
        answer = await apis.data(text, d={"email": email, "runs": {"connect": company}})
        record = {"email": email, "runs": {"name": name}}
        assert answer["upsertPerson"] == {"created": created, "record": record}
    for data in ({"email": "d"}, {"email": "e", "runsId": None}):
        answer = await apis.data(text, d=data)
        assert answer["upsertPerson"]["created"] is True
    message, extensions = await refusal(apis, text, d={"email": "f", "runsId": "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"})
    assert (message, extensions["code"]) == ("There is no Company to connect 'runs' to.", "NOT_FOUND")


async def test_shapes_of_one_document_do_not_cross(apis: Apis) -> None:
    """A request's values are bound, not planned: absent, null and other members, in turn, on both paths."""
    text = """mutation ($f: String, $d: PersonInput!) {
      a: upsertPerson(data: {email: "a", firstName: $f, lastName: "l"}) { created record { firstName lastName } }
      b: upsertPerson(data: $d, onConflict: {fields: [email]}) {
        created record { firstName city company { name } } } }"""
    company = await create(apis, "company", name="Acme")
    await apis.data(text, f="x", d={"email": "b", "firstName": "x", "city": "C", "companyId": company})
    for _ in range(2):
        for given, first in (({}, "x"), ({"f": None}, None), ({"f": "y"}, "y"), ({"f": "x"}, "x")):
            for data, shown in (
                ({"email": "b"}, {"firstName": "x", "city": "C", "company": {"name": "Acme"}}),
                ({"email": "b", "city": None}, {"firstName": "x", "city": None, "company": {"name": "Acme"}}),
                ({"email": "b", "companyId": None}, {"firstName": "x", "city": None, "company": None}),
                (
                    {"email": "b", "company": {"connect": company}, "city": "C"},
                    {"firstName": "x", "city": "C", "company": {"name": "Acme"}},
                ),
            ):
                answer = await apis.data(text, **given, d=data)
                assert answer["a"] == {"created": False, "record": {"firstName": first, "lastName": "l"}}
                assert answer["b"] == {"created": False, "record": shown}


async def test_a_morph_relation_leads_to_one_record(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    targets = [
        {"targetObjectMetadataId": str(snapshot.by_singular[name].id), "targetFieldLabel": "About"}
        for name in ("company", "person")
    ]
    given = {
        "objectMetadataId": str(snapshot.by_singular["activity"].id),
        "name": "about",
        "label": "About",
        "type": "MORPH_RELATION",
        "morphRelationsCreationPayload": targets,
    }
    await apis.change("mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }", i=given)
    company, person = await create(apis, "company", name="Acme"), await create(apis, "person", email="a")
    text = """mutation ($d: ActivityInput!) { createActivity(data: $d, onConflict: {fields: [id]}) {
      id aboutCompanyId aboutPersonId } }"""
    first = (await apis.data(text, d={"title": "x", "aboutCompanyId": company}))["createActivity"]
    assert (first["aboutCompanyId"], first["aboutPersonId"]) == (company, None)
    second = (await apis.data(text, d={"id": first["id"], "aboutPersonId": person}))["createActivity"]
    assert (second["aboutCompanyId"], second["aboutPersonId"]) == (None, person)


@pytest.mark.parametrize("by", [", onConflict: {fields: [id]}", ""], ids=["by the id", "by any key"])
async def test_updates_to_taken_keys_name_the_rows(apis: Apis, by: str) -> None:
    """The rows that have the key of another record, or of each other, but not their own one."""
    ids = [await create(apis, "person", email=email) for email in ("a", "b", "c", "d")]
    text = f"mutation ($d: [PersonInput!]!) {{ upsertPeople(data: $d{by}) {{ created record {{ email }} }} }}"
    rows: list[dict[str, Any]] = [
        {"id": ids[0], "email": "a", "city": "C"},
        {"id": ids[1], "email": "d"},
        {"id": ids[2], "email": "c"},
        {"email": "new"},
    ]
    message, extensions = await refusal(apis, text, d=rows)
    assert message == "Another Person has this value of 'email'."
    taken = {"field": "email", "value": "d"}
    assert extensions == {
        "code": "CONFLICT",
        "field": "data[1].email",
        "input": ["data", 1, "email"],
        "rows": [{"index": 1, **taken}],
    }
    _, extensions = await refusal(apis, text, d=[rows[0], *({"id": id_, "email": "x"} for id_ in ids[1:3])])
    assert [row["index"] for row in extensions["rows"]] == [1, 2]
    one = f"mutation ($d: PersonInput!) {{ upsertPerson(data: $d{by}) {{ created }} }}"
    _, extensions = await refusal(apis, one, d=rows[1])
    assert extensions == {"code": "CONFLICT", "field": "email", "input": ["data", "email"]}


async def test_a_missing_target_names_its_row(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    text = "mutation ($d: [PersonInput!]!) { upsertPeople(data: $d, onConflict: {fields: [email]}) { created } }"
    missing = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
    rows = [{"email": "a", "companyId": company}, {"email": "b", "company": {"connect": missing}}]
    message, extensions = await refusal(apis, text, d=rows)
    assert (message, extensions["code"]) == ("There is no Company to connect 'company' to.", "NOT_FOUND")
    assert (extensions["field"], [row["index"] for row in extensions["rows"]]) == ("data[1].company", [1])


async def test_defaults_that_another_record_has_are_a_conflict(apis: Apis) -> None:
    """The record is not found by a key that the client did not give, and is not tried again for ever."""
    company = str((await apis.snapshot()).by_singular["company"].id)
    fields = []
    for name in ("land", "place"):
        given = {"objectMetadataId": company, "name": name, "label": name, "type": "TEXT", "defaultValue": "none"}
        made = await apis.change("mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }", i=given)
        fields.append(made["createField"]["id"])
    await apis.change(
        "mutation ($o: UUID!, $f: [UUID!]!) { createIndex(input: {objectMetadataId: $o, fieldMetadataIds: $f,"
        " isUnique: true}) { id } }",
        o=company,
        f=fields,
    )
    text = "mutation ($d: CompanyInput!) { upsertCompany(data: $d, onConflict: {fields: [land, place]}) { created } }"
    assert await apis.data(text, d={"name": "first"}) == {"upsertCompany": {"created": True}}
    for data in ({"name": "second"}, {"land": "none"}):
        message, extensions = await refusal(apis, text, d=data)
        assert (message, extensions["fields"]) == ("Another Company has this 'land' and 'place'.", ["land", "place"])
    assert await apis.data(text, d={"land": "none", "place": "none"}) == {"upsertCompany": {"created": False}}


async def test_an_id_of_another_record_is_a_conflict_however_the_record_is_found(apis: Apis) -> None:
    person = await create(apis, "person", email="a")
    text = "mutation ($d: PersonInput!) { upsertPerson(data: $d, onConflict: {fields: [email]}) { created } }"
    # The shape without an id has a plan that does not look for one.
    assert await apis.data(text, d={"email": "b"}) == {"upsertPerson": {"created": True}}
    for _ in range(2):
        message, extensions = await refusal(apis, text, d={"id": person, "email": "c"})
        assert (message, extensions["code"], extensions["field"]) == ("Another Person has this 'id'.", "CONFLICT", "id")
    assert await apis.data(text, d={"id": person, "email": "b"}) == {"upsertPerson": {"created": False}}
