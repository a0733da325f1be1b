"""metadata/snapshot_watcher.py"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest

from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.snapshot_watcher import SnapshotWatch
from fieldstone.sql.executor import Database
from tests.metadata.counted import Counted
from tests.metadata.desk import Desk, new_object
from tests.waiting import until

NEVER = 3600.0


@asynccontextmanager
async def watching(watch: SnapshotWatch) -> AsyncIterator[None]:
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


async def test_a_process_that_nobody_tells_looks_by_itself(desk: Desk, database: Database, model: Snapshot) -> None:
    current = CurrentSnapshots(database)
    await current.get(model.workspace.id)
    async with watching(SnapshotWatch(current, database, interval=0.01)):
        for name in ("one", "two"):
            after = await desk.change(lambda _, name=name: [new_object(name)])  # type: ignore[misc]  # a default argument
            await until(lambda after=after: current.version_of(model.workspace.id) == after.version)  # type: ignore[misc]  # a default argument
            assert current.peek(model.workspace.id) == after


async def test_a_version_that_is_heard_of_is_loaded_without_a_question(
    desk: Desk, database: Database, model: Snapshot
) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    await current.get(model.workspace.id)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        after = await desk.change(lambda _: [new_object("project")])
        watch.hear(model.workspace.id, after.version)
        watch.hear(model.workspace.id, after.version)
        await until(lambda: current.version_of(model.workspace.id) == after.version)
        # The version that is known by then is not loaded again.
        watch.hear(model.workspace.id, after.version)
        watch.hear(model.workspace.id, model.version)
        watch.hear(new_id(), 7)
        newest = await desk.change(lambda _: [new_object("task")])
        watch.hear(model.workspace.id, newest.version)
        await until(lambda: current.version_of(model.workspace.id) == newest.version)
    assert (counted.loads, counted.checks) == (3, 0)


async def test_a_gap_is_a_reason_to_look_at_once(desk: Desk, database: Database, model: Snapshot) -> None:
    current = CurrentSnapshots(database)
    await current.get(model.workspace.id)
    watch = SnapshotWatch(current, database, interval=NEVER)
    async with watching(watch):
        after = await desk.change(lambda _: [new_object("project")])
        watch.ask()
        await until(lambda: current.peek(model.workspace.id) == after)


async def test_all_workspaces_are_asked_about_in_one_question(
    desk: Desk, database: Database, model: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [await desk.workspaces.create(f"w{number}", actor="test", standard=False) for number in range(5)]
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        # Nothing is loaded, so there is nothing to ask.
        looks: list[Mapping[UUID, int]] = []

        def look() -> Mapping[UUID, int]:
            looks.append(CurrentSnapshots.versions(current))
            return looks[-1]

        with monkeypatch.context() as looking:
            looking.setattr(current, "versions", look)
            watch.ask()
            await until(lambda: bool(looks))
        assert (looks, counted.checks) == ([{}], 0)
        for snapshot in (model, *others):
            await current.get(snapshot.workspace.id)
        loads = counted.loads
        changed = others[1:3]
        for snapshot in changed:
            await desk.writer.change(snapshot.workspace.id, lambda _: [new_object("project")], actor="test")
        watch.ask()
        await until(lambda: all(current.version_of(one.workspace.id) == one.version + 1 for one in changed))
    assert (counted.checks, counted.loads - loads) == (1, 2)


async def test_a_workspace_that_is_gone_is_forgotten(desk: Desk, database: Database, model_dsn: str) -> None:
    other = await desk.workspaces.create("other", actor="test", standard=False)
    current = CurrentSnapshots(database)
    await current.get(other.workspace.id)
    watch = SnapshotWatch(current, database, interval=NEVER)
    async with watching(watch):
        with psycopg.connect(model_dsn, autocommit=True) as connection:
            connection.execute("DELETE FROM fieldstone.workspace WHERE name = 'other'")
        watch.ask()
        await until(lambda: current.version_of(other.workspace.id) is None)


async def test_it_goes_on_after_a_database_that_was_away(desk: Desk, model_dsn: str, model: Snapshot) -> None:
    away = Database.connect(model_dsn, settings=desk.database._settings)
    await away.open()
    current = CurrentSnapshots(away)
    await current.get(model.workspace.id)
    async with watching(SnapshotWatch(current, away, interval=0.01)):
        with psycopg.connect(model_dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        after = await desk.change(lambda _: [new_object("project")])
        await until(lambda: current.peek(model.workspace.id) == after)
    await away.close()
