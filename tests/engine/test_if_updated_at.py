"""Optimistic locking: a write that names the record's updatedAt fails if the record was changed since."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.apis import Apis, open_apis
from tests.engine.records import NOBODY, create, take_events

VERBS = ("update", "delete", "destroy", "restore")


def write(verb: str) -> str:
    data = ', data: {city: "C"}' if verb == "update" else ""
    root = f"{verb}Person(id: $id, ifUpdatedAt: $at{data})"
    return f"mutation ($id: UUID!, $at: DateTime) {{ it: {root} {{ id updatedAt }} }}"


async def person(apis: Apis, verb: str) -> tuple[str, str]:
    """The id and the updatedAt of a new person, deleted if the verb restores."""
    id_ = await create(apis, "person", email="a")
    text = "mutation ($id: UUID!) { it: updatePerson(id: $id, data: {}) { updatedAt } }"
    if verb == "restore":
        text = "mutation ($id: UUID!) { it: deletePerson(id: $id) { updatedAt } }"
    answer = await apis.data(text, id=id_)
    return id_, answer["it"]["updatedAt"]


@pytest.mark.parametrize("verb", VERBS)
async def test_the_time_of_the_record_and_another(apis: Apis, verb: str) -> None:
    id_, at = await person(apis, verb)
    await take_events(apis)
    other = "2020-01-01T00:00:00Z"
    error = await apis.error(write(verb), id=id_, at=other)
    assert error["message"] == f"The Person was changed at {at}, which 'ifUpdatedAt' does not say."
    assert error["extensions"] == {"code": "CONFLICT", "field": "ifUpdatedAt", "current": {"updatedAt": at}}
    assert error["path"] == ["it"]
    assert await take_events(apis) == []
    assert (await apis.data(write(verb), id=id_, at=at))["it"]["id"] == id_
    assert len(await take_events(apis)) == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_a_record_that_is_not_there_is_not_found(apis: Apis, verb: str) -> None:
    error = await apis.error(write(verb), id=NOBODY, at="2020-01-01T00:00:00Z")
    assert error["extensions"]["code"] == "NOT_FOUND"
    id_, at = await person(apis, "update" if verb == "restore" else "restore")
    if verb == "destroy":
        return  # It destroys deleted records too.
    error = await apis.error(write(verb), id=id_, at=at)
    assert error["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("verb", VERBS)
async def test_null_and_an_absent_variable_are_refused(apis: Apis, verb: str) -> None:
    id_, _ = await person(apis, verb)
    await take_events(apis)
    for given in ({}, {"at": None}):
        error = await apis.error(write(verb), id=id_, **given)
        assert error["message"] == "'ifUpdatedAt' must not be null: leave it out to write the record of any time."
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "ifUpdatedAt"}
    assert await take_events(apis) == []


async def test_as_many_digits_as_given(apis: Apis) -> None:
    """JavaScript's Date cuts microseconds off."""
    text = "mutation ($id: UUID!, $at: DateTime) { updatePerson(id: $id, ifUpdatedAt: $at, data: {}) { updatedAt } }"
    id_, _ = await person(apis, "update")
    stored = "2026-05-06T07:08:09.123456+00:00"
    for given, is_it in {
        "2026-05-06T07:08:09.123456Z": True,
        "2026-05-06T07:08:09.12345Z": True,
        "2026-05-06T07:08:09.123Z": True,
        "2026-05-06T09:08:09.123+02:00": True,
        "2026-05-06T07:08:09.1Z": True,
        "2026-05-06T07:08:09Z": True,
        "2026-05-06T07:08:09": True,
        "2026-05-06T07:08:09.123457Z": False,
        "2026-05-06T07:08:09.123450Z": False,
        "2026-05-06T07:08:09.124Z": False,
        "2026-05-06T07:08:09.122Z": False,
        "2026-05-06T07:08:09.120Z": False,
        "2026-05-06T07:08:09.2Z": False,
        "2026-05-06T07:08:10Z": False,
        "2026-05-06T07:08:08Z": False,
        "9999-12-31T23:59:59Z": False,
        "0001-01-01T00:00:00Z": False,
    }.items():
        async with apis.database.session() as connection:
            await connection.execute(
                'UPDATE workspace_default.person SET "updatedAt" = %s WHERE id = %s', (stored, id_)
            )
        answer = await apis.ask(text, id=id_, at=given)
        assert ("errors" not in answer) is is_it, given


async def test_it_stays_one_statement_and_warm(apis: Apis) -> None:
    id_, at = await person(apis, "update")
    apis.database.log.steps.clear()
    first = await apis.data(write("update"), id=id_, at=at)
    assert len(apis.database.log) == 1
    at = first["it"]["updatedAt"]
    assert await apis.send_warm(write("update"), {"id": id_, "at": at}) is not None
    # Its time has passed: the ordinary path says so.
    text = 'mutation ($id: UUID!, $at: DateTime!) { updatePerson(id: $id, ifUpdatedAt: $at, data: {city: "D"}) { id } }'
    error = await apis.error(text, id=id_, at=at)
    assert error["extensions"]["code"] == "CONFLICT"


async def test_by_a_unique_key(apis: Apis) -> None:
    _, at = await person(apis, "update")
    text = 'mutation ($at: DateTime!) { deletePerson(where: {email: "a"}, ifUpdatedAt: $at) { email } }'
    error = await apis.error(text, at="2020-01-01T00:00:00Z")
    assert error["extensions"]["current"] == {"updatedAt": at}
    assert await apis.data(text, at=at) == {"deletePerson": {"email": "a"}}
    error = await apis.error(text, at=at)
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_in_a_mutation_of_several(apis: Apis) -> None:
    """All fields see the time that the transaction gave before them."""
    id_, at = await person(apis, "update")
    later = (datetime.fromisoformat(at) + timedelta(seconds=1)).isoformat()
    text = """mutation ($id: UUID!, $at: DateTime!, $later: DateTime!) {
      a: updatePerson(id: $id, ifUpdatedAt: $at, data: {city: "A"}) { id }
      b: updatePerson(id: $id, ifUpdatedAt: $later, data: {city: "B"}) { id } }"""
    error = await apis.error(text, id=id_, at=at, later=later)
    assert (error["path"], error["extensions"]["code"]) == (["b"], "CONFLICT")
    answer = await apis.data("query ($id: UUID) { person(id: $id) { city } }", id=id_)
    assert answer == {"person": {"city": None}}


async def test_one_of_many_writers_wins(workspace_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_apis(workspace_dsn)) for _ in range(3)]
        id_, at = await person(processes[0], "update")
        answers: list[Any] = await asyncio.gather(*[apis.ask(write("update"), id=id_, at=at) for apis in processes * 7])
        won = [answer["data"]["it"]["updatedAt"] for answer in answers if "errors" not in answer]
        assert len(won) == 1
        lost = [answer["errors"][0]["extensions"] for answer in answers if "errors" in answer]
        assert {(error["code"], error["current"]["updatedAt"]) for error in lost} == {("CONFLICT", won[0])}
