"""Another type for a field: the indexes that stay, go, and are made again of other fields."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import CreateIndex, UpdateField
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.changes.refusal import select
from tests.metadata.desk import Desk, new_field, person
from tests.metadata.updates import change

SELECT = {"type": FieldType.SELECT, "options": select("A", "B")}


async def index_memos(desk: Desk, method: str, *names: str) -> Snapshot:
    await desk.change(lambda snapshot: [new_field(person(snapshot), name) for name in ("memo", "extra")])
    return await change(desk, lambda snapshot: [on(snapshot, method, *names)])


def on(snapshot: Snapshot, method: str, *names: str) -> CreateIndex:
    ids = tuple(person(snapshot).by_name[name].id for name in names)
    return CreateIndex(object_id=person(snapshot).id, field_ids=ids, method=method)


async def convert(desk: Desk, name: str, **values: Any) -> Snapshot:
    return await change(desk, lambda snapshot: [UpdateField(field_id=person(snapshot).by_name[name].id, **values)])


def fields_of(snapshot: Snapshot, method: str, *wanted: str) -> list[list[str]]:
    """The names of the fields of each index that is on one of these."""
    object_ = person(snapshot)
    found = [[object_.by_id[id_].name for id_ in index.field_ids] for index in snapshot.indexes_of[object_.id]
        if index.method == method]  # fmt: skip
    return [names for names in found if set(names) & set(wanted)]


@pytest.mark.parametrize(
    ("indexed", "values", "left"),
    [
        (["memo", "extra"], SELECT, [["extra"]]),
        (["memo", "extra"], {"type": FieldType.NUMBER}, [["extra"]]),
        (["memo", "extra"], {"type": FieldType.EMAILS}, [["memo", "extra"]]),
        (["memo"], SELECT, []),
    ],
    ids=["options", "numbers", "several texts", "none left"],
)
async def test_a_search_index_is_made_again_of_the_fields_that_hold_text(
    indexed: Sequence[str], values: dict[str, Any], left: list[list[str]], desk: Desk, model_dsn: str
) -> None:
    before = await index_memos(desk, "search", *indexed)
    after = await convert(desk, "memo", **values)
    assert fields_of(after, "search", "memo", "extra") == left

    async def back(transaction: ModelTransaction) -> None:
        await roll_back(transaction, before.version)

    await desk.writer.run(before.workspace.id, back, actor="test")
    assert fields_of(await desk.default(), "search", "memo", "extra") == [list(indexed)]


async def test_no_second_search_index_of_the_same_fields(desk: Desk, model_dsn: str) -> None:
    await index_memos(desk, "search", "extra")
    await change(desk, lambda snapshot: [on(snapshot, "search", "memo", "extra")])
    after = await convert(desk, "memo", **SELECT)
    assert fields_of(after, "search", "memo", "extra") == [["extra"]]


async def test_a_trigram_index_goes_with_the_text(desk: Desk, model_dsn: str) -> None:
    before = await index_memos(desk, "trigram", "memo")
    assert fields_of(before, "trigram", "memo") == [["memo"]]
    assert fields_of(await convert(desk, "memo", **SELECT), "trigram", "memo") == []
    with psycopg.connect(model_dsn) as connection:
        query = "SELECT count(*) FROM pg_indexes WHERE tablename = 'person' AND indexname LIKE %s"
        assert connection.execute(query, ["person_memo%"]).fetchone() == (0,)
