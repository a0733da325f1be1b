"""metadata/writer/turns.py: one change of a model at a time, and none that waits for ever."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.changes import CreateField
from fieldstone.metadata.errors import ModelBusy
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.metadata.writer.holders import MOVES
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.metadata.writer.turns import Turns
from tests.citus_cluster import ON_CITUS
from tests.metadata.desk import Desk, new_field, person, whole_state

pytestmark = pytest.mark.long

Connection = psycopg.AsyncConnection[Any]


def add_late(snapshot: Snapshot) -> Iterable[CreateField]:
    return [new_field(person(snapshot), "late")]


def writer_on(desk: Desk, turn: float) -> ModelWriter:
    return ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, turn=turn)


@contextlib.asynccontextmanager
async def another_change(dsn: str, workspace_id: object) -> AsyncIterator[Connection]:
    """A change in another process, which stands still."""
    async with await psycopg.AsyncConnection.connect(dsn, application_name="another server") as connection:
        await connection.execute(QUERIES["lock_workspace"], {"workspace_id": workspace_id})
        yield connection


async def test_who_waits_too_long_for_another_process_is_told_since_when(
    desk: Desk, model_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    model, before = await desk.default(), whole_state(model_dsn)
    async with another_change(model_dsn, model.workspace.id) as other:
        refused = (
            r"has been under way since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ and did not end within 0.2 seconds; nothing"
        )
        with pytest.raises(ModelBusy, match=refused):
            await writer_on(desk, 0.2).change(model.workspace.id, add_late, actor="test")
        assert whole_state(model_dsn) == before
        place = "127.0.0.1" if ON_CITUS else "a local socket"
        holder = f"pid {other.info.backend_pid} (another server from {place}, idle in transaction) since 20"
        assert holder in caplog.text
    # Nothing is left of the refusal: neither on the connection nor in this process.
    assert "late" in person(await desk.change(add_late)).by_name


async def test_a_lock_of_the_catalog_is_waited_for_as_those_of_tables_are(
    desk: Desk, model_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The change was refused within a second, for another change that did not end within 30 seconds."""
    caplog.set_level(logging.INFO, logger="fieldstone.metadata.writer.model_writer")
    model = await desk.default()
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, waits=(50,) * 100)
    async with await psycopg.AsyncConnection.connect(model_dsn) as operator:
        await operator.execute("LOCK TABLE fieldstone.workspace IN ACCESS EXCLUSIVE MODE")
        change = asyncio.create_task(writer.change(model.workspace.id, add_late, actor="test"))
        async with asyncio.timeout(60):
            while not change.done() and caplog.text.count("lock timeout") < 3:
                await asyncio.sleep(0.01)
    assert "late" in person(await change).by_name


async def test_a_move_of_the_workspace_is_called_so(desk: Desk, model_dsn: str) -> None:
    model = await desk.default()
    async with another_change(model_dsn, model.workspace.id) as other:
        await other.execute("SELECT set_config('application_name', %s, false)", [MOVES])
        with pytest.raises(ModelBusy, match=r"the workspace is being moved to another database, .* within 0.2 seconds"):
            await writer_on(desk, 0.2).change(model.workspace.id, add_late, actor="test")


async def test_the_log_says_who_is_waited_for_before_the_wait_is_over(
    desk: Desk, model_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = await desk.default()
    async with another_change(model_dsn, model.workspace.id):
        change = asyncio.create_task(desk.change(add_late))
        async with asyncio.timeout(60):
            while "another server" not in caplog.text:
                await asyncio.sleep(0.01)
        assert not change.done()
    assert "late" in person(await change).by_name


async def test_who_waits_too_long_in_one_process_is_told_too(desk: Desk) -> None:
    model = await desk.default()
    writer = writer_on(desk, 0.2)
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def stand_still(transaction: ModelTransaction) -> None:
        has_begun.set()
        await may_end.wait()
        await transaction.apply(new_field(person(transaction.snapshot), "early"))

    first = asyncio.create_task(writer.run(model.workspace.id, stand_still, actor="test"))
    await has_begun.wait()
    with pytest.raises(ModelBusy, match=r"under way since 20.*Z and did not end within 0.2 seconds"):
        await writer.change(model.workspace.id, add_late, actor="test")
    may_end.set()
    await first
    after = await writer.change(model.workspace.id, add_late, actor="test")
    assert {"early", "late"} <= set(person(after).by_name)


async def test_a_queue_that_moves_is_waited_in_however_long_it_is() -> None:
    turns, workspace_id = Turns(2.0), new_id()

    async def change() -> float:
        began = asyncio.get_running_loop().time()
        async with turns.take(workspace_id):
            waited = asyncio.get_running_loop().time() - began
            await asyncio.sleep(1.2)
            return waited

    assert max(await asyncio.gather(change(), change(), change())) > 2.0


async def test_another_workspace_waits_for_nobody(desk: Desk, model_dsn: str) -> None:
    other = await desk.workspaces.create("other", actor="test")
    async with another_change(model_dsn, (await desk.default()).workspace.id):
        after = await writer_on(desk, 0.2).change(other.workspace.id, add_late, actor="test")
    assert "late" in person(after).by_name


async def test_a_workspace_is_not_deleted_while_its_model_is_changed(desk: Desk, model_dsn: str) -> None:
    model = await desk.workspaces.create("other", actor="test")
    async with another_change(model_dsn, model.workspace.id):
        with pytest.raises(ModelBusy, match="under way"):
            await delete_workspace(desk.database, model.workspace, turn=0.2)
    await delete_workspace(desk.database, model.workspace, turn=0.2)
    assert [one.name for one in await desk.workspaces.list()] == ["default"]
