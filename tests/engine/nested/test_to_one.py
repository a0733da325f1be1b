"""Nested writes of to-one relations: the record that a key leads to."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import (
    briefs,
    check_refused,
    create,
    create_text,
    in_one,
    update,
    update_text,
    writes_of,
)
from tests.engine.records import NOBODY, take_events

FIELDS = "id city company { id name }"


async def test_create_makes_the_target_first(apis: Apis) -> None:
    apis.database.log.steps.clear()
    ada = await create(apis, "person", FIELDS, email="ada@x", company={"create": {"name": "Acme"}})
    assert ada["company"]["name"] == "Acme"
    assert writes_of(apis) == in_one("insert company", "insert person")
    company = ada["company"]["id"]
    assert await briefs(apis) == [("created", "company", company), ("created", "person", ada["id"])]
    moved = await update(apis, "person", ada["id"], FIELDS, city="Bern", company={"create": {"name": "Blue"}})
    assert (moved["city"], moved["company"]["name"]) == ("Bern", "Blue")
    assert await briefs(apis) == [("created", "company", moved["company"]["id"]), ("updated", "person", ada["id"])]
    assert writes_of(apis) == ["insert company", "update person", "read"]


async def test_the_client_may_give_the_targets_id(apis: Apis) -> None:
    ada = await create(
        apis, "person", FIELDS, email="ada@x", company={"create": {"id": NOBODY.upper(), "name": "Acme"}}
    )
    assert ada["company"] == {"id": NOBODY, "name": "Acme"}


async def test_update_changes_the_target(apis: Apis) -> None:
    ada = await create(apis, "person", FIELDS, email="ada@x", company={"create": {"name": "Acme"}})
    await take_events(apis)
    apis.database.log.steps.clear()
    answer = await update(apis, "person", ada["id"], FIELDS, company={"update": {"name": "New", "employees": 3}})
    assert answer["company"] == {"id": ada["company"]["id"], "name": "New"}
    assert writes_of(apis) == ["update person", "find", "update company", "read"]
    assert await briefs(apis) == [("updated", "person", ada["id"]), ("updated", "company", ada["company"]["id"])]
    # Fields that the changes do not name stay.
    await update(apis, "person", ada["id"], company={"update": {"website": "x"}})
    left = await apis.data(
        "query ($id: UUID!) { company(id: $id) { name employees website } }", id=ada["company"]["id"]
    )
    assert left["company"] == {"name": "New", "employees": 3, "website": "x"}


async def test_update_where_there_is_no_target(apis: Apis) -> None:
    ada = await create(apis, "person", FIELDS, email="ada@x")
    message = "'company' leads to no record to update."
    path: list[str | int] = ["data", "company", "update"]
    text = update_text("person")
    await check_refused(apis, text, "NOT_FOUND", message, path, id=ada["id"], d={"company": {"update": {"name": "x"}}})
    acme = await create(apis, "company")
    await update(apis, "person", ada["id"], companyId=acme["id"])
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=acme["id"])
    error = await apis.error(text, id=ada["id"], d={"company": {"update": {"name": "x"}}})
    assert error["extensions"]["code"] == "NOT_FOUND"
    created = "'company' cannot be updated: the record is only created."
    data = {"email": "b", "company": {"update": {"name": "x"}}}
    await check_refused(apis, create_text("person"), "BAD_USER_INPUT", created, path, d=data)


async def test_rows_say_different_things(apis: Apis) -> None:
    acme = await create(apis, "company", name="Acme")
    rows: list[dict[str, Any]] = [
        {"email": "1", "company": {"create": {"name": "One"}}},
        {"email": "2", "company": {"connect": acme["id"]}},
        {"email": "3", "companyId": acme["id"].upper()},
        {"email": "4"},
        {"email": "5", "company": {"connect": {"where": {"id": acme["id"]}}}},
        {"email": "6", "company": {"disconnect": True}},
        {"email": "7", "company": {"create": {"name": "Seven"}}},
        {"email": "8", "company": {"create": None, "connect": acme["id"], "disconnect": False}},
    ]
    apis.database.log.steps.clear()
    text = create_text("person", "email company { name }", many=True, plural="people")
    answer = await apis.data(text, d=rows)
    names = [(row["email"], row["company"] and row["company"]["name"]) for row in answer["createPeople"]]
    assert names == [
        ("1", "One"), ("2", "Acme"), ("3", "Acme"), ("4", None),
        ("5", "Acme"), ("6", None), ("7", "Seven"), ("8", "Acme"),
    ]  # fmt: skip
    assert writes_of(apis) == ["insert company", "insert person", "read"]


async def test_a_plan_knows_nothing_of_the_data_that_it_was_made_with(apis: Apis) -> None:
    text = (
        "mutation ($c: CompanyInput, $n: String) { createPerson(data: {email: $n, company: {create: $c}})"
        " { company { name website } } }"
    )
    assert await apis.data(text, n="1", c={"name": "One"}) == {
        "createPerson": {"company": {"name": "One", "website": None}}
    }
    assert await apis.data(text, n="2", c={"website": "w"}) == {
        "createPerson": {"company": {"name": None, "website": "w"}}
    }
    assert await apis.data(text, n="3", c=None) == {"createPerson": {"company": None}}
    assert await apis.data(text, n="4") == {"createPerson": {"company": None}}
    assert await apis.data(text, n="5", c={"name": "Five"}) == {
        "createPerson": {"company": {"name": "Five", "website": None}}
    }


async def test_a_plan_of_an_update_knows_nothing_of_the_data_that_it_was_made_with(apis: Apis) -> None:
    ada = await create(apis, "person", email="ada@x", firstName="Ada")
    text = update_text("person", "city company { name website }")
    empty = {"name": None, "website": None}
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"company": {"create": {"name": "a"}}}, {"city": None, "company": empty | {"name": "a"}}),
        (
            {"city": "c", "company": {"update": {"website": "w"}}},
            {"city": "c", "company": {"name": "a", "website": "w"}},
        ),
        ({"city": None, "company": {"update": {"name": None}}}, {"city": None, "company": empty | {"website": "w"}}),
        ({"city": "d", "company": {"update": {}}}, {"city": "d", "company": empty | {"website": "w"}}),
    ]
    for change, expected in changes:
        assert await apis.data(text, id=ada["id"], d=change) == {"updatePerson": expected}


WRONG: dict[str, tuple[Any, str, list[str | int]]] = {
    "two verbs": (
        {"company": {"create": {}, "connect": NOBODY}},
        "'company' leads to one record: give one of connect, create, not all of them.",
        ["data", "company"],
    ),
    "a verb and the key": (
        {"companyId": NOBODY, "company": {"create": {}}},
        "'company' and 'companyId' cannot be given together.",
        ["data", "company"],
    ),
    "a wrong value": (
        {"company": {"create": {"people": {"create": [{"email": "x"}, {"city": "y"}]}}}},
        "Field 'email' is required",
        ["data", "company", "create", "people", "create", 1, "email"],
    ),
    "a key that nothing has": (
        {"company": {"create": {"people": {"connect": [NOBODY]}}}},
        f"There is no Person with the id {NOBODY} to connect.",
        ["data", "company", "create", "people", "connect", 0],
    ),
}


@pytest.mark.parametrize(("data", "message", "path"), WRONG.values(), ids=WRONG)
async def test_errors_name_their_place(apis: Apis, data: Any, message: str, path: list[str | int]) -> None:
    code = "NOT_FOUND" if message.startswith("There is no") else "BAD_USER_INPUT"
    await check_refused(apis, create_text("person"), code, message, path, d={"email": "e", **data})
    ada = await create(apis, "person", email="ada@x")
    await check_refused(apis, update_text("person"), code, message, path, id=ada["id"], d=data)
    many = create_text("person", many=True, plural="people")
    below: list[str | int] = ["data", 1, *path[1:]]
    await check_refused(apis, many, code, message, below, d=[{"email": "f"}, {"email": "e", **data}])


async def test_the_record_itself_must_be_there(apis: Apis) -> None:
    error = await apis.error(update_text("person"), id=NOBODY, d={"company": {"create": {"name": "x"}}})
    assert error["message"] == f"There is no Person with the id {NOBODY} to update."
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "id"}
    assert (await apis.data("{ companies { totalCount } }"))["companies"]["totalCount"] == 0


async def test_two_root_fields_are_one_transaction(apis: Apis) -> None:
    text = (
        'mutation { a: createPerson(data: {email: "a", company: {create: {name: "A"}}}) { company { name } }'
        ' __typename b: createPerson(data: {email: "%s", company: {create: {name: "B"}}}) { company { name } } }'
    )
    error = await apis.error(text % "a")
    assert (error["path"], error["extensions"]) == (
        ["b"],
        {"code": "CONFLICT", "field": "email", "input": ["data", "email"]},
    )
    assert await take_events(apis) == []
    answer = await apis.data(text % "b")
    assert answer == {"a": {"company": {"name": "A"}}, "__typename": "Mutation", "b": {"company": {"name": "B"}}}
