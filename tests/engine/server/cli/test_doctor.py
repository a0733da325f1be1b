"""`fieldstone doctor` beside commands that change the workspaces meanwhile."""

import asyncio
import threading

import psycopg
import pytest
import typer

from fieldstone.engine.server.cli import workspaces
from fieldstone.engine.server.cli.command_error import DifferenceFound
from fieldstone.engine.server.cli.doctor import doctor
from fieldstone.engine.settings import load_settings
from fieldstone.sql.errors import ReadOnlyServer
from tests.engine.server.prepared import migrate
from tests.replicas.standbys import running_primary, running_standby

pytestmark = pytest.mark.long


async def test_a_workspace_that_is_made_meanwhile_is_no_difference(
    workspace_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE workspace_default.company ADD COLUMN stray text")
        connection.execute("CREATE SCHEMA workspace_stray")
    settings = load_settings(database_url=workspace_dsn, log_level="error")
    lines: list[str] = []

    def create_meanwhile(line: str, **_options: object) -> None:
        if not lines:
            creation = workspaces.create(settings, name="meanwhile")
            thread = threading.Thread(target=asyncio.run, args=(creation,))
            lines.append(line)
            thread.start()
            thread.join()
        else:
            lines.append(line)

    monkeypatch.setattr(typer, "echo", create_meanwhile)
    with pytest.raises(DifferenceFound, match="2 differences"):
        await doctor(settings)
    assert [line for line in lines if "workspace" in line and line.startswith("The schema")] == [
        "The schema workspace_stray belongs to no workspace."
    ]


async def test_a_comparison_on_a_standby_says_why_it_writes() -> None:
    with running_primary() as primary:
        await asyncio.to_thread(migrate, primary.dsn)
        with (
            running_standby(primary) as standby,
            pytest.raises(ReadOnlyServer, match="and a comparison makes temporary tables"),
        ):
            await doctor(load_settings(database_url=standby.dsn, log_level="error"))
