"""Removed options: a write of one of them before, meanwhile or after is found, waited for or refused."""

import asyncio
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import CreateIndex
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.model_writer import ModelWriter
from tests.metadata.desk import Desk, new_field
from tests.metadata.updates import column, field_of, insert, options, update
from tests.waiting import until_found

KEPT = options("SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")


def stage(snapshot: Snapshot) -> str:
    """The column of the options."""
    return field_of(snapshot, "opportunity", "stage").column


@pytest.mark.parametrize("mapping", [None, {"NEW": "MEETING"}], ids=["unmapped", "mapped"])
async def test_who_knows_the_option_finds_no_column(mapping: Any, desk: Desk, model_dsn: str) -> None:
    added = await desk.change(update("opportunity", "stage", options=[*options("NEW", "LAST"), *KEPT]))
    assert stage(added) == "stage"
    after = await desk.change(update("opportunity", "stage", options=KEPT, option_mapping=mapping))
    assert (stage(after), stage(await desk.reload(after.workspace.id))) == ("stage2", "stage2")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        insert(model_dsn, "opportunity (stage) VALUES ('NEW')")


@pytest.mark.parametrize("mapping", [None, {"NEW": "MEETING"}], ids=["unmapped", "mapped"])
async def test_a_write_that_is_not_committed_yet_is_waited_for(mapping: Any, desk: Desk, model_dsn: str) -> None:
    async with (
        await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as writer,
        await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as reader,
    ):
        async with writer.transaction():
            await writer.execute("INSERT INTO workspace_default.opportunity (stage) VALUES ('NEW')")
            removal = asyncio.create_task(
                desk.change(update("opportunity", "stage", options=KEPT, option_mapping=mapping))
            )
            await until_found(reader, "SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted")
            await reader.execute("SELECT FROM workspace_default.opportunity")
            assert not removal.done()
        if mapping is None:
            with pytest.raises(InvalidChange, match=r"in use, deleted records included: NEW \(1 records\)"):
                await removal
        else:
            assert column(model_dsn, "opportunity", stage(await removal)) == ["MEETING"]


@pytest.mark.parametrize(
    ("type_", "method", "value"), [(FieldType.SELECT, "btree", "B"), (FieldType.MULTI_SELECT, "gin", "{B}")]
)
async def test_a_large_table_needs_an_index_on_them(
    type_: FieldType, method: str, value: str, desk: Desk, model_dsn: str
) -> None:
    made = await desk.change(
        lambda snapshot: [new_field(snapshot.by_singular["activity"], "kind", type_, options=options("A", "B", "C"))]
    )
    insert(model_dsn, f"activity (kind) VALUES ('{value}')")
    careful = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, largest_rewrite=0)

    async def take_away(*gone: str, **more: Any) -> Snapshot:
        kept = options(*(name for name in "ABC" if name not in gone))
        return await careful.change(made.workspace.id, update("activity", "kind", options=kept, **more), actor="test")

    with pytest.raises(InvalidChange, match=rf"createIndex on kind \(method: {method}\) makes it fast") as caught:
        await take_away("C")
    assert caught.value.field == "options"
    with pytest.raises(InvalidChange, match="give the records other options in portions") as caught:
        await take_away("B", option_mapping={"B": "A"})
    assert caught.value.field == "optionMapping"
    field_id = field_of(made, "activity", "kind").id
    await desk.change(
        lambda _: [CreateIndex(object_id=made.by_singular["activity"].id, field_ids=(field_id,), method=method)]
    )
    with pytest.raises(InvalidChange, match=r"B \(1 records\)"):
        await take_away("B")
    after = await take_away("C")
    assert column(model_dsn, "activity", field_of(after, "activity", "kind").column) == (
        ["B"] if type_ is FieldType.SELECT else [["B"]]
    )
