"""The commands on an installation of several cells."""

import contextlib
import re
import socket
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fieldstone.engine.cells.errors import CellsAreOne, CellUnavailable
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cli import api_keys, doctor, schema, workspaces
from fieldstone.engine.server.cli.command_error import CommandError, DifferenceFound
from fieldstone.engine.server.cli.placement import places
from fieldstone.engine.server.cli.upkeep import backups, migrate, status
from fieldstone.engine.server.cli.workers.connection_budget import require_cells
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.errors import NameTaken, UnknownObject
from fieldstone.sql import embedded
from tests.cells.clusters import client_of, fresh_cells, open_app, send, settings_with

pytestmark = pytest.mark.long


async def make_key(settings: Settings, workspace: str, capsys: pytest.CaptureFixture[str]) -> str:
    await api_keys.create(settings, workspace=workspace, name="test", expires_at=None)
    return capsys.readouterr().out.strip()


async def test_workspaces_are_made_listed_and_deleted_in_their_cells(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    settings = settings_with(cells)
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    # The home has its `default`, too.
    await workspaces.create(settings, name="second")
    with pytest.raises(NameTaken):
        await workspaces.create(settings, name="second", cell="home")
    with pytest.raises(UnknownObject, match="FIELDSTONE_CELLS has home, east"):
        await workspaces.create(settings, name="third", cell="west")
    capsys.readouterr()
    await workspaces.list_all(settings)
    assert sorted(capsys.readouterr().out.split()) == ["default", "first", "second"]
    await places.show(settings)
    rows = [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()]
    assert sorted(rows) == [["default", "home"], ["first", "home"], ["second", "east"]]
    token = await make_key(settings, "second", capsys)
    async with open_app(cells) as app, client_of(app, token) as client:
        await send(client, 'mutation { createCompany(data: { name: "Acme" }) { id } }')
    await backups.back_up(settings, path=tmp_path / "second.backup", workspace="second")
    await workspaces.delete(settings, name="second", yes=True)
    await backups.restore(
        settings, path=tmp_path / "second.backup", workspace="second", name=None, check=False, cell="home"
    )
    async with open_app(cells) as app, client_of(app, token) as client:
        found = await send(client, "{ companies { totalCount } }")
        assert found["data"]["companies"]["totalCount"] == 1
    await doctor.doctor(settings)
    with pytest.raises(UnknownObject, match="--cell has to name one"):
        await backups.back_up(settings, path=tmp_path / "all.backup", workspace=None)


async def test_a_cell_that_is_away_is_said_and_stops_no_other(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_with({**cells, "west": "postgresql://127.0.0.1:1/nowhere"}, startup_timeout=0.5)
    await migrate.migrate(settings)
    shown = capsys.readouterr()
    assert "The catalog of the cell east is at version" in shown.out
    assert "The cell west cannot be reached" in shown.err
    await workspaces.list_all(settings)
    assert "The cell west cannot be asked" in capsys.readouterr().err
    with psycopg.connect(cells["east"], autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.migration SET checksum = checksum || '-' WHERE version = 7")
    with pytest.raises(DifferenceFound) as found:
        await doctor.doctor(settings)
    told = r"the cell east cannot be examined: migration 7 .*another build; the cell west cannot be examined: .*"
    assert re.fullmatch(told, str(found.value), re.DOTALL)
    assert "The cell home:" in capsys.readouterr().out
    with psycopg.connect(cells["east"], autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.migration SET checksum = rtrim(checksum, '-') WHERE version = 7")
    # It may have a workspace of this name.
    with pytest.raises(CellUnavailable):
        await workspaces.create(settings, name="first")
    with pytest.raises(CellUnavailable):
        await api_keys.create(settings, workspace="first", name="test", expires_at=None)


async def test_a_database_with_two_addresses_is_no_second_cell(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor named each workspace as one in several cells, with the command that deletes it."""
    await migrate.migrate(settings_with(cells))
    twice = settings_with({**cells, "again": cells["east"] + "&connect_timeout=9"})
    for command in (migrate.migrate, doctor.doctor):
        with pytest.raises(CellsAreOne, match="the cells east and again are one database"):
            await command(twice)
    assert "delete" not in capsys.readouterr().out


async def test_the_tables_of_one_cell_after_another_are_rewritten(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A cell without the object ends no rewriting in another one, and each line follows the name of its cell."""
    settings = settings_with(cells)
    await migrate.migrate(settings)
    path = tmp_path / "model.yaml"
    path.write_text("version: 1\nobjects: {crate: {namePlural: crates, labelSingular: Crate, labelPlural: Crates}}\n")
    await workspaces.create(settings, name="first", cell="east")
    await schema.apply_file(settings, workspace="first", path=path, yes=True)
    with psycopg.connect(cells["east"], autocommit=True) as connection:
        connection.execute("ALTER TABLE workspace_first.crate ADD gone int")
        connection.execute("ALTER TABLE workspace_first.crate DROP gone")
    capsys.readouterr()
    with pytest.raises(DifferenceFound, match=r'^in the cell home no workspace has an object "crate"$'):
        await doctor.doctor(settings, rewrite=True, object_name="crate")
    assert capsys.readouterr().out.splitlines() == [
        "The cell home:",
        "The cell east:",
        "first: rewriting crate; crate cannot be used meanwhile (ACCESS EXCLUSIVE)",
        "first: crate has room for 1 more columns",
    ]
    await doctor.doctor(settings, rewrite=True, views=True)
    assert "The cell home:\nThe cell east:\n" in capsys.readouterr().out


async def test_cells_that_answer_nothing_hold_up_no_other(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of them alone takes the five seconds of a command."""
    await migrate.migrate(settings_with(cells))
    with contextlib.ExitStack() as silent:
        ports = [silent.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(6)]
        others = {f"west{number}": f"postgresql://127.0.0.1:{port}/nowhere" for number, port in enumerate(ports)}
        settings = settings_with({**others, **cells})
        for command in (status.status, doctor.doctor):
            began = time.monotonic()
            with pytest.raises(DifferenceFound) as found:
                await command(settings)
            assert time.monotonic() - began < 20
            told = [part for part in str(found.value).split("; ") if part.startswith("the cell west")]
            assert [part.split()[2].rstrip(":") for part in told] == list(others)
            shown = capsys.readouterr().out
            assert shown.index("The cell home:") < shown.index("The cell east:")


async def test_the_connections_to_each_cell_are_counted(cells: dict[str, str]) -> None:
    with psycopg.connect(cells["east"]) as connection:
        row = connection.execute("SHOW max_connections").fetchone()
    assert row is not None
    most = int(row[0])
    # A reload starts a third worker.
    await require_cells(settings_with(cells, workers=2, pool_size=most // 4))
    with pytest.raises(CommandError, match=f"In the cell home, 2 workers, .* PostgreSQL allows {most - 3}: lower"):
        await require_cells(settings_with(cells, workers=2, pool_size=most // 2))
    # One that is away is opened later.
    await require_cells(settings_with({"west": "postgresql://127.0.0.1:1/nowhere"}, workers=2, pool_size=most))


async def test_cells_are_no_second_way_to_name_a_database() -> None:
    with pytest.raises(Exception, match="takes the place of DATABASE_URL"):
        load_settings(cells="home=postgresql://a/b", database_url="postgresql://a/b")
    for wrong in ("postgresql://a/b", "home=a", "Home=postgresql://a/b"):
        with pytest.raises(Exception, match="FIELDSTONE_CELLS must be a list of names"):
            load_settings(cells=wrong)
    with pytest.raises(Exception, match=r"^FIELDSTONE_CELLS names the cell home twice\.$"):
        load_settings(cells="home=postgresql://a/b,east=postgresql://e/f,home=postgresql://c/d")
    with pytest.raises(Exception, match=r"^FIELDSTONE_CELLS has one address twice, for home and for east\.$"):
        load_settings(cells="home=postgresql://u:secret@a/b,east=postgresql://u:secret@a/b")
    several = load_settings(cells="home=postgresql://a,b/x,east=postgresql://c/d").cells
    assert [(cell.name, cell.url) for cell in several] == [
        ("home", "postgresql://a,b/x"),
        ("east", "postgresql://c/d"),
    ]


async def test_a_backup_of_a_cell_that_a_workspace_has_left_is_restored(
    cells: dict[str, str], cell_servers: dict[str, embedded.EmbeddedServer], tmp_path: Any
) -> None:
    settings = settings_with(cells)
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    await api_keys.create(settings, workspace="first", name="test", expires_at=None)
    await move(settings, "first", "east", lambda _: None)
    await backups.back_up(settings, path=tmp_path / "home.backup", workspace=None, cell="home")
    with fresh_cells(cell_servers) as empty:
        alone = load_settings(database_url=empty["home"], log_level="error")
        await backups.restore(alone, path=tmp_path / "home.backup", workspace=None, name=None, check=False)
        with psycopg.connect(empty["home"]) as connection:
            row = connection.execute("SELECT presence FROM fieldstone.workspace WHERE name = 'first'").fetchone()
            keys = connection.execute("SELECT name FROM fieldstone.api_key").fetchall()
    assert (row, keys) == (("GONE",), [("test",)])
