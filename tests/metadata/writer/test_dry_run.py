"""The preview of changes asks the rows that there are, and nothing about tables that it would make."""

from typing import Any

import pytest

from fieldstone.metadata.changes import Change, CreateIndex, always
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
