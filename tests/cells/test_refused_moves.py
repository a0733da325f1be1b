"""Each limit of docs/how-to/cells.md on the moves of a workspace, refused with its reason before anything is done."""

from typing import Any

import psycopg
import pytest

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves import preparation
from fieldstone.engine.cells.moves.catalog_rows import carry_rows
from fieldstone.engine.server.cells.moving import move
from fieldstone.metadata.catalog.migrate import EXTENSION_SCHEMA, EXTENSIONS
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.workspaces.sql_roles import SqlRoles
from fieldstone.sql.ddl import create
from tests.cells.clusters import cell_services, make_workspace, open_app, place_of, settings_with, url_of

pytestmark = pytest.mark.long


async def refusal(urls: dict[str, str], name: str) -> str:
    settings = settings_with(urls)
    with pytest.raises(MoveRefused) as refused:
        await move(settings, name, "east", lambda _: None)
    assert await place_of(settings, name) == ["home"]
    return str(refused.value)


async def test_what_cannot_be_moved_is_refused_with_its_reason(cells: dict[str, str]) -> None:
    async with open_app(cells) as app:
        model, _ = await make_workspace(app, "home", "first")
        foundation = cell_services(app, "home").foundation

        async def run(cell: str, statement: str) -> None:
            async with cell_services(app, cell).foundation.database.session() as connection:
                await connection.execute(statement.encode())

        assert await refusal(cells, "default") == (
            "the workspace default stays in its cell: each cell has one of its own"
        )
        roles = SqlRoles(foundation.writer, model.workspace.id, actor="test")
        await roles.create("moving_reader", role="viewer", snake_case=False, connections=2, statement_seconds=5)
        assert await refusal(cells, "first") == (
            "the workspace has SQL roles, which are logins of its server: drop them first"
        )
        await roles.drop("moving_reader")
        await run("home", "ALTER TABLE workspace_first.activity SET UNLOGGED")
        assert await refusal(cells, "first") == "the workspace has an unlogged table, which cannot be replicated"
        await run("home", "ALTER TABLE workspace_first.activity SET LOGGED")
        await run("east", "CREATE SCHEMA workspace_first")
        assert await refusal(cells, "first") == "the cell east has a schema workspace_first of another workspace"
        await run("east", "DROP SCHEMA workspace_first")
        await move(settings_with(cells), "first", "east", lambda _: None)


async def test_a_large_table_is_waited_for_without_an_end(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ended the session of the source while the target merged the rows, each time again."""
    limits: list[Any] = []

    async def note(*sessions: Session) -> None:
        show = "SHOW idle_in_transaction_session_timeout"
        limits.extend([await (await session.execute(show)).fetchone() for session in sessions])

    async def carry(source: Session, target: Session, *given: Any, **more: Any) -> None:
        await note(source, target)
        await carry_rows(source, target, *given, **more)

    monkeypatch.setattr(preparation, "carry_rows", carry)
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        await move(settings_with(cells), "first", "east", lambda _: None)
    assert limits == [("0",)] * 4


async def test_a_source_without_a_logical_log_is_refused(cells: dict[str, str], empty_database: str) -> None:
    urls = {"home": url_of(empty_database), "east": cells["east"]}
    # The catalog is made in the empty database first.
    async with open_app(urls, startup_timeout=60.0) as app:
        await make_workspace(app, "home", "first")
        assert await refusal(urls, "first") == (
            "a move reads the log of its source: home needs wal_level = logical, not replica"
        )


async def test_extensions_that_were_made_in_another_order_are_no_reason(cells: dict[str, str]) -> None:
    """PostgreSQL listed them as it found them, and every move between the two cells was refused."""
    async with await psycopg.AsyncConnection.connect(cells["east"], autocommit=True) as east:
        for name in reversed(EXTENSIONS):
            await east.execute(create.create_extension(name, EXTENSION_SCHEMA))
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        await move(settings_with(cells), "first", "east", lambda _: None)
        assert await place_of(settings_with(cells), "first") == ["east"]
