"""The preview of changes asks the rows that there are, and nothing about tables that it would make."""

import asyncio
from typing import Any

import pytest

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.changes import Change, CreateIndex, always
from fieldstone.metadata.writer import transaction as model_transaction
from fieldstone.metadata.writer.dry_run import Preview, preview
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object


async def test_a_table_that_is_only_being_made_is_not_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ship = new_object("ship")
    fields = [new_field(ship.id, f"part{number}", is_unique=number == 0) for number in range(20)]
    pair = CreateIndex(object_id=ship.id, field_ids=(fields[1].id, fields[2].id), is_unique=True)
    changes: list[Change] = [ship, *fields, pair]
    asked: list[Any] = []

    async def look(transaction: ModelTransaction) -> Preview:
        execute = transaction.connection.execute

        def count(*arguments: Any, **more: Any) -> Any:
            asked.append(arguments[0])
            return execute(*arguments, **more)

        monkeypatch.setattr(transaction.connection, "execute", count)
        return await preview(transaction, map(always, changes))

    found = await desk.writer.run((await desk.default()).workspace.id, look, actor="test")
    assert (found.is_certain, len(found.changes), asked) == (True, len(changes), [])


async def test_the_process_and_the_transaction_go_on_during_a_plan_that_asks_nothing_for_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The plan of a rollback over 3,000 versions kept the process from all other requests for up to two minutes, and
    # PostgreSQL ended its transaction as idle.
    monkeypatch.setattr(model_transaction, "_TOLD_EACH", -1.0)
    ship = new_object("ship")
    changes: list[Change] = [ship, *(new_field(ship.id, f"part{number}") for number in range(50))]
    turns = 0
    told: list[Any] = []

    async def work_beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def look(transaction: ModelTransaction) -> int:
        execute = transaction.connection.execute

        def note(*arguments: Any, **more: Any) -> Any:
            told.append(arguments[0])
            return execute(*arguments, **more)

        monkeypatch.setattr(transaction.connection, "execute", note)
        before = turns
        await preview(transaction, map(always, changes))
        return turns - before

    beside = asyncio.create_task(work_beside())
    try:
        passed = await desk.writer.run((await desk.default()).workspace.id, look, actor="test")
    finally:
        beside.cancel()
    assert passed >= len(changes)
    assert told == [QUERIES["go_on"]] * len(changes)
