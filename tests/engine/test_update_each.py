"""updatePeople(updates: [{ id data }]): each record has changes of its own, all in one statement."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import relate
from tests.engine.records import NOBODY, create, take_events

EACH = """mutation ($u: [PersonUpdateItemInput!]!) {
  updatePeople(updates: $u) { id email firstName lastName city company { name } } }"""


async def people(apis: Apis, number: int = 3) -> list[str]:
    rows = [{"email": f"{n}", "firstName": f"f{n}", "lastName": f"l{n}", "city": "C"} for n in range(number)]
    answer = await apis.data("mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }", d=rows)
    await take_events(apis)
    return [row["id"] for row in answer["createPeople"]]


async def refusal(apis: Apis, text: str, **variables: Any) -> tuple[str, dict[str, Any]]:
    """The message and the extensions of a refused mutation, which has written nothing."""
    error = await apis.error(text, **variables)
    assert await take_events(apis) == []
    return error["message"], error["extensions"]


async def test_each_has_its_own_members(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    ids = await people(apis)
    changes: list[dict[str, Any]] = [
        {"firstName": "x", "company": {"connect": company}},
        {"lastName": None},
        {"city": "D", "companyId": None, "firstName": "z"},
    ]
    given = [{"id": id_, "data": data} for id_, data in zip(ids, changes, strict=True)][::-1]
    answer = (await apis.data(EACH, u=given))["updatePeople"]
    expected: list[dict[str, Any]] = [
        {"firstName": "x", "lastName": "l0", "city": "C", "company": {"name": "Acme"}},
        {"firstName": "f1", "lastName": None, "city": "C", "company": None},
        {"firstName": "z", "lastName": "l2", "city": "D", "company": None},
    ]
    assert answer == [{"id": ids[n], "email": f"{n}", **expected[n]} for n in (2, 1, 0)]
    events = await take_events(apis)
    assert sorted(event.record_id for event in events) == sorted(ids)
    assert {event.action for event in events} == {"updated"}


async def test_it_is_one_update_whatever_the_number(apis: Apis) -> None:
    ids = await people(apis, 200)
    given = [{"id": id_, "data": {"firstName": id_} if n % 2 else {"city": id_}} for n, id_ in enumerate(ids)]
    apis.database.log.steps.clear()
    answer = (await apis.data(EACH, u=given))["updatePeople"]
    assert len([text for text in apis.database.log.texts if "UPDATE" in text]) == 1
    assert [row["id"] for row in answer] == ids
    assert [(row["firstName"] if n % 2 else row["city"]) for n, row in enumerate(answer)] == ids


async def test_literals_single_elements_and_empty_lists(apis: Apis) -> None:
    ids = await people(apis)
    text = "mutation ($id: UUID!, $d: PersonInput!, $city: String) { updatePeople(updates: [{id: $id, data: $d}, "
    text += f'{{id: "{ids[1]}", data: {{city: $city, firstName: "y"}}}}]) {{ firstName city }} }}'
    for variables, expected in (
        ({"d": {"firstName": "x"}}, [("x", "C"), ("y", "C")]),
        ({"d": {"city": None}, "city": "E"}, [("x", None), ("y", "E")]),
    ):
        answer = await apis.data(text, id=ids[0], **variables)
        assert [(row["firstName"], row["city"]) for row in answer["updatePeople"]] == expected
    answer = await apis.data(EACH, u={"id": ids[2], "data": {"city": "F"}})
    assert [row["city"] for row in answer["updatePeople"]] == ["F"]
    await take_events(apis)
    assert await apis.data(EACH, u=[]) == {"updatePeople": []}
    assert await take_events(apis) == []
    await apis.data(EACH, u=[{"id": ids[0], "data": {}}])
    assert [event.action for event in await take_events(apis)] == ["updated"]


async def test_one_id_twice(apis: Apis) -> None:
    ids = await people(apis)
    given = [{"id": ids[0], "data": {}}, {"id": ids[1], "data": {}}, {"id": ids[0].upper(), "data": {}}]
    message, extensions = await refusal(apis, EACH, u=given)
    assert message == "The elements 0 and 2 of 'updates' have the same 'id'."
    assert extensions == {
        "code": "BAD_USER_INPUT",
        "field": "updates[2].id",
        "input": ["updates", 2, "id"],
        "rows": [{"index": index, "field": "id", "value": ids[0]} for index in (0, 2)],
    }


async def test_the_place_of_an_error(apis: Apis) -> None:
    ids = await people(apis)

    def change(data: dict[str, Any], id_: str = ids[1]) -> list[dict[str, Any]]:
        return [{"id": ids[0], "data": {"city": "x"}}, {"id": id_, "data": data}]

    for given, code, field in (
        (change({}, NOBODY), "NOT_FOUND", "updates[1].id"),
        (change({"companyId": NOBODY}), "NOT_FOUND", "updates[1].data.company"),
        (change({"email": None}), "BAD_USER_INPUT", "updates[1].data.email"),
        (change({"createdAt": "2020-01-01T00:00:00Z"}), "BAD_USER_INPUT", "updates[1].data.createdAt"),
    ):
        _, extensions = await refusal(apis, EACH, u=given)
        assert (extensions["code"], extensions["field"]) == (code, field)
        assert extensions["input"][:2] == ["updates", 1]
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ids[1])
    await take_events(apis)
    _, extensions = await refusal(apis, EACH, u=change({}))
    assert extensions["code"] == "NOT_FOUND"


async def test_a_taken_key_names_its_elements(apis: Apis) -> None:
    """Creates have always named theirs; of changes the place was `updates.email`, which is none."""
    ids = await people(apis, 5)

    async def taken(*emails: str | None) -> list[tuple[int, str]]:
        data: list[dict[str, Any]] = [{"city": "x"} if email is None else {"email": email} for email in emails]
        given = [{"id": id_, "data": one} for id_, one in zip(ids, data, strict=False)]
        message, extensions = await refusal(apis, EACH, u=given)
        assert extensions.pop("code") == "CONFLICT"
        rows = extensions.pop("rows")
        if message == "Another Person has this value of 'email'.":
            assert extensions == {name: rows[0][name] for name in ("field", "input")}
        else:
            first, second = ("updates[{}].data".format(row["input"][1]) for row in rows)
            assert message == f"The records '{first}' and '{second}' have the same 'email'."
            assert rows[0]["value"] == rows[1]["value"]
            assert extensions == {name: rows[1][name] for name in ("field", "input")}
        for row in rows:
            index = row["input"][1]
            assert (row["input"], row["field"]) == (["updates", index, "data", "email"], f"updates[{index}].data.email")
        return [(row["input"][1], row["value"]) for row in rows]

    assert await taken("x", "4") == [(1, "4")]
    assert await taken("0", "x", "0") == [(0, "0"), (2, "0")]
    assert await taken(None, "x", "x") == [(1, "x"), (2, "x")]
    assert await taken("3", None, "y", "x") == [(0, "3")]
    assert await taken("1", "0", "y") == [(0, "1"), (1, "0")]
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ids[4])
    await take_events(apis)
    free = [{"id": ids[0], "data": {"email": "4"}}, {"id": ids[1], "data": {"email": "1"}}]
    assert [row["email"] for row in (await apis.data(EACH, u=free))["updatePeople"]] == ["4", "1"]


@pytest.mark.long
async def test_a_taken_key_of_several_fields_and_of_a_relation(apis: Apis) -> None:
    await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    person = (await apis.snapshot()).by_singular["person"]
    given = {
        "objectMetadataId": str(person.id),
        "fieldMetadataIds": [str(person.by_name[name].id) for name in ("firstName", "city")],
        "isUnique": True,
    }
    await apis.change("mutation ($i: CreateIndexInput!) { createIndex(input: $i) { id } }", i=given)
    ids = await people(apis)

    async def blamed(*data: dict[str, Any]) -> list[dict[str, Any]]:
        updates = [{"id": id_, "data": one} for id_, one in zip(ids, data, strict=False)]
        _, extensions = await refusal(apis, EACH, u=updates)
        assert extensions["code"] == "CONFLICT"
        return [{name: row[name] for name in row if name != "field"} for row in extensions["rows"]]

    # The city of the record is no part of the input.
    assert await blamed({"lastName": "x"}, {"firstName": "f2"}) == [{"input": ["updates", 1, "data", "firstName"]}]
    whole = {"firstName": "f2", "city": "C"}
    assert await blamed({"lastName": "x"}, whole) == [
        {"input": ["updates", 1, "data", "firstName"], "value": ["f2", "C"]}
    ]
    acme = await create(apis, "company", name="Acme")
    await apis.data(EACH, u=[{"id": ids[2], "data": {"runsId": acme}}])
    await take_events(apis)
    assert await blamed({"city": "x"}, {"runsId": acme}) == [{"input": ["updates", 1, "data", "runs"], "value": acme}]


ALONE = {
    "nothing": ("", "'updatePeople' lacks the argument 'filter', or 'updates'."),
    "no data": ('filter: {email: {eq: "0"}}', "'updatePeople' lacks the argument 'data', or 'updates'."),
    "no filter": ("data: {}", "'updatePeople' lacks the argument 'filter', or 'updates'."),
    "a filter too": (
        'updates: [], filter: {email: {eq: "0"}}',
        "'updates' takes the place of all other arguments: leave out 'filter'.",
    ),
    "null": ("updates: null", "'updates' must not be null."),
    "an absent variable": ("updates: $u", "'updates' must not be null."),
    "an absent filter": ("filter: $f, data: {}", "'filter' must not be null."),
    "null for a filter": ("filter: null, data: {}", "'filter' must not be null."),
    "null for the data": ('filter: {email: {eq: "0"}}, data: null', "'data' must not be null."),
}


@pytest.mark.parametrize(("arguments", "expected"), ALONE.values(), ids=ALONE)
async def test_arguments_that_do_not_go_together(apis: Apis, arguments: str, expected: str) -> None:
    await people(apis)
    given = f"({arguments})" if arguments else ""
    declared = "$u: [PersonUpdateItemInput!]" if "$u" in arguments else "$f: PersonFilterInput"
    head = f"mutation ({declared})" if "$" in arguments else "mutation"
    message, extensions = await refusal(apis, f"{head} {{ updatePeople{given} {{ id }} }}")
    assert (message, extensions["code"]) == (expected, "BAD_USER_INPUT")
