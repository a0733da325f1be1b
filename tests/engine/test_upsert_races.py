"""Upserts by many clients at once: one record for a key, no error, an unbroken chain of events."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.apis import Apis, open_apis
from tests.engine.racing import race
from tests.engine.records import count, take_events
from tests.engine.upserting import BY_EMAIL, MANY, ONE, check_chain, upsert


@pytest.mark.long
async def test_a_hundred_clients_upsert_one_key_a_thousand_times(workspace_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_apis(workspace_dsn)) for _ in range(5)]

        async def client(number: int) -> list[bool]:
            apis = processes[number % len(processes)]
            found = []
            for turn in range(10):
                answer = await apis.data(ONE, d={"email": "a", "firstName": f"{number} {turn}"}, c=BY_EMAIL)
                found.append(answer["upsertPerson"]["created"])
            return found

        answers = await asyncio.gather(*map(client, range(100)))
        assert sum(map(sum, answers)) == 1
        assert await count(processes[0], "people") == 1
        events = await take_events(processes[0])
        assert len(events) == 1_000
        assert [event.action for event in events] == ["created"] + ["updated"] * 999
        check_chain(events)


@pytest.mark.parametrize("many", [False, True])
async def test_a_record_that_changes_while_its_lock_is_waited_for(workspace_dsn: str, many: bool) -> None:
    async def ask(apis: Apis, name: str) -> tuple[bool, str]:
        given = {"email": "a", "firstName": name}
        if not many:
            return (answer := await upsert(apis, given))["created"], answer["record"]["firstName"]
        (row,) = (await apis.data(MANY, d=[given], c=BY_EMAIL))["upsertPeople"]
        return row["created"], row["record"]["firstName"]

    async with open_apis(workspace_dsn) as apis:
        assert await ask(apis, "first") == (True, "first")
        assert await race(workspace_dsn, ask(apis, "second"), "city = %s", "x") == (False, "second")
        # It loses the key, and is deleted: the key is free in both cases.
        assert await race(workspace_dsn, ask(apis, "third"), "email = %s", "b") == (True, "third")
        assert await race(workspace_dsn, ask(apis, "fourth"), '"deletedAt" = %s', "now") == (True, "fourth")
        people = await apis.data("{ people(orderBy: { email: ASC }) { edges { node { email firstName city } } } }")
        assert [edge["node"] for edge in people["people"]["edges"]] == [
            {"email": "a", "firstName": "fourth", "city": None},
            {"email": "b", "firstName": "second", "city": "x"},
        ]


async def test_many_clients_revive_one_record(workspace_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_apis(workspace_dsn)) for _ in range(4)]
        first = await upsert(processes[0], {"email": "a"})
        await processes[0].data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=first["record"]["id"])
        tries = [upsert(apis, {"email": "a", "firstName": "x"}, revive=True) for apis in processes * 5]
        answers = await asyncio.gather(*tries)
        assert {(answer["created"], answer["record"]["id"]) for answer in answers} == {(False, first["record"]["id"])}
        events = await take_events(processes[0])
        check_chain(events)
        assert [event.action for event in events].count("restored") == 1


async def test_overlapping_lists_do_not_block_each_other(workspace_dsn: str) -> None:
    """Each takes the keys in one order, whatever the order of its list."""
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_apis(workspace_dsn)) for _ in range(4)]
        rows = [{"email": f"{number:03}", "firstName": "x"} for number in range(60)]
        lists = [rows, rows[::-1], rows[30:] + rows[:30], rows[::2] + rows[1::2]]
        answers = await asyncio.gather(
            *[
                apis.data(MANY, d=given, c=BY_EMAIL)
                for _ in range(3)
                for apis, given in zip(processes, lists, strict=True)
            ]
        )
        assert sum(row["created"] for answer in answers for row in answer["upsertPeople"]) == 60
        events = await take_events(processes[0])
        check_chain(events)
        assert len(events) == 12 * 60
