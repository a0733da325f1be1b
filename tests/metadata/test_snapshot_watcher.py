"""metadata/snapshot_watcher.py"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg
import pytest

from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.snapshot_watcher import SnapshotWatch
from fieldstone.metadata.workspaces.key_store import KEPT_FOR, KeyStore
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement
from tests.clock import Clock
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


async def looked(counted: Counted, watch: SnapshotWatch) -> int:
    """Have the watch look once, and return the number of its statements."""
    checks = counted.checks
    watch.ask()
    await until(lambda: counted.checks > checks and not counted.reading)
    return counted.checks - checks


async def test_a_look_is_one_statement_however_many_workspaces_are_loaded(desk: Desk, database: Database) -> None:
    made = [await desk.workspaces.create(f"w{number}", actor="test", standard=False) for number in range(5)]
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        # The first look learns where the next one begins; nothing is loaded that it could compare.
        assert await looked(counted, watch) == 1
        for snapshot in made:
            await current.get(snapshot.workspace.id)
        loads = counted.loads
        assert await looked(counted, watch) == 1
        assert counted.loads == loads
        changed = made[1:3]
        for snapshot in changed:
            await desk.writer.change(snapshot.workspace.id, lambda _: [new_object("project")], actor="test")
        assert await looked(counted, watch) == 1
        await until(lambda: all(current.version_of(one.workspace.id) == one.version + 1 for one in changed))
        assert counted.loads - loads == 2
        # The look of the last minute is repeated, and finds nothing new.
        assert await looked(counted, watch) == 1
        assert counted.loads - loads == 2


async def test_the_first_look_compares_some_hundred_workspaces_at_a_time(
    desk: Desk, database: Database, model: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    await current.get(model.workspace.id)
    behind = await desk.change(lambda _: [new_object("project")])
    # Workspaces that are not in the database stand for many that are.
    versions = {**{new_id(): 1 for _ in range(1_200)}, **current.versions()}
    monkeypatch.setattr(current, "versions", lambda: versions)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        watch.ask()
        await until(lambda: current.version_of(model.workspace.id) == behind.version)
        assert counted.checks == 1 + 3
        monkeypatch.undo()
        assert await looked(counted, watch) == 1


async def test_a_change_that_began_before_a_look_and_ends_after_the_next_is_not_missed(
    desk: Desk, database: Database, model: Snapshot, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.metadata.snapshot_watcher._OVERLAP", -1.0)
    other = await desk.workspaces.create("other", actor="test", standard=False)
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    for snapshot in (model, other):
        await current.get(snapshot.workspace.id)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        await looked(counted, watch)
        with psycopg.connect(model_dsn) as slow:
            # Nothing but the number of the transaction says that it began before all others here.
            slow.execute("UPDATE fieldstone.workspace SET version = version WHERE name = 'other'")
            for turn in range(3):
                after = await desk.change(lambda _, turn=turn: [new_object(f"thing{turn}")])  # type: ignore[misc]  # a default argument
                await looked(counted, watch)
                await until(lambda after=after: current.version_of(model.workspace.id) == after.version)  # type: ignore[misc]  # a default argument
            slow.execute("DELETE FROM fieldstone.workspace WHERE name = 'other'")
            await looked(counted, watch)
            assert current.version_of(other.workspace.id) is not None
            slow.commit()
        await looked(counted, watch)
        assert current.version_of(other.workspace.id) is None


async def test_a_snapshot_that_was_read_while_a_look_passed_it_is_found_by_the_next(
    desk: Desk, database: Database, model: Snapshot
) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        await looked(counted, watch)
        after = await desk.change(lambda _: [new_object("project")])
        # It is not loaded yet, so that it is not behind.
        await looked(counted, watch)
        current.publish(model)
        await looked(counted, watch)
        await until(lambda: current.version_of(model.workspace.id) == after.version)


async def test_a_database_that_was_set_back_is_compared_as_at_the_start(
    desk: Desk, database: Database, model: Snapshot
) -> None:
    counted = Counted(database)
    current = CurrentSnapshots(counted)
    await current.get(model.workspace.id)
    watch = SnapshotWatch(current, counted, interval=NEVER)
    async with watching(watch):
        await looked(counted, watch)
        behind = await desk.change(lambda _: [new_object("project")])
        watch._looks[0] = (watch._looks[0][0], b"%d" % 2**60)
        assert await looked(counted, watch) == 1
        watch.ask()
        await until(lambda: current.version_of(model.workspace.id) == behind.version)


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


async def test_a_look_is_an_index_scan(database: Database, model: Snapshot, model_dsn: str) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO fieldstone.workspace (id, name, schema_name) SELECT gen_random_uuid(), 'n' || n, 's' || n"
            " FROM generate_series(1, 5000) AS n"
        )
        ((since,),) = connection.execute("SELECT pg_current_xact_id()::text").fetchall()
        connection.execute("UPDATE fieldstone.workspace SET version = 7 WHERE name = 'n7'")
        connection.execute("ANALYZE fieldstone.workspace")
    statement, parameters = catalog_statement("moved_since").bind(since=since)
    rows = await database.read(Statement(text=f"EXPLAIN {statement.text}"), parameters, share=None)
    plan = b"\n".join(row[0] or b"" for row in rows).decode()
    assert "Index Scan using workspace_moved" in plan
    assert "Seq Scan on workspace" not in plan
    found = await database.read(statement, parameters, share=None)
    assert [version for _, _, version, _ in found] == [b"7"]


async def test_a_key_that_nobody_changes_is_not_looked_up_each_second(
    desk: Desk, database: Database, model: Snapshot
) -> None:
    made, other = [await desk.keys.create(model.workspace.id, name) for name in ("one", "two")]
    counted, clock = Counted(database), Clock()
    keys = KeyStore(counted, clock=clock)
    watch = SnapshotWatch(CurrentSnapshots(database), database, keys=keys, interval=NEVER)
    # The first look tells where the next one begins.
    await watch.look()
    clock.now = 0.1
    assert await keys.authenticate(made.token) is not None
    assert await keys.authenticate(other.token) is not None
    for clock.now in (1.0, 1.9, 2.8):
        await watch.look()
        assert await keys.authenticate(made.token) is not None
    assert counted.checks == 2
    await desk.keys.revoke(model.workspace.id, made.key.id)
    clock.now = 3.7
    await watch.look()
    assert await keys.authenticate(made.token) is None
    assert await keys.authenticate(other.token) is not None
    assert counted.checks == 3
    # Without a look nothing is known, and after half a minute a use is to be noted.
    clock.now = 4.7
    assert await keys.authenticate(other.token) is not None
    assert counted.checks == 4
    clock.now = 4.7 + KEPT_FOR
    await watch.look()
    assert await keys.authenticate(other.token) is not None
    assert counted.checks == 5


async def test_a_key_is_looked_up_again_where_changes_may_have_been_missed(
    desk: Desk, database: Database, model: Snapshot
) -> None:
    made = await desk.keys.create(model.workspace.id, "one")
    counted, clock = Counted(database), Clock()
    keys = KeyStore(counted, clock=clock)
    assert await keys.authenticate(made.token) is not None
    watch = SnapshotWatch(CurrentSnapshots(database), database, keys=keys, interval=NEVER)
    # It was looked up before the first look, which sees no change before itself.
    clock.now = 0.5
    await watch.look()
    clock.now = 1.2
    await watch.look()
    assert await keys.authenticate(made.token) is not None
    assert counted.checks == 2
    clock.now = 2.0
    await watch.look()
    keys.doubt()
    clock.now = 2.3
    assert await keys.authenticate(made.token) is not None
    assert counted.checks == 3


async def test_a_change_of_a_key_that_ends_after_a_look_is_not_missed(
    desk: Desk, database: Database, model: Snapshot, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.metadata.snapshot_watcher._OVERLAP", -1.0)
    made = await desk.keys.create(model.workspace.id, "one")
    clock = Clock()
    keys = KeyStore(database, clock=clock)
    watch = SnapshotWatch(CurrentSnapshots(database), database, keys=keys, interval=NEVER)
    await watch.look()
    with psycopg.connect(model_dsn) as slow:
        slow.execute("UPDATE fieldstone.api_key SET revoked_at = now()")
        for clock.now in (0.5, 1.0, 1.5):
            await desk.keys.create(model.workspace.id, f"at {clock.now}")
            await watch.look()
            assert await keys.authenticate(made.token) is not None
    clock.now = 2.0
    await watch.look()
    assert await keys.authenticate(made.token) is None


async def test_a_use_of_a_key_is_no_change_of_it(desk: Desk, model: Snapshot, model_dsn: str) -> None:
    made = await desk.keys.create(model.workspace.id, "one")
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        changes: tuple[tuple[LiteralString, bool], ...] = (
            ("UPDATE fieldstone.api_key SET last_used_at = now()", False),
            ("UPDATE fieldstone.api_key SET claims = '{}'", True),
            ("UPDATE fieldstone.api_key SET role_id = role_id", True),
        )
        for change, expected in changes:
            connection.execute("UPDATE fieldstone.api_key SET moved_in = NULL")
            connection.execute(change)
            row = connection.execute("SELECT moved_in IS NOT NULL FROM fieldstone.api_key").fetchone()
            assert row == (expected,), change
    assert made.key.name == "one"
