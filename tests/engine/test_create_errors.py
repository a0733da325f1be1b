"""The errors of creates of several records name the rows that are to blame."""

import asyncio
from typing import Any

from tests.apis import Apis
from tests.engine.records import NOBODY, create, take_events
from tests.engine.upserting import make_codes

PEOPLE = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }"


async def refusal(apis: Apis, text: str, **variables: Any) -> tuple[str, dict[str, Any]]:
    """The message and the extensions of a refused mutation, which has written nothing."""
    await take_events(apis)
    error = await apis.error(text, **variables)
    assert await take_events(apis) == []
    assert error["path"] == ["createPeople"] or "createPeople" not in text
    return error["message"], error["extensions"]


async def test_taken_keys(apis: Apis) -> None:
    for email in ("a", "b"):
        await create(apis, "person", email=email)
    rows = [{"email": email} for email in ("x", "b", "y", "a")]
    message, extensions = await refusal(apis, PEOPLE, d=rows)
    assert message == "Another Person has this value of 'email'."
    assert extensions == {
        "code": "CONFLICT",
        "field": "data[1].email",
        "input": ["data", 1, "email"],
        "rows": [{"index": 1, "field": "email", "value": "b"}, {"index": 3, "field": "email", "value": "a"}],
    }


async def test_a_key_that_two_rows_have(apis: Apis) -> None:
    """No other record has it, as the message once said."""
    message, extensions = await refusal(apis, PEOPLE, d=[{"email": email} for email in ("x", "a", "y", "a")])
    assert message == "The records 1 and 3 of 'data' have the same 'email'."
    assert extensions == {
        "code": "CONFLICT",
        "field": "data[3].email",
        "input": ["data", 3, "email"],
        "rows": [{"index": index, "field": "email", "value": "a"} for index in (1, 3)],
    }


async def test_a_key_that_is_taken_beside_one_that_two_rows_have(apis: Apis) -> None:
    """The row whose key another record has is to blame first: the message is about it alone."""
    await create(apis, "person", email="b")
    message, extensions = await refusal(apis, PEOPLE, d=[{"email": email} for email in ("a", "a", "b")])
    assert (message, extensions["field"]) == ("Another Person has this value of 'email'.", "data[2].email")
    assert [row["index"] for row in extensions["rows"]] == [0, 1, 2]


async def test_a_key_of_several_fields_that_two_rows_have(apis: Apis) -> None:
    await make_codes(apis)
    text = "mutation ($d: [CodeInput!]!) { createCodes(data: $d) { id } }"
    message, extensions = await refusal(apis, text, d=[{"country": "at", "place": 1}] * 2)
    assert message == "The records 0 and 1 of 'data' have the same 'country' and 'place'."
    assert (extensions["field"], extensions["fields"]) == ("data[1].country", ["country", "place"])


async def test_twenty_rows_are_named(apis: Apis) -> None:
    rows = [{"email": f"{number:03}"} for number in range(100)]
    await apis.data(PEOPLE, d=rows)
    _, extensions = await refusal(apis, PEOPLE, d=[{"email": "new"}, *rows])
    assert [row["index"] for row in extensions["rows"]] == list(range(1, 21))
    _, extensions = await refusal(apis, PEOPLE, d=[{"firstName": "x"}] * 100)
    assert [row["index"] for row in extensions["rows"]] == list(range(20))


async def test_a_taken_id_counts_deleted_records_too(apis: Apis) -> None:
    await create(apis, "person", id=NOBODY, email="a")
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=NOBODY)
    message, extensions = await refusal(apis, PEOPLE, d=[{"email": "a"}, {"email": "b", "id": NOBODY}])
    assert message == "Another Person has this value of 'id'."
    assert (extensions["field"], extensions["rows"]) == (
        "data[1].id",
        [{"index": 1, "field": "id", "value": NOBODY}],
    )


async def test_a_key_of_several_fields(apis: Apis) -> None:
    await make_codes(apis)
    await create(apis, "code", country="at", place=1)
    text = "mutation ($d: [CodeInput!]!) { createCodes(data: $d) { id } }"
    rows = [{"country": "at", "place": None}, {"country": "at", "place": 1}, {"code": "a"}]
    message, extensions = await refusal(apis, text, d=rows)
    assert message == "Another Code has these values of 'country' and 'place' together."
    assert extensions == {
        "code": "CONFLICT",
        "field": "data[1].country",
        "input": ["data", 1, "country"],
        "fields": ["country", "place"],
        "rows": [{"index": 1, "field": "country", "fields": ["country", "place"], "value": ["at", 1]}],
    }


async def test_records_to_connect_to_that_are_not_there(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    rows = [
        {"email": "a", "company": {"connect": company}},
        {"email": "b", "companyId": NOBODY},
        {"email": "c"},
        {"email": "d", "company": {"connect": {"where": {"id": NOBODY}}}},
    ]
    message, extensions = await refusal(apis, PEOPLE, d=rows)
    assert message == "There is no Company to connect 'company' to."
    assert extensions == {
        "code": "NOT_FOUND",
        "field": "data[1].company",
        "input": ["data", 1, "company"],
        "rows": [{"index": index, "field": "company", "value": NOBODY} for index in (1, 3)],
    }


async def test_values_that_are_wrong(apis: Apis) -> None:
    rows = [{"email": "a"}, {"email": None}, {"firstName": "x"}, {"email": "b", "position": 1}]
    message, extensions = await refusal(apis, PEOPLE, d=rows)
    assert message == "Field 'email' is required"
    assert extensions == {
        "code": "BAD_USER_INPUT",
        "field": "data[1].email",
        "input": ["data", 1, "email"],
        "index": 1,
        "rows": [{"index": 1, "field": "email", "value": None}, {"index": 2, "field": "email"}],
    }
    _, extensions = await refusal(apis, PEOPLE, d=[{"email": "x" * 3_000}])
    assert extensions["rows"] == [{"index": 0, "field": "email", "value": "x" * 200}]


async def test_in_a_mutation_of_several_fields(apis: Apis) -> None:
    await create(apis, "person", email="a")
    text = """mutation { one: createCompany(data: {name: "x"}) { id }
      two: createPeople(data: [{email: "b"}, {email: "a"}]) { id } }"""
    error = await apis.error(text)
    assert (error["path"], error["extensions"]["field"]) == (["two"], "data[1].email")
    # The record that is in the way is the mutation's own, and is gone with it.
    text = """mutation { one: createPerson(data: {email: "z"}) { id }
      two: createPeople(data: [{email: "b"}, {email: "z"}]) { id } }"""
    error = await apis.error(text)
    assert (error["path"], error["extensions"]) == (["two"], {"code": "CONFLICT", "field": "email"})


async def test_the_other_side_has_gone_meanwhile(apis: Apis) -> None:
    """Nothing is left to blame: the create is tried once more."""
    await create(apis, "person", email="a")
    read = apis.database.read

    async def destroyed_first(*arguments: Any, **options: Any) -> Any:
        apis.database.read = read  # type: ignore[method-assign]  # the test's own
        await apis.data('mutation { destroyPeople(filter: {email: {eq: "a"}}) { id } }')
        return await read(*arguments, **options)

    await apis.snapshot()
    text = 'mutation { createPeople(data: [{email: "b"}, {email: "a"}]) { email } }'
    apis.database.read = destroyed_first  # type: ignore[method-assign]  # the test's own
    assert await apis.data(text) == {"createPeople": [{"email": "b"}, {"email": "a"}]}


async def test_many_clients_with_overlapping_lists(apis: Apis) -> None:
    lists = [[{"email": f"{n}"} for n in range(start, start + 10)] for start in range(0, 40, 5)]
    answers = await asyncio.gather(*[apis.ask(PEOPLE, d=rows) for rows in lists])
    for answer, rows in zip(answers, lists, strict=True):
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "CONFLICT"
            for row in error["extensions"]["rows"]:
                assert rows[row["index"]]["email"] == row["value"]
