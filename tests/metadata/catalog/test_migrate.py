"""metadata/catalog/migrate.py: migrations run twice, at once, cut short, and on foreign tables."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fieldstone.metadata.catalog.migrate import EXTENSION_SCHEMA, MIGRATIONS, Catalog, Migration
from fieldstone.metadata.errors import CatalogMismatch, CatalogTooNew
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.registry import Workspaces
from fieldstone.sql.errors import ConnectionLost, DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.plan.text_search import SEPARATORS
from fieldstone.sql.text_order import functions
from tests.databases import Databases
from tests.metadata.desk import connect_database, whole_state

_TABLES = (
    "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname ~ '^(fieldstone|workspace_)'"
)


@pytest.fixture
async def bare_dsn(databases: Databases) -> AsyncIterator[str]:
    """The address of a database with nothing in it."""
    with databases.clone() as dsn:
        yield dsn


@contextlib.asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Database]:
    database = connect_database(dsn)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def extra(version: int, sql: bytes) -> Migration:
    return Migration(version=version, name="extra", sql=sql)


async def test_rows_of_all_tables_can_be_changed_while_all_are_published(model_dsn: str) -> None:
    """Objects could not be deleted, tokens not denied, and imports not undone."""
    refused = []
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("CREATE PUBLICATION everything FOR ALL TABLES")
        for table in rows(model_dsn, _TABLES):
            try:
                connection.execute(sql.SQL("DELETE FROM {} WHERE false").format(sql.Identifier(*table)))
            except psycopg.errors.ObjectNotInPrerequisiteState as error:
                refused.append(str(error))
    assert refused == []


async def test_a_second_run_does_nothing(bare_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fieldstone.metadata.catalog.migrate")
    async with opened(bare_dsn) as database:
        first = await Catalog.migrate(database)
        state = whole_state(bare_dsn)
        second = await Catalog.migrate(database)
    assert first.applied == tuple(migration.version for migration in MIGRATIONS)
    assert caplog.messages == [f"the catalog is at version {first.version}"]
    assert second == replace(first, applied=())
    assert whole_state(bare_dsn) == state


async def test_a_start_that_finds_all_in_place_writes_nothing_and_waits_for_no_lock(bare_dsn: str) -> None:
    rewritten = (
        "SELECT xmin::text FROM pg_proc WHERE pronamespace = 'fieldstone'::regnamespace"
        " UNION ALL SELECT xmin::text FROM pg_ts_config_map WHERE mapcfg = 'fieldstone.words'::regconfig ORDER BY 1"
    )
    async with opened(bare_dsn) as database:
        first = await Catalog.migrate(database)
        before = rows(bare_dsn, rewritten)
        with psycopg.connect(bare_dsn) as other:
            other.execute("SELECT pg_advisory_xact_lock(%(space)s, %(lock)s)", AdvisoryLock.CATALOG.parameters)
            assert await Catalog.migrate(database) == replace(first, applied=())
        assert rows(bare_dsn, rewritten) == before


async def test_a_start_mends_the_use_of_extensions(bare_dsn: str) -> None:
    used = (
        "SELECT (SELECT prosrc FROM pg_proc WHERE oid = 'fieldstone.likeness(text, text)'::regprocedure),"
        " (SELECT count(DISTINCT maptokentype) FROM pg_ts_config_map JOIN pg_ts_dict ON pg_ts_dict.oid = mapdict"
        " WHERE mapcfg = 'fieldstone.words'::regconfig AND dictname = 'unaccent')"
    )
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database)
        ((before, words),) = rows(bare_dsn, used)
        assert EXTENSION_SCHEMA in before
        with psycopg.connect(bare_dsn, autocommit=True) as other:
            other.execute("ALTER TEXT SEARCH CONFIGURATION fieldstone.words ALTER MAPPING FOR word WITH simple")
            other.execute("ALTER EXTENSION pg_trgm SET SCHEMA public")
        assert rows(bare_dsn, used) == [(before, 5)]
        await Catalog.migrate(database)
    assert words == 6
    assert rows(bare_dsn, used) == [(before.replace(EXTENSION_SCHEMA, "public"), 6)]


async def test_several_servers_migrate_at_once(bare_dsn: str) -> None:
    async with opened(bare_dsn) as one, opened(bare_dsn) as two, opened(bare_dsn) as three:
        catalogs = await asyncio.gather(*(Catalog.migrate(database) for database in (one, two, three, one, two)))
    assert sorted(version for catalog in catalogs for version in catalog.applied) == [
        migration.version for migration in MIGRATIONS
    ]
    assert len({catalog.version for catalog in catalogs}) == 1


async def test_a_newer_catalog_is_refused_with_both_versions(bare_dsn: str) -> None:
    newest = MIGRATIONS[-1].version
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database, (*MIGRATIONS, extra(newest + 1, b"SELECT 1")))
        with pytest.raises(CatalogTooNew, match=rf"at version {newest + 1}\b.* up to {newest}\b"):
            await Catalog.migrate(database)


async def test_a_catalog_of_another_build_is_refused(bare_dsn: str) -> None:
    first, *others = MIGRATIONS
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database)
        with pytest.raises(CatalogMismatch, match=r"migration 1 \(catalog\) .* another build"):
            await Catalog.migrate(database, (replace(first, sql=first.sql + b"\n"), *others))


async def test_a_migration_that_fails_leaves_nothing_and_is_run_again(bare_dsn: str) -> None:
    version = MIGRATIONS[-1].version + 1
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database)
        state = whole_state(bare_dsn)
        with pytest.raises(DatabaseError, match="division by zero"):
            await Catalog.migrate(
                database, (*MIGRATIONS, extra(version, b"CREATE TABLE fieldstone.more (id int); SELECT 1/0"))
            )
        assert whole_state(bare_dsn) == state
        mended = (*MIGRATIONS, extra(version, b"CREATE TABLE fieldstone.more (id int)"))
        assert (await Catalog.migrate(database, mended)).applied == (version,)


@pytest.mark.long
async def test_killed_in_the_middle_of_a_migration_the_next_start_does_it(bare_dsn: str) -> None:
    slow = (
        *MIGRATIONS,
        extra(MIGRATIONS[-1].version + 1, b"CREATE TABLE fieldstone.more (id int); SELECT pg_sleep(20)"),
    )
    quick = (*MIGRATIONS, replace(slow[-1], sql=b"CREATE TABLE fieldstone.more (id int)"))
    async with opened(bare_dsn) as database:
        migration = asyncio.create_task(Catalog.migrate(database, slow))
        killed = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while not rows(bare_dsn, killed):
            await asyncio.sleep(0.01)
        with pytest.raises(ConnectionLost):
            await migration
        assert rows(bare_dsn, "SELECT to_regclass('fieldstone.more')") == [(None,)]
        assert (await Catalog.migrate(database, quick)).applied == (slow[-1].version,)


@pytest.mark.long
async def test_behind_a_long_reader_a_migration_holds_no_request_up_and_names_the_reader(
    bare_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    wider = extra(MIGRATIONS[-1].version + 1, b"ALTER TABLE fieldstone.api_key ADD COLUMN more text")
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database)
        with psycopg.connect(bare_dsn, application_name="a backup") as reader:
            reader.execute("LOCK TABLE fieldstone.api_key IN ACCESS SHARE MODE")
            migration = asyncio.create_task(Catalog.migrate(database, (*MIGRATIONS, wider)))
            with psycopg.connect(bare_dsn, autocommit=True) as other:
                other.execute("SET statement_timeout = '4s'")
                while "is tried again" not in caplog.text:
                    other.execute("SELECT count(*) FROM fieldstone.api_key")
                    await asyncio.sleep(0.01)
            assert not migration.done()
            assert f"waits for pid {reader.info.backend_pid} (a backup from a local socket" in caplog.text
            reader.commit()
            assert (await migration).applied == (wider.version,)


async def test_a_migration_that_meets_a_request_in_a_deadlock_gives_way_and_is_run_again(bare_dsn: str) -> None:
    one, other = (f"ALTER TABLE fieldstone.{table} ADD COLUMN more text" for table in ("api_key", "role"))
    wider = f"{one}; SELECT pg_sleep(0.2); {other}".encode()
    version = MIGRATIONS[-1].version + 1
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database)
        async with await psycopg.AsyncConnection.connect(bare_dsn) as request:
            await request.execute("SELECT FROM fieldstone.role")
            migration = asyncio.create_task(Catalog.migrate(database, (*MIGRATIONS, extra(version, wider))))
            while not rows(bare_dsn, "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
                await asyncio.sleep(0.01)
            await request.execute("SELECT FROM fieldstone.api_key")
        assert (await migration).applied == (version,)


async def test_a_migration_may_idle_between_its_statements_and_others_may_not(bare_dsn: str) -> None:
    noting = b"CREATE TABLE fieldstone.noted AS SELECT current_setting('idle_in_transaction_session_timeout') AS ms"
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database, (*MIGRATIONS, extra(MIGRATIONS[-1].version + 1, noting)))
        assert rows(bare_dsn, "SELECT ms FROM fieldstone.noted") == [("0",)]
        async with database.session() as session:
            cursor = await session.execute("SHOW idle_in_transaction_session_timeout")
            assert await cursor.fetchone() == ("10s",)


async def test_a_session_that_ends_before_an_old_token_may_be_one_of_the_new_token(bare_dsn: str) -> None:
    """The sessions that the new token had begun were marked as those of the old one."""
    before = tuple(migration for migration in MIGRATIONS if migration.version < 54)
    async with opened(bare_dsn) as database:
        await Catalog.migrate(database, before)
        with psycopg.connect(bare_dsn, autocommit=True) as other:
            other.execute(
                "INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (gen_random_uuid(), 'w', 'w')"
            )
            other.execute(
                "INSERT INTO fieldstone.role (id, workspace_id, name, label, grants, shown, is_system)"
                " SELECT gen_random_uuid(), id, 'r', 'r', '[]', '[]', false FROM fieldstone.workspace"
            )
            other.execute(
                "INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, role_id, old_token_until)"
                " SELECT gen_random_uuid(), workspace_id, 'k', sha256('k'), id, now() + interval '3 days'"
                " FROM fieldstone.role"
            )
            other.execute(
                "INSERT INTO fieldstone.session (id, workspace_id, token_hash, key_id, name, expires_at)"
                " SELECT gen_random_uuid(), workspace_id, sha256('s'), id, 'k', now() + interval '12 hours'"
                " FROM fieldstone.api_key"
            )
        await Catalog.migrate(database)
    assert rows(bare_dsn, "SELECT by_old_token FROM fieldstone.session") == [(False,)]


async def test_the_extensions_get_a_schema_of_their_own(bare_dsn: str) -> None:
    async with opened(bare_dsn) as database:
        catalog = await Catalog.migrate(database)
    assert catalog.extensions == {"pg_trgm": EXTENSION_SCHEMA, "unaccent": EXTENSION_SCHEMA}


async def test_extensions_that_are_there_are_used_where_they_are(empty_database: str) -> None:
    async with opened(empty_database) as database:
        catalog = await Catalog.migrate(database)
        workspaces = Workspaces(database, CurrentSnapshots(database), trigram=catalog.trigram)
        await workspaces.create("default", actor="test")
    assert catalog.extensions == {"pg_trgm": "public", "unaccent": "public"}
    assert rows(empty_database, "SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_fold' ORDER BY 1") == [
        ("company_name_fold",),
        ("opportunity_name_fold",),
        ("person_email_fold",),
        ("person_jobTitle_fold",),
    ]


async def test_without_the_right_to_extensions_the_rest_works(bare_dsn: str) -> None:
    with psycopg.connect(bare_dsn, autocommit=True) as connection:
        # As managed servers do it that allow some extensions only.
        connection.execute(
            "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql"
            " AS $$BEGIN RAISE 'not here' USING ERRCODE = 'insufficient_privilege'; END$$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION')"
            " EXECUTE FUNCTION public.refuse()"
        )
    async with opened(bare_dsn) as database:
        catalog = await Catalog.migrate(database)
        assert (catalog.extensions, catalog.trigram) == ({}, None)
        workspaces = Workspaces(database, CurrentSnapshots(database), trigram=catalog.trigram)
        snapshot = await workspaces.create("default", actor="test")
    assert set(snapshot.by_plural) == {"companies", "people", "opportunities", "activities"}
    assert not any(index.method == "trigram" for index in snapshot.indexes.values())


def test_the_order_of_texts_is_that_of_its_module() -> None:
    migration = next(migration for migration in MIGRATIONS if migration.name == "text_order")
    assert migration.sql.decode().startswith(functions())


def test_the_separators_of_words_are_those_of_the_search() -> None:
    migration = next(migration for migration in MIGRATIONS if migration.name == "search_separators")
    assert f"'[{SEPARATORS}]+'" in migration.sql.decode()
