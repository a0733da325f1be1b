"""Upserts: a record that has the key is changed, and otherwise one is created."""

import pytest

from tests.apis import Apis
from tests.engine.records import NOBODY, count, create, take_events
from tests.engine.upserting import BY_EMAIL, MANY, ONE, check_chain, make_codes, refusal, upsert


async def test_create_then_change(apis: Apis) -> None:
    first = await upsert(apis, {"email": "a", "firstName": "Ada", "city": "London"})
    assert first["created"] is True
    second = await upsert(apis, {"email": "a", "lastName": "Lovelace", "city": None})
    record = {**first["record"], "lastName": "Lovelace", "city": None}
    assert second == {"created": False, "record": record}
    events = await take_events(apis)
    assert [event.action for event in events] == ["created", "updated"]
    check_chain(events)
    assert await count(apis, "people") == 1


async def test_it_is_one_statement_and_the_warm_path_serves_it(apis: Apis) -> None:
    variables = {"d": {"email": "a", "firstName": "Ada"}, "c": BY_EMAIL}
    apis.database.log.steps.clear()
    made = await apis.ask(ONE, **variables)
    assert len(apis.database.log) == 1
    made["data"]["upsertPerson"]["created"] = False
    warm = await apis.send_warm(ONE, variables)
    assert warm is not None
    assert (await apis.send(ONE, variables)).body == warm
    assert len(apis.database.log) == 2


async def test_create_with_on_conflict_and_with_upsert_answer_records(apis: Apis) -> None:
    await create(apis, "person", email="a", firstName="Ada")
    by_email = 'data: {email: "a", lastName: "L"}, onConflict: {fields: [email]}'
    text = f"mutation {{ createPerson({by_email}) {{ firstName lastName }} }}"
    assert await apis.data(text) == {"createPerson": {"firstName": "Ada", "lastName": "L"}}
    text = 'mutation { createPerson(data: {email: "a", lastName: "M"}, upsert: true) { firstName lastName } }'
    assert await apis.data(text) == {"createPerson": {"firstName": "Ada", "lastName": "M"}}
    text = (
        'mutation { createPeople(data: [{email: "b", firstName: "B"}, {email: "a", lastName: "N"}], upsert: true)'
        " { email firstName lastName } }"
    )
    assert await apis.data(text) == {
        "createPeople": [
            {"email": "b", "firstName": "B", "lastName": None},
            {"email": "a", "firstName": "Ada", "lastName": "N"},
        ]
    }
    check_chain(await take_events(apis))


@pytest.mark.parametrize("value", ["false", "null", "$absent"])
async def test_a_create_that_is_no_upsert_conflicts(apis: Apis, value: str) -> None:
    await create(apis, "person", email="a")
    for argument in (f"upsert: {value}", *([f"onConflict: {value}"] if value != "false" else [])):
        declared = "PersonOnConflictInput" if argument.startswith("onConflict") else "Boolean"
        head = f"mutation ($absent: {declared})" if value == "$absent" else "mutation"
        message, extensions = await refusal(
            apis, f'{head} {{ createPerson(data: {{email: "a"}}, {argument}) {{ id }} }}'
        )
        assert (message, extensions["code"]) == ("Another Person has this value of 'email'.", "CONFLICT")


async def test_what_is_changed(apis: Apis) -> None:
    old = await upsert(apis, {"email": "a", "firstName": "Ada", "lastName": "L", "city": "C"})
    given = {"email": "a", "firstName": "B", "lastName": "M", "createdAt": "2020-01-01T00:00:00Z", "id": NOBODY}
    new = await upsert(apis, given, update=["firstName"])
    assert new == {"created": False, "record": old["record"] | {"firstName": "B"}}
    new = await upsert(apis, {"email": "a", "city": "D"}, update=["firstName"])
    assert new["record"]["firstName"] == "B"
    new = await upsert(apis, given)
    assert new["record"] == old["record"] | {"firstName": "B", "lastName": "M"}
    events = await take_events(apis)
    assert {(event.record_id, (event.after or {})["createdAt"]) for event in events} == {
        (old["record"]["id"], (events[0].after or {})["createdAt"])
    }
    check_chain(events)


async def test_an_empty_list_of_changes_leaves_the_record_as_it_is(apis: Apis) -> None:
    old = await upsert(apis, {"email": "a", "firstName": "Ada"})
    await take_events(apis)
    rows = [{"email": "a", "firstName": "B"}, {"email": "b", "firstName": "B"}]
    answer = await apis.data(MANY, d=rows, c=BY_EMAIL | {"update": []})
    assert [(row["created"], row["record"]["firstName"]) for row in answer["upsertPeople"]] == [
        (False, "Ada"),
        (True, "B"),
    ]
    assert [event.action for event in await take_events(apis)] == ["created"]
    assert await upsert(apis, {"email": "a"}, update=[]) == {"created": False, "record": old["record"]}
    assert await take_events(apis) == []


async def test_the_order_is_that_of_the_input(apis: Apis) -> None:
    rows = [{"email": f"{number * 7919 % 100:03}", "firstName": f"{number}"} for number in range(100)]
    await apis.data(MANY, d=rows[::3], c=BY_EMAIL)
    answer = (await apis.data(MANY, d=rows, c=BY_EMAIL))["upsertPeople"]
    assert [row["record"]["email"] for row in answer] == [row["email"] for row in rows]
    assert [row["created"] for row in answer] == [number % 3 != 0 for number in range(100)]
    assert await apis.data(MANY, d=[], c=BY_EMAIL) == {"upsertPeople": []}


async def test_the_answer_reads_what_was_written(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    await create(apis, "person", email="a", companyId=company)
    text = """mutation ($d: [PersonInput!]!) { upsertPeople(data: $d, onConflict: {fields: [email]}) {
      new: created  it: record { email company { name people { totalCount } } }  again: record { firstName }  __typename
    } }"""
    linked = {"company": {"connect": company}, "firstName": "x"}
    answer = await apis.data(text, d=[{"email": "b", **linked}, {"email": "a", **linked}])
    acme = {"name": "Acme", "people": {"totalCount": 2}}
    assert answer["upsertPeople"] == [
        {
            "new": is_new,
            "it": {"email": email, "company": acme},
            "again": {"firstName": "x"},
            "__typename": "PersonUpsertResult",
        }
        for email, is_new in (("b", True), ("a", False))
    ]


async def test_relations_are_set_and_emptied(apis: Apis) -> None:
    text = "mutation ($d: PersonInput!) { createPerson(data: $d, upsert: true) { company { name } } }"
    acme, other = await create(apis, "company", name="Acme"), await create(apis, "company", name="Other")
    for link, name in (
        ({"companyId": acme}, "Acme"),
        ({}, "Acme"),
        ({"company": {"connect": {"where": {"id": other}}}}, "Other"),
        ({"company": {"disconnect": True}}, None),
        ({"company": {"connect": acme}}, "Acme"),
        ({"companyId": None}, None),
    ):
        answer = await apis.data(text, d={"email": "a", **link})
        assert answer["createPerson"]["company"] == (name and {"name": name})
    message, extensions = await refusal(apis, text, d={"email": "a", "companyId": NOBODY})
    assert (message, extensions["code"]) == ("There is no Company to connect 'company' to.", "NOT_FOUND")


async def test_by_the_id(apis: Apis) -> None:
    text = """mutation ($d: PersonInput!) {
      upsertPerson(data: $d, onConflict: {fields: [id]}) { created record { id email } } }"""
    row = {"id": NOBODY, "email": "a"}
    assert await apis.data(text, d=row) == {"upsertPerson": {"created": True, "record": row}}
    row = {"id": NOBODY, "email": "b"}
    assert await apis.data(text, d=row) == {"upsertPerson": {"created": False, "record": row}}
    answer = await apis.data(text, d={"email": "c"})
    assert answer["upsertPerson"]["created"] is True
    # The id decides: that the other key is another record's is a conflict, and no reason to change that one.
    message, extensions = await refusal(apis, text, d={"id": NOBODY, "email": "c"})
    assert (message, extensions["code"]) == ("Another Person has this value of 'email'.", "CONFLICT")
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=NOBODY)
    message, extensions = await refusal(apis, text, d={"id": NOBODY, "email": "d"})
    assert (message, extensions["code"], extensions["field"]) == ("Another Person has this 'id'.", "CONFLICT", "id")


async def test_a_key_that_another_record_has_is_a_conflict(apis: Apis) -> None:
    await create(apis, "person", email="a")
    text = "mutation ($d: [PersonInput!]!) { upsertPeople(data: $d, onConflict: {fields: [id]}) { created } }"
    message, extensions = await refusal(apis, text, d=[{"email": "b"}, {"email": "a"}])
    assert message == "Another Person has this 'email'."
    assert extensions == {
        "code": "CONFLICT",
        "field": "data[1].email",
        "input": ["data", 1, "email"],
        "rows": [{"index": 1, "field": "email", "value": "a"}],
    }


async def test_one_key_twice_in_the_data(apis: Apis) -> None:
    await create(apis, "person", email="a")
    for email in ("a", "b"):
        rows = [{"email": email, "firstName": "x"}, {"email": "c"}, {"email": email, "firstName": "y"}]
        message, extensions = await refusal(apis, MANY, d=rows, c=BY_EMAIL)
        assert message == "The records 0 and 2 of 'data' have the same 'email'."
        assert extensions == {
            "code": "BAD_USER_INPUT",
            "field": "data[2].email",
            "input": ["data", 2, "email"],
            "rows": [{"index": index, "field": "email", "value": email} for index in (0, 2)],
        }


async def test_two_rows_that_mean_one_record(apis: Apis) -> None:
    id_ = await create(apis, "person", email="a")
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d, upsert: true) { id } }"
    message, extensions = await refusal(apis, text, d=[{"email": "a"}, {"id": id_, "email": "b"}])
    assert message == "The records 0 and 1 of 'data' mean the same Person, by different unique keys."
    assert (extensions["code"], extensions["rows"]) == ("BAD_USER_INPUT", [{"index": 0}, {"index": 1}])


REFUSED = {
    "no unique key": (
        "onConflict: {fields: [lastName]}",
        "[lastName] is no unique key of Person; its unique keys are [id], [email].",
    ),
    "no field": ("onConflict: {fields: []}", "[] is no unique key of Person; its unique keys are [id], [email]."),
    "more than the key": (
        "onConflict: {fields: [email, id]}",
        "[email id] is no unique key of Person; its unique keys are [id], [email].",
    ),
    "a field that cannot be changed": (
        "onConflict: {fields: [email], update: [createdAt]}",
        "'update': the field 'createdAt' cannot be changed once the record is there.",
    ),
    "no changes by null": (
        "onConflict: {fields: [email], update: null}",
        "'update' must not be null: leave it out to change every field that is given.",
    ),
    "no conflict": (
        "onConflict: null",
        "'onConflict' must not be null: leave it out to find records by any unique key that is given.",
    ),
}


@pytest.mark.parametrize(("arguments", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_arguments(apis: Apis, arguments: str, expected: str) -> None:
    text = f'mutation {{ upsertPerson(data: {{email: "a"}}, {arguments}) {{ created }} }}'
    message, extensions = await refusal(apis, text)
    assert (message, extensions) == (expected, {"code": "BAD_USER_INPUT", "field": "onConflict"})


async def test_an_absent_variable_widens_nothing(apis: Apis) -> None:
    for argument, declared in (
        ("onConflict: $v", "PersonOnConflictInput"),
        ("onConflict: {fields: [email], update: $v}", "[PersonField!]"),
    ):
        text = f'mutation ($v: {declared}) {{ upsertPerson(data: {{email: "a"}}, {argument}) {{ created }} }}'
        _, extensions = await refusal(apis, text)
        assert extensions == {"code": "BAD_USER_INPUT", "field": "onConflict"}
    text = 'mutation { upsertPerson(data: {email: "a"}) { created } }'
    assert await apis.data(text) == {"upsertPerson": {"created": True}}
    assert await apis.data(text) == {"upsertPerson": {"created": False}}


async def test_required_fields_are_required(apis: Apis) -> None:
    id_ = await create(apis, "person", email="a")
    text = "mutation ($d: PersonInput!) { upsertPerson(data: $d, onConflict: {fields: [id]}) { created } }"
    message, _ = await refusal(apis, text, d={"id": id_, "firstName": "x"})
    assert message == "Field 'email' is required"


async def test_the_trash(apis: Apis) -> None:
    """Deleted records do not count, unless they are to be revived: then the one that was deleted last."""
    first = await upsert(apis, {"email": "a", "firstName": "1"})
    delete = 'mutation { deletePeople(filter: {email: {eq: "a"}}) { id } }'
    await apis.data(delete)
    second = await upsert(apis, {"email": "a", "firstName": "2"})
    assert second["created"] is True
    await apis.data(delete)
    third = await upsert(apis, {"email": "a", "lastName": "L"}, revive=True)
    assert third == {"created": False, "record": second["record"] | {"lastName": "L"}}
    # The live one comes before those in the trash.
    fourth = await upsert(apis, {"email": "a", "lastName": "M"}, revive=True)
    assert fourth["record"]["id"] == second["record"]["id"]
    await apis.data(delete)
    answer = await apis.data(
        MANY, d=[{"email": "b"}, {"email": "a", "firstName": "x"}], c=BY_EMAIL | {"revive": True, "update": []}
    )
    assert answer["upsertPeople"] == [
        {"created": True, "record": {"email": "b", "firstName": None, "lastName": None}},
        {"created": False, "record": {"email": "a", "firstName": "2", "lastName": "M"}},
    ]
    events = await take_events(apis)
    check_chain(events)
    actions = [event.action for event in events if event.record_id == second["record"]["id"]]
    assert actions == ["created", "deleted", "restored", "updated", "deleted", "restored"]
    assert [event.action for event in events if event.record_id == first["record"]["id"]] == ["created", "deleted"]


async def test_a_key_of_null_creates(apis: Apis) -> None:
    await make_codes(apis)
    text = "mutation ($d: [CodeInput!]!) { upsertCodes(data: $d, onConflict: {fields: [code]}) { created } }"
    for _ in range(2):
        answer = await apis.data(text, d=[{"code": None}, {"code": None}, {}])
        assert answer["upsertCodes"] == [{"created": True}] * 3
    assert await count(apis, "codes") == 6


async def test_a_key_of_several_fields(apis: Apis) -> None:
    await make_codes(apis)
    text = """mutation ($d: [CodeInput!]!) { upsertCodes(data: $d, onConflict: {fields: [place, country]}) {
      created record { country place name } } }"""
    rows = [{"country": "at", "place": 1, "name": "a"}, {"country": "at", "place": None}, {"country": "ch", "place": 1}]
    assert [row["created"] for row in (await apis.data(text, d=rows))["upsertCodes"]] == [True, True, True]
    rows = [{"country": "ch", "place": 1, "name": "b"}, {"country": "at", "place": None}, {"country": "at", "place": 1}]
    answer = await apis.data(text, d=rows)
    assert answer["upsertCodes"] == [
        {"created": False, "record": {"country": "ch", "place": 1, "name": "b"}},
        {"created": True, "record": {"country": "at", "place": None, "name": None}},
        {"created": False, "record": {"country": "at", "place": 1, "name": "a"}},
    ]
    message, extensions = await refusal(apis, text, d=[{"country": "x", "place": 1}] * 2)
    assert message == "The records 0 and 1 of 'data' have the same 'country' and 'place'."
    assert extensions["rows"] == [
        {"index": index, "field": "country", "fields": ["country", "place"], "value": ["x", 1]} for index in (0, 1)
    ]
    message, _ = await refusal(apis, text.replace("[place, country]", "[place]"), d=[])
    assert message == "[place] is no unique key of Code; its unique keys are [id], [code], [country place]."


async def test_two_records_for_two_keys(apis: Apis) -> None:
    await make_codes(apis)
    one, two = await create(apis, "code", code="a"), await create(apis, "code", country="at", place=1)
    text = "mutation ($d: [CodeInput!]!) { createCodes(data: $d, upsert: true) { id } }"
    message, extensions = await refusal(apis, text, d=[{"code": "z"}, {"code": "a", "country": "at", "place": 1}])
    assert message == f"The unique keys given are those of different records: of the Code {one}, and of {two}."
    assert (extensions["code"], extensions["rows"], extensions["ids"]) == ("CONFLICT", [{"index": 1}], [one, two])
    answer = await apis.data(text, d=[{"id": one, "code": "b", "country": "at", "place": 2}])
    assert answer["createCodes"] == [{"id": one}]
