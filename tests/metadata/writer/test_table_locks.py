"""The lock of a table that a change needs: how long it is waited for, and how short it is held."""

import asyncio
import re
from pathlib import Path

import psycopg
import pytest

from fieldstone.metadata.catalog.round_trip import send_as_one
from fieldstone.metadata.changes import CreateField
from fieldstone.metadata.errors import ChangeBlocked
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import (
    Desk,
    new_field,
    person,
    whole_state,
)
from tests.metadata.writer.adding import add, connected
from tests.waiting import until, until_found


async def test_no_round_trip_lies_between_a_tables_lock_and_the_commit(desk: Desk, tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    async def body(transaction: ModelTransaction) -> psycopg.pq.abc.PGconn:
        pgconn = transaction.connection.pgconn
        pgconn.trace(trace_file.fileno())
        await transaction.apply(new_field(person(transaction.snapshot), "badge", is_unique=True))
        await transaction.apply(new_field(person(transaction.snapshot), "shoeSize"))
        return pgconn

    model = await desk.default()
    with trace.open("wb") as trace_file:
        (await desk.writer.run(model.workspace.id, body, actor="test")).untrace()
    # F marks messages of the frontend: a simple query, or those of a prepared statement.
    sent = re.findall(
        r"^[^\n]*\tF\t\d+\t(?:Query|Parse)\t(.*?)(?=^\S[^\n]*\t[FB]\t)", trace.read_text(), re.MULTILINE | re.DOTALL
    )
    locking = [number for number, text in enumerate(sent) if "ALTER TABLE" in text or "CREATE UNIQUE INDEX" in text]
    # Sizes of the tables and rows of the catalog, and the tables written for the next change; both again, and the end.
    assert locking == [2, 5], sent
    assert len(sent) == 6
    order = [sent[5].index(part) for part in ("model_change", "ALTER TABLE", "COMMIT")]
    assert order == sorted(order)


async def test_a_lock_that_others_hold_for_a_while_only_delays(desk: Desk, model_dsn: str) -> None:
    tries = 0

    def build(snapshot: Snapshot) -> list[CreateField]:
        nonlocal tries
        tries += 1
        return [new_field(person(snapshot), "late")]

    model = await desk.default()
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, waits=(20,) * 50)
    async with connected(model_dsn) as other, connected(model_dsn) as third:
        async with other.transaction():
            await other.execute("LOCK TABLE workspace_default.person IN ACCESS SHARE MODE")
            change = asyncio.create_task(writer.change(model.workspace.id, build, actor="test"))
            await until(lambda: tries >= 1)
            # Nobody is kept waiting behind a change that waits for somebody else.
            await third.execute("SELECT count(*) FROM workspace_default.person")
            assert not change.done()
        assert "late" in person(await change).by_name
    assert tries <= 2


async def test_a_lock_that_others_never_give_back_refuses_and_changes_nothing(desk: Desk, model_dsn: str) -> None:
    before, model = whole_state(model_dsn), await desk.default()
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, waits=(10, 10), patience=0.05)
    async with connected(model_dsn) as other, other.transaction():
        await other.execute("LOCK TABLE workspace_default.person IN ACCESS SHARE MODE")
        with pytest.raises(ChangeBlocked, match="try again later"):
            await writer.change(model.workspace.id, add("late"), actor="test")
    assert whole_state(model_dsn) == before


async def test_whether_a_change_has_outwaited_others_is_told_right(desk: Desk, model_dsn: str) -> None:
    tables = {"workspace_default.person"}
    async with connected(model_dsn) as other, connected(model_dsn) as third:
        async with other.transaction():
            await other.execute("LOCK TABLE workspace_default.person IN ACCESS SHARE MODE")
            waiting = asyncio.create_task(desk.writer._outwait(tables, 0.0, 30.0))
            looks = "SELECT query_start FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()"
            (first,) = await until_found(third, looks, ["%AS held JOIN%"])
            # It has seen the holder where it looks again.
            await until_found(third, looks + " AND query_start > %s", ["%AS held JOIN%", first])
            assert not waiting.done()
            assert await desk.writer._outwait(tables, 0.0, 0.01)
        assert await waiting
    assert not await desk.writer._outwait(tables, 0.0, 5.0)


async def test_waiting_for_ones_turn_is_not_waiting_for_a_table(desk: Desk, model_dsn: str) -> None:
    model = await desk.default()
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, waits=(1,))
    async with connected(model_dsn) as other:
        async with other.transaction():
            await other.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('fieldstone.workspace ' || %s::text, 0))",
                [model.workspace.id],
            )
            change = asyncio.create_task(writer.change(model.workspace.id, add("late"), actor="test"))
            waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            await until_found(other, f"{waiting} AND clock_timestamp() - waitstart > '50 ms'")
            assert not change.done()
        assert "late" in person(await change).by_name


async def test_a_table_is_locked_at_a_moment_at_which_it_is_free_or_not_asked_for(model_dsn: str) -> None:
    table = {"table": 'workspace_default."person"'}
    held = "SELECT count(*) FROM pg_locks WHERE relation = 'workspace_default.person'::regclass"
    held += " AND mode = 'AccessExclusiveLock'"
    async with connected(model_dsn) as reader, connected(model_dsn) as changer:
        for is_free in (False, True):
            async with reader.transaction(), changer.transaction():
                if not is_free:
                    await reader.execute("SELECT FROM workspace_default.person")
                await send_as_one(changer, [("lock_when_free", table)])
                cursor = await reader.execute(held.encode())
                assert await cursor.fetchone() == (int(is_free),)
