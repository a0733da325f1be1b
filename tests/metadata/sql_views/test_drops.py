"""SQL roles that an administrator has given more than Fieldstone does, and the waits for locks of their logins."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from fieldstone.metadata.errors import ChangeFailed, ModelBusy
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.metadata.workspaces.sql_roles import SqlRoles
from fieldstone.metadata.writer import lock_waits
from fieldstone.sql.locks import AdvisoryLock
from tests.metadata.desk import Desk
from tests.metadata.sql_views.readers import reader_of, sql_roles


def statement_of_the_docs() -> str:
    text = Path("docs/explanation/security.md").read_text(encoding="utf-8").partition("  ```sql\n")[2]
    return text.partition("\\gexec")[0].replace("TO fieldstone'", "TO CURRENT_USER'")


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def database_of(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        return connection.info.dbname


async def test_a_login_with_rights_of_an_administrator_is_dropped(desk: Desk, model_dsn: str) -> None:
    """PostgreSQL refused it each time, and the command did not say why."""
    roles = await sql_roles(desk)
    async with reader_of(desk, model_dsn) as reader:
        run(
            model_dsn,
            f'GRANT CONNECT ON DATABASE "{database_of(model_dsn)}" TO "{reader.made.name}"',
            f'GRANT SELECT ON fieldstone.workspace TO "{reader.made.name}"',
        )
        await roles.drop(reader.made.name)
        assert await roles.list() == ()


async def test_a_deleted_workspace_takes_such_a_login_along(desk: Desk, model_dsn: str) -> None:
    made = await desk.workspaces.create("other", actor="test")
    name = f"granted_{made.workspace.id.hex}"
    await SqlRoles(desk.writer, made.workspace.id, actor="test").create(
        name, role="viewer", snake_case=False, connections=1, statement_seconds=1
    )
    run(model_dsn, f'GRANT CONNECT ON DATABASE "{database_of(model_dsn)}" TO {name}')
    await delete_workspace(desk.database, made.workspace)
    with psycopg.connect(model_dsn) as connection:
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchall() == []


async def test_a_login_that_owns_tables_is_refused_with_their_names(desk: Desk, model_dsn: str) -> None:
    roles = await sql_roles(desk)
    async with reader_of(desk, model_dsn) as reader:
        name = reader.made.name
        run(model_dsn, "CREATE TABLE public.notes (id int)", f'ALTER TABLE public.notes OWNER TO "{name}"')
        with pytest.raises(ChangeFailed, match=r"objects depend on it: owner of table .*notes"):
            await roles.drop(name)
        run(model_dsn, "DROP TABLE public.notes")


async def test_a_login_that_holds_a_lock_of_ours_is_named(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workspaces and keys waited for it without an end and without a word."""
    model = await desk.default()
    monkeypatch.setattr(lock_waits, "LIMIT", 0.2)
    catalog = AdvisoryLock.CATALOG.parameters
    async with reader_of(desk, model_dsn) as reader, asyncio.timeout(20):
        told = f'the login "{reader.made.name}" .* did not let it go within 0.2 seconds'
        with psycopg.connect(reader.dsn, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%(space)s, %(lock)s)", catalog)
            with pytest.raises(ModelBusy, match=told):
                await desk.workspaces.create("other", actor="test")
            other.execute("SELECT pg_advisory_unlock_all()")
            word = f"fieldstone.rows {model.workspace.id}"
            other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [word])
            with pytest.raises(ModelBusy, match=told):
                await desk.keys.create(model.workspace.id, "test")
        await desk.keys.create(model.workspace.id, "test")
        await desk.workspaces.create("other", actor="test")


async def test_the_statement_of_the_docs_takes_the_locks_from_other_logins(desk: Desk, model_dsn: str) -> None:
    query = statement_of_the_docs()
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        for (statement,) in connection.execute(query.encode()).fetchall():
            connection.execute(statement.encode())
    async with reader_of(desk, model_dsn) as reader:
        for function in ("pg_advisory_lock", "pg_try_advisory_xact_lock_shared"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.rows(f"SELECT {function}(1)")
    await desk.keys.create((await desk.default()).workspace.id, "test")
