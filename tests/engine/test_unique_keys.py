"""One record by a unique key: `where` on the query of one record and on the mutations of one."""

import json
from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, check_refused, count, create, take_events

PERSON = "query ($w: PersonWhereUniqueInput) { person(where: $w) { email } }"
UPDATE = 'mutation ($w: PersonWhereUniqueInput) { updatePerson(where: $w, data: {city: "x"}) { email city } }'
DELETE = "mutation ($w: PersonWhereUniqueInput) { deletePerson(where: $w) { email } }"
RESTORE = "mutation ($w: PersonWhereUniqueInput) { restorePerson(where: $w) { email } }"
DESTROY = "mutation ($w: PersonWhereUniqueInput) { destroyPerson(where: $w) { email } }"
WRITES = {"update": UPDATE, "delete": DELETE, "restore": RESTORE, "destroy": DESTROY}
BY_EMAIL = {"email": "a@example.com"}


async def test_read(apis: Apis) -> None:
    person = await create(apis, "person", **BY_EMAIL)
    await create(apis, "person", email="b@example.com")
    found = {"person": BY_EMAIL}
    assert await apis.data(PERSON, w=BY_EMAIL) == found
    assert await apis.data(PERSON, w={"id": person.upper()}) == found
    assert await apis.data(PERSON, w={"email": "A@example.com"}) == {"person": None}
    text = "query ($e: String!) { a: person(where: { email: $e }) { email } b: person(where: {id: %s}) { email } }"
    assert await apis.data(text % json.dumps(NOBODY), e="b@example.com") == {"a": {"email": "b@example.com"}, "b": None}
    apis.database.log.steps.clear()
    assert await apis.send_warm(PERSON, {"w": {"email": "b@example.com"}}) == (
        b'{"data":{"person":{"email":"b@example.com"}}}'
    )


async def test_writes(apis: Apis) -> None:
    person = await create(apis, "person", **BY_EMAIL)
    await create(apis, "person", email="b@example.com")
    await take_events(apis)
    assert await apis.data(UPDATE, w=BY_EMAIL) == {"updatePerson": {**BY_EMAIL, "city": "x"}}
    assert await apis.data(DELETE, w={"id": person}) == {"deletePerson": BY_EMAIL}
    assert await apis.data(PERSON, w=BY_EMAIL) == {"person": None}
    assert await apis.data(RESTORE, w=BY_EMAIL) == {"restorePerson": BY_EMAIL}
    assert await apis.data(DESTROY, w=BY_EMAIL) == {"destroyPerson": BY_EMAIL}
    events = await take_events(apis)
    assert [event.action for event in events] == ["updated", "deleted", "restored", "destroyed"]
    assert {event.record_id for event in events} == {person}
    assert (await count(apis, "people"), await count(apis, "people", deleted=True)) == (1, 0)


async def test_a_repeated_write_is_for_the_fast_path(apis: Apis) -> None:
    await create(apis, "person", **BY_EMAIL)
    await create(apis, "person", email="b@example.com")
    await apis.data(UPDATE, w=BY_EMAIL)
    assert await apis.send_warm(UPDATE, {"w": {"email": "b@example.com"}}) == (
        b'{"data":{"updatePerson":{"email":"b@example.com","city":"x"}}}'
    )


@pytest.mark.parametrize(("verb", "text"), WRITES.items())
async def test_nobody_has_the_key(apis: Apis, verb: str, text: str) -> None:
    await create(apis, "person", email="b@example.com")
    message = f"There is no Person with this 'email' to {verb}."
    await check_refused(apis, text, "NOT_FOUND", message, field="where", w=BY_EMAIL)


@pytest.mark.parametrize("verb", ["update", "delete", "destroy"])
async def test_a_deleted_record_is_not_meant(apis: Apis, verb: str) -> None:
    await create(apis, "person", **BY_EMAIL)
    await apis.data(DELETE, w=BY_EMAIL)
    message = f"There is no Person with this 'email' to {verb}."
    await check_refused(apis, WRITES[verb], "NOT_FOUND", message, field="where", w=BY_EMAIL)
    await create(apis, "person", **BY_EMAIL)
    # Beside a live one of the same key, the deleted one stays.
    await apis.data(WRITES[verb], w=BY_EMAIL)
    assert await count(apis, "people", deleted=True) == (2 if verb == "delete" else 1)


async def test_restore_among_several(apis: Apis) -> None:
    for _ in range(2):
        await create(apis, "person", **BY_EMAIL)
        await apis.data(DELETE, w=BY_EMAIL)
    message = "Several deleted records of People have this 'email': name the one to restore by its id."
    await check_refused(apis, RESTORE, "BAD_USER_INPUT", message, field="where", w=BY_EMAIL)


KEYS = "{ id } or { email }"
REFUSED: dict[str, tuple[Any, str, str]] = {
    "an empty object": ({}, "where", f"'where' takes all fields of one unique key of Person, and no others: {KEYS}."),
    "two keys": (
        {"email": "a@example.com", "id": NOBODY},
        "where",
        f"'where' takes all fields of one unique key of Person, and no others: {KEYS}.",
    ),
    "null in it": ({"email": None}, "email", "'email' must not be null in a unique key."),
    "null": (None, "id", "'{}' takes either 'id' or 'where', and it must not be null."),
}


@pytest.mark.parametrize(("where", "field", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_write_is_never_widened(apis: Apis, where: Any, field: str, message: str) -> None:
    await create(apis, "person", **BY_EMAIL)
    for verb, text in WRITES.items():
        told = message.replace("{}", f"{verb}Person")
        await check_refused(apis, text, "BAD_USER_INPUT", told, field=field, w=where)


async def test_absent_variables(apis: Apis) -> None:
    await create(apis, "person", **BY_EMAIL)
    within = 'mutation ($e: String) { updatePerson(where: { email: $e }, data: {city: "x"}) { id } }'
    message = "The variable '$e' is absent: every field of a unique key must have a value."
    await check_refused(apis, within, "BAD_USER_INPUT", message, field="email")
    message = "'deletePerson' takes either 'id' or 'where', and it must not be null."
    await check_refused(apis, DELETE, "BAD_USER_INPUT", message, field="id")
    both = "mutation ($i: UUID, $w: PersonWhereUniqueInput) { deletePerson(id: $i, where: $w) { id } }"
    await check_refused(apis, both, "BAD_USER_INPUT", message, field="id")
    await check_refused(apis, both, "BAD_USER_INPUT", message, field="id", i=NOBODY, w=BY_EMAIL)
    await check_refused(apis, "mutation { deletePerson { id } }", "BAD_USER_INPUT", message, field="id")
    assert (await apis.data(both, w=BY_EMAIL))["deletePerson"]


async def test_a_read_with_two_or_none(apis: Apis) -> None:
    message = "'person' takes either 'id', 'where' or 'filter'."
    for arguments in (
        f'id: "{NOBODY}" where: {{ email: "x" }}',
        'where: { email: "x" } filter: { email: { eq: "x" } }',
        "where: null",
    ):
        (error,) = (await apis.ask(f"{{ person({arguments}) {{ id }} }}"))["errors"]
        assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT", "field": "id"})
    (error,) = (await apis.ask("query ($e: String) { person(where: { email: $e }) { id } }"))["errors"]
    assert error["message"] == "The variable '$e' is absent: every field of a unique key must have a value."
    (error,) = (await apis.ask("{ person(where: {}) { id } }"))["errors"]
    assert KEYS in error["message"]


async def object_id(apis: Apis, name: str) -> str:
    return str((await apis.snapshot()).by_singular[name].id)


async def add_key(apis: Apis, name: str, *fields: str) -> str:
    """The id of a new unique index over these fields."""
    object_ = (await apis.snapshot()).by_singular[name]
    ids = json.dumps([str(object_.by_name[field].id) for field in fields])
    text = f'objectMetadataId: "{object_.id}" fieldMetadataIds: {ids} isUnique: true'
    answer = await apis.change(f"mutation {{ createIndex(input: {{ {text} }}) {{ id }} }}")
    return str(answer["createIndex"]["id"])


async def members(apis: Apis, type_name: str) -> dict[str, str | None]:
    text = f'{{ __type(name: "{type_name}") {{ inputFields {{ name type {{ name }} }} }} }}'
    listed = (await apis.data(text))["__type"]["inputFields"]
    whole = await apis.data("{ __schema { types { name inputFields { name type { name } } } } }")
    (again,) = [one["inputFields"] for one in whole["__schema"]["types"] if one["name"] == type_name]
    assert again == listed
    return {one["name"]: one["type"]["name"] for one in listed}


async def test_a_key_of_several_fields(apis: Apis) -> None:
    """An operation outlived the index that it names a record by."""
    type_name = "PersonWhereUniqueInput"
    assert await members(apis, type_name) == {"id": "UUID", "email": "String"}
    index = await add_key(apis, "person", "city", "jobTitle", "company")
    found = await members(apis, type_name)
    assert found == {"id": "UUID", "email": "String", "city": "String", "jobTitle": "String", "companyId": "UUID"}
    company = await create(apis, "company")
    data = {"email": "a", "city": "Bonn", "jobTitle": "Head", "companyId": company}
    await create(apis, "person", **data)
    await create(apis, "person", email="b", city="Bonn", jobTitle="Foot", companyId=company)
    key = {name: data[name] for name in ("city", "jobTitle", "companyId")}
    assert await apis.data(PERSON, w=key) == {"person": {"email": "a"}}
    assert await apis.data(UPDATE, w=key | {"jobTitle": "Foot"}) == {"updatePerson": {"email": "b", "city": "x"}}
    message = "There is no Person with this 'city' and 'jobTitle' and 'companyId' to delete."
    await check_refused(apis, DELETE, "NOT_FOUND", message, field="where", w=key | {"city": "Rome"})
    for missing in key:
        some = {name: value for name, value in key.items() if name != missing}
        (error,) = (await apis.ask(PERSON, w=some))["errors"]
        assert error["message"].endswith(f"{KEYS} or {{ city jobTitle companyId }}.")
    (error,) = (await apis.ask(PERSON, w=key | {"email": "a"}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    await apis.change(f'mutation {{ deleteIndex(id: "{index}") {{ id }} }}')
    assert await members(apis, type_name) == {"id": "UUID", "email": "String"}
    (error,) = (await apis.ask(PERSON, w=key))["errors"]
    assert "which 'PersonWhereUniqueInput' does not define" in error["message"]
    literal = '{ person(where: { city: "x", jobTitle: "y" }) { id } }'
    (first, *_) = (await apis.ask(literal))["errors"]
    assert first["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def add_field(apis: Apis, name: str, rest: str) -> None:
    text = f'objectMetadataId: "{await object_id(apis, "company")}" name: "{name}" label: "{name}" {rest}'
    await apis.change(f"mutation {{ createField(input: {{ {text} }}) {{ id }} }}")


async def test_keys_of_every_kind(apis: Apis) -> None:
    await add_field(apis, "mails", "type: EMAILS isUnique: true")
    await add_field(apis, "number", 'type: NUMBER isUnique: true settings: { dataType: "bigint" }')
    await add_field(apis, "stage", 'type: SELECT options: [{ value: "A" label: "A" position: 0 }]')
    await add_field(apis, "isBig", "type: BOOLEAN")
    await add_key(apis, "company", "stage", "isBig")
    boss = 'relationCreationPayload: { type: ONE_TO_ONE targetFieldLabel: "Led" targetObjectMetadataId: "%s" }'
    await add_field(apis, "boss", "type: RELATION " + boss % await object_id(apis, "person"))
    person = await create(apis, "person", email="a")
    mails = {"primaryEmail": "m"}
    keys: list[dict[str, Any]] = [{"mails": mails}, {"number": "9007199254740993"}, {"bossId": person}]
    keys.append({"stage": "A", "isBig": True})
    await create(apis, "company", name="n", **{name: value for key in keys for name, value in key.items()})
    text = "query ($w: CompanyWhereUniqueInput) { company(where: $w) { name } }"
    for key in keys:
        assert await apis.data(text, w=key) == {"company": {"name": "n"}}, key
    others: list[Any] = [{"mails": {"primaryEmail": "M"}}, {"number": 9007199254740992}, {"bossId": NOBODY}]
    for key in [*others, {"stage": "A", "isBig": False}]:
        assert await apis.data(text, w=key) == {"company": None}, key
    literal = """{ company(where: { mails: { primaryEmail: "m" } }) { name }
        b: company(where: { stage: A, isBig: true }) { name } }"""
    assert await apis.data(literal) == {"company": {"name": "n"}, "b": {"name": "n"}}
    parts: list[Any] = [{}, {"primaryEmail": None}, {"primaryEmail": "m", "additionalEmails": []}]
    for part in parts:
        (error,) = (await apis.ask(text, w={"mails": part}))["errors"]
        assert error["message"] == "'mails' takes { primaryEmail } in a unique key, each with a value."


async def test_the_metadata_api_has_none(apis: Apis) -> None:
    answer = await apis.send('{ object(where: { id: "x" }) { id } }', api=apis.metadata)
    assert b"Unknown argument 'where'" in answer.body
