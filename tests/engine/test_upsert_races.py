"""Upserts by many clients at once: one record for a key, no error, an unbroken chain of events."""

import asyncio
from contextlib import AsyncExitStack

from tests.apis import open_apis
from tests.engine.records import count, take_events
from tests.engine.upserting import BY_EMAIL, MANY, ONE, check_chain, upsert


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
