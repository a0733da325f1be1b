"""A backup is of one moment, and its restoration is the same database, or the same workspace, or nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fieldstone.engine.backup import locks
from fieldstone.engine.backup import restore as restoring
from fieldstone.engine.backup import save as saving
from fieldstone.engine.backup.archive import read_archive
from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.owned import is_saved, stays_behind
from fieldstone.engine.backup.programs import write_definitions
from fieldstone.engine.events.log.partitions import LARGEST, Partitions, Retention
from fieldstone.engine.events.log.reader import EventLog
from fieldstone.metadata.catalog import migrate
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.errors import CatalogTooNew, InvalidChange
from fieldstone.metadata.workspaces.removal import delete_workspace
from tests.databases import Databases
from tests.engine.backup.databases import (
    MOVED,
    OWN,
    back_up,
    check_no_drift,
    definitions_of,
    fill_two_workspaces,
    of_workspace,
    restore,
    rows_of,
)
from tests.metadata.desk import desk_at, fill_model, new_field, person


@pytest.fixture
def source(databases: Databases) -> Iterator[str]:
    with databases.clone(databases.template("two workspaces to save", fill_two_workspaces)) as dsn:
        yield dsn


@pytest.fixture
def target(databases: Databases) -> Iterator[str]:
    """An empty database."""
    with databases.clone() as dsn:
        yield dsn


@pytest.fixture
def other(databases: Databases) -> Iterator[str]:
    """A database with a workspace `default` of its own."""
    with databases.clone(databases.template("default to restore beside", fill_model)) as dsn:
        yield dsn


def number(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        (value,) = connection.execute(query.encode()).fetchone() or (None,)
        return value


@pytest.mark.long
@pytest.mark.parametrize(("at_once", "scripts"), [(2_000, 2), (1, 4)])
async def test_a_restored_database_has_each_row_and_each_definition(
    at_once: int, scripts: int, source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each script is written by a program that reads the definitions of all workspaces.
    written: list[Sequence[str]] = []

    async def write(archive: Path, schemas: Sequence[str], section: str) -> bytes:
        written.append(schemas)
        return await write_definitions(archive, schemas, section)

    monkeypatch.setattr(restoring, "write_definitions", write)
    monkeypatch.setattr(restoring, "_AT_ONCE", at_once)
    path = tmp_path / "all.backup"
    manifest = await back_up(source, path)
    assert {one.name for one in manifest.workspaces} == {"default", "second"}
    assert path.stat().st_mode & 0o777 == 0o600
    await restore(target, path)
    assert len(written) == scripts
    own = MOVED | OWN
    assert rows_of(target, but=own) == rows_of(source, but=own)
    assert definitions_of(target) == definitions_of(source)
    await check_no_drift(target)
    saved, found = (rows_of(dsn, but=OWN) for dsn in (source, target))
    assert {name: len(rows) for name, rows in found.items()} == {name: len(rows) for name, rows in saved.items()}
    assert sum(one.rows for one in manifest.tables) == sum(map(len, saved.values()))
    # Rows that are inserted later have their numbers behind the restored ones.
    async with desk_at(target) as desk:
        model = await desk.change(lambda snapshot: [new_field(person(snapshot), "later")])
        assert person(model).fields[-1].name == "later"


async def test_positions_are_behind_all_that_a_client_may_have_seen(source: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / "all.backup"
    await back_up(source, path)
    await restore(target, path)
    async with desk_at(target) as desk:
        bounds = await EventLog(desk.database).bounds()
        assert bounds.last - bounds.first == 4
        assert bounds.first > 10**15
        assert bounds.last < 2**53
        assert not any(bounds.holds_all_after(position) for position in (0, 1, 5, 6, 4711, bounds.first - 2))
        # Webhooks go on where they were: their consumer was 3 events behind the head.
        assert number(target, "SELECT position FROM fieldstone.log_consumer") == bounds.last - 3
        assert number(target, "SELECT min(start_position) FROM fieldstone.webhook") == bounds.last - 4
        assert number(target, "SELECT min(position) FROM fieldstone.webhook_delivery") == bounds.last - 3
        assert number(target, "SELECT position FROM fieldstone.log_head") == bounds.last
        # The log grows behind its last position, and its old partition can go.
        partitions = Partitions(desk.database)
        assert await partitions.cover(bounds.last + 1) - bounds.last < 2 * partitions.least
        assert await partitions.trim(Retention()) == []
    again = tmp_path / "again.backup"
    await back_up(target, again)
    with read_archive(again) as archive:
        assert archive.manifest.find("second").name == "second"


@pytest.mark.long
async def test_an_empty_log_goes_on_behind_all_positions_too(other: str, target: str, tmp_path: Path) -> None:
    await back_up(other, tmp_path / "all.backup")
    await restore(target, tmp_path / "all.backup")
    head = number(target, "SELECT position FROM fieldstone.log_head")
    assert head > 10**15
    async with desk_at(target) as desk:
        partitions = Partitions(desk.database)
        assert 0 < await partitions.cover(head + 1) - head <= partitions.least
        bounds = await EventLog(desk.database).bounds()
        assert not bounds.holds_all_after(7)


async def test_a_long_log_is_restored_in_few_partitions(source: str, target: str, tmp_path: Path) -> None:
    """Three thousand, which are made in one transaction, took 107 s and the locks of all."""
    with psycopg.connect(source) as connection:
        connection.execute("UPDATE fieldstone.log_head SET position = position + 10000000")
    await back_up(source, tmp_path / "all.backup")
    await restore(target, tmp_path / "all.backup")
    listed = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'fieldstone.event_log'::regclass"
    assert 10_000_000 // LARGEST < number(target, listed) < 20


async def test_a_backup_is_of_one_moment(source: str, target: str, tmp_path: Path) -> None:
    """The rows that are written while it is made are not in it, in whichever table."""
    before = rows_of(source, but=MOVED | OWN)
    written = []

    def write(line: str) -> None:
        written.append(line)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("INSERT INTO workspace_second.company (id, name) VALUES (gen_random_uuid(), 'late')")
            connection.execute("DELETE FROM workspace_default.person")
            connection.execute("DELETE FROM fieldstone.event_staging")

    await back_up(source, tmp_path / "all.backup", report=write)
    assert len(written) == 3
    await restore(target, tmp_path / "all.backup")
    assert rows_of(target, but=MOVED | OWN) == before


async def test_a_change_of_the_model_between_snapshot_and_lock_takes_another_snapshot(
    source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older snapshot would read a rewritten table as empty."""
    tries = []
    lock = saving._lock

    async def change_and_lock(connection: Any, tables: Any) -> None:
        tries.append(len(tables))
        if len(tries) == 1:
            with psycopg.connect(source, autocommit=True) as changing:
                changing.execute("ALTER TABLE workspace_default.person ALTER COLUMN id TYPE text")
                changing.execute("ALTER TABLE workspace_default.person ALTER COLUMN id TYPE uuid USING id::uuid")
        await lock(connection, tables)

    monkeypatch.setattr(saving, "_lock", change_and_lock)
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("ALTER TABLE workspace_default.activity DROP CONSTRAINT IF EXISTS activity_person_fkey")
        keys = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'workspace_default.person'::regclass"
        ).fetchall()
        for table, name in keys:
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
    await back_up(source, tmp_path / "all.backup")
    assert len(tries) == 2
    await restore(target, tmp_path / "all.backup")
    assert number(target, "SELECT count(*) FROM workspace_default.person") == 30


@pytest.mark.parametrize("saves", ["the database", "the workspace"])
async def test_a_workspace_is_restored_beside_others(saves: str, source: str, other: str, tmp_path: Path) -> None:
    path = tmp_path / "second.backup"
    manifest = await back_up(source, path, "second" if saves == "the workspace" else None)
    assert len(manifest.workspaces) == (1 if saves == "the workspace" else 2)
    before = rows_of(other)
    await restore(other, path, "second")
    await check_no_drift(other)
    saved, found = rows_of(source), rows_of(other)
    id_ = manifest.find("second").id
    for table in ("workspace", "object", "field", "relation", "index", "role", "api_key", "model_change", "audit_log"):
        mine, theirs = of_workspace(found, table, id_), of_workspace(saved, table, id_)
        if table == "workspace":
            theirs = [{**one, "is_distributed": False} for one in theirs]  # whatever node it lay on
        assert mine == theirs, table
        assert mine, table
        # The rows of the other workspace are as they were.
        assert set(before[f"fieldstone.{table}"]) < set(found[f"fieldstone.{table}"])
    assert found["workspace_second.company"] == saved["workspace_second.company"]
    (webhook,) = of_workspace(found, "webhook", id_)
    assert webhook["start_position"] == 0
    assert len(found["fieldstone.webhook_operation"]) == 1
    for table in ("event_log", "event_staging", "webhook_delivery"):
        assert found[f"fieldstone.{table}"] == []
    assert found["fieldstone.denied_token_version"] == ['{"version": 2}']
    async with desk_at(other) as desk:
        model = await desk.writer.change(id_, lambda snapshot: [new_field(person(snapshot), "later")], actor="test")
        assert person(model).fields[-1].name == "later"


async def test_a_workspace_is_restored_under_another_name_and_schema(source: str, other: str, tmp_path: Path) -> None:
    path = tmp_path / "all.backup"
    manifest = await back_up(source, path)
    before = rows_of(other)
    with pytest.raises(BackupRefused, match='another workspace "default" already: --as NAME'):
        await restore(other, path, "default")
    assert rows_of(other) == before
    await restore(other, path, "default", name="old-one")
    saved, found = rows_of(source), rows_of(other)
    assert found["workspace_old_one.person"] == saved["workspace_default.person"]
    assert found["workspace_default.person"] == before["workspace_default.person"] == []
    (row,) = of_workspace(found, "workspace", manifest.find("default").id)
    assert (row["name"], row["schema_name"]) == ("old-one", "workspace_old_one")
    await check_no_drift(other)
    # It is there now, under whichever name.
    with pytest.raises(BackupRefused, match='is there already, as "old-one"'):
        await restore(other, path, "default", name="third")
    with pytest.raises(InvalidChange, match='cannot be called "Third"'):
        await restore(other, path, "default", name="Third")


async def test_a_workspace_is_restored_into_an_empty_database(source: str, target: str, tmp_path: Path) -> None:
    await back_up(source, tmp_path / "second.backup", "second")
    await restore(target, tmp_path / "second.backup", "second")
    await check_no_drift(target)
    assert rows_of(target)["workspace_second.company"] == rows_of(source)["workspace_second.company"]


async def test_a_deleted_workspace_comes_back(source: str, tmp_path: Path) -> None:
    path, before = tmp_path / "all.backup", rows_of(source)
    await back_up(source, path)
    async with desk_at(source) as desk:
        await delete_workspace(desk.database, await desk.workspaces.find("second"))
    assert "workspace_second.company" not in rows_of(source)
    await restore(source, path, "second")
    found = rows_of(source)
    for name in ("workspace_second.company", "fieldstone.idempotency", "fieldstone.field", "fieldstone.api_key"):
        assert found[name] == before[name]


async def test_nothing_is_overwritten(source: str, other: str, tmp_path: Path) -> None:
    path, before = tmp_path / "all.backup", rows_of(other)
    await back_up(source, path)
    content = path.read_bytes()
    with pytest.raises(BackupRefused, match="is there already, and a backup overwrites no file"):
        await back_up(source, path)
    assert path.read_bytes() == content
    with pytest.raises(BackupRefused, match="the database is not empty: it has the schema fieldstone"):
        await restore(other, path)
    assert rows_of(other) == before


async def test_a_secret_without_its_key_is_not_restored_beside_others(source: str, other: str, tmp_path: Path) -> None:
    """The next start of the server there would be refused."""
    path, before = tmp_path / "all.backup", rows_of(other)
    await back_up(source, path)
    assert b"whsec_secret" not in path.read_bytes()
    with pytest.raises(BackupRefused, match="nothing was restored"):
        await restore(other, path, "second", key="another key than the one that the secrets are under")
    assert rows_of(other) == before


async def test_an_unknown_workspace_is_refused(source: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match='there is no workspace "third"'):
        await back_up(source, tmp_path / "third.backup", "third")
    assert not (tmp_path / "third.backup").exists()
    with pytest.raises(BackupRefused, match="has no catalog of Fieldstone"):
        await back_up(target, tmp_path / "none.backup")
    await back_up(source, tmp_path / "all.backup")
    with pytest.raises(BackupRefused, match='has no workspace "third"; it has default, second'):
        await restore(target, tmp_path / "all.backup", "third")


def make_catalog(dsn: str, migrations: Sequence[migrate.Migration]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(QUERIES["create_catalog"])
        for one in migrations:
            connection.execute(one.sql)
            values = {"version": one.version, "name": one.name, "checksum": one.checksum}
            connection.execute(QUERIES["record_migration"], values)


@pytest.mark.long
# The first with a head of the log; the last ones without the search, cells and pauses of webhooks; that before today's.
@pytest.mark.parametrize("version", [10, 15, 35, 52, migrate.MIGRATIONS[-2].version])
async def test_a_backup_of_an_older_catalog_is_brought_up_to_date(
    databases: Databases, target: str, tmp_path: Path, version: int
) -> None:
    """Restorations looked for tables and functions that the catalog of the backup did not have yet."""
    path = tmp_path / "older.backup"
    with databases.clone() as dsn:
        make_catalog(dsn, migrate.MIGRATIONS[:version])
        manifest = await back_up(dsn, path)
        assert manifest.catalog == version
        assert number(dsn, "SELECT max(version) FROM fieldstone.migration") == version
    await restore(target, path)
    assert number(target, "SELECT max(version) FROM fieldstone.migration") == version
    async with desk_at(target) as desk:
        assert desk.catalog.applied == tuple(one.version for one in migrate.MIGRATIONS[version:])


async def test_a_catalog_from_before_the_head_of_the_log_is_not_backed_up(empty_database: str, tmp_path: Path) -> None:
    """The backup could not be restored."""
    make_catalog(empty_database, migrate.MIGRATIONS[:9])
    with pytest.raises(BackupRefused, match="the catalog is at version 9, and only those from 10 on can be restored"):
        await back_up(empty_database, tmp_path / "oldest.backup")


async def test_a_backup_of_a_newer_catalog_is_refused(
    databases: Databases, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "newer.backup"
    await back_up(other, newer)
    monkeypatch.setattr(migrate.check_applied, "__defaults__", (migrate.MIGRATIONS[:-1],))
    with databases.clone() as empty, pytest.raises(CatalogTooNew, match="run a newer Fieldstone"):
        await restore(empty, newer)


async def test_each_table_of_the_catalog_belongs_to_a_workspace_or_stays(other: str) -> None:
    """A new table is saved without being named anywhere; whether its rows go with a workspace is decided here."""
    with psycopg.connect(other, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
            " WHERE table_schema = 'fieldstone' AND table_name IN (SELECT relname FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition) GROUP BY 1"
        ).fetchall()
        positions = connection.execute(
            "SELECT table_name, column_name::text FROM information_schema.columns JOIN pg_class ON relname = table_name"
            " WHERE table_schema = 'fieldstone' AND relkind IN ('r', 'p') AND column_name LIKE '%position%'"
        ).fetchall()
    assert {name for name, _ in tables if not is_saved(name)} == {"sql_role", "record_history", "cursor_key"}
    assert {name for name, columns in tables if stays_behind(name, columns)} == {
        *("event_log", "event_staging", "webhook_delivery", "log_head", "log_consumer"),
        *("denied_token_version", "migration", "deleted_workspace", "deleted_key"),
        *("import_job", "import_chunk", "import_error", "import_batch", "import_record", "webhook_try"),
        *("placement", "placed_credential", "workspace_move", "workspace_load", "moved_event", "log_epoch"),
        *("process", "process_sample", "record_history", "cursor_key"),
    }
    # Those whose positions `event_log.py` moves; those of the model are places that people see.
    assert set(positions) == {
        ("object", "position"),
        ("field", "position"),
        ("event_log", "position"),
        ("record_history", "position"),
        ("log_head", "position"),
        ("moved_event", "position"),
        ("log_consumer", "position"),
        ("webhook", "start_position"),
        ("webhook", "resumed_position"),
        ("webhook_delivery", "position"),
    }


async def test_more_locks_than_the_server_has_room_for_are_refused(
    source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.backup"
    manifest = await back_up(source, path)
    assert all(20 < one.relations < 200 for one in manifest.workspaces)
    monkeypatch.setitem(locks._QUERIES, "lock_room", b"SELECT 50::bigint, 10::bigint")
    with pytest.raises(BackupRefused, match=r"a restoration .* set max_locks_per_transaction to at least \d+,"):
        await restore(target, path)
    assert rows_of(target) == {}
    with pytest.raises(BackupRefused, match=r"a backup .* set max_locks_per_transaction to at least \d+,"):
        await back_up(source, tmp_path / "other.backup")


@pytest.mark.parametrize("workspace", [None, "default"])
async def test_restored_indexes_are_those_of_the_present_server(
    workspace: str | None, source: str, target: str, tmp_path: Path
) -> None:
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.index SET server_major = 14")
    await back_up(source, tmp_path / "all.backup")
    await restore(target, tmp_path / "all.backup", workspace)
    assert number(target, "SELECT count(*) FROM fieldstone.index WHERE server_major = 14") == 0
    await check_no_drift(target)
