"""Restorations in an installation of several cells: a workspace is in one cell, whatever a backup has."""

from pathlib import Path

import pytest

from fieldstone.engine.cells.directory import Directory
from fieldstone.engine.cells.errors import CellUnavailable
from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cli import api_keys, doctor, workspaces
from fieldstone.engine.server.cli.command_error import CommandError, DifferenceFound
from fieldstone.engine.server.cli.upkeep import backups, migrate
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.workspaces.api_keys import hash_token
from fieldstone.sql import embedded
from tests.cells.clusters import client_of, fresh_cells, open_app, place_of, send, settings_with
from tests.cells.stopped_moves import COUNT, CREATE, databases_of, execute, fetch

pytestmark = pytest.mark.long


async def made(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    """Make the workspace `first` in the home, and return a key."""
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    capsys.readouterr()
    await api_keys.create(settings, workspace="first", name="test", expires_at=None)
    return capsys.readouterr().out.strip().splitlines()[-1]


async def test_a_workspace_that_another_cell_has_is_not_restored_beside_it(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The cells had two workspaces of one id, and acknowledged writes vanished from view."""
    settings, path = settings_with(cells), tmp_path / "first.backup"
    await made(settings, capsys)
    await backups.back_up(settings, path=path, workspace="first")

    async def restore(to: Settings, *, name: str | None) -> None:
        await backups.restore(to, path=path, workspace="first", name=name, check=False, cell="east")

    with pytest.raises(CommandError, match='the cell home has the workspace already, as "first"'):
        await restore(settings, name="second")
    away = settings_with({**cells, "west": "postgresql://127.0.0.1:1/nowhere"}, startup_timeout=0.5)
    with pytest.raises(CellUnavailable, match="the cell west cannot be asked"):
        await restore(away, name="second")
    await workspaces.delete(settings, name="first", yes=True)
    await workspaces.create(settings, name="first", cell="home")
    with pytest.raises(CommandError, match=r'another workspace "first" already, in the cell home: --as'):
        await restore(settings, name=None)
    await restore(settings, name="second")
    assert await place_of(settings, "second") == ["east"]


async def test_a_cell_that_is_restored_leaves_a_workspace_where_it_has_moved(
    cells: dict[str, str],
    cell_servers: dict[str, embedded.EmbeddedServer],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    settings, path = settings_with(cells), tmp_path / "home.backup"
    key = await made(settings, capsys)
    await backups.back_up(settings, path=path, workspace=None, cell="home")
    await move(settings, "first", "east", lambda _: None)
    async with open_app(cells) as app, client_of(app, key) as client:
        await send(client, CREATE, name="behind the backup")
    with fresh_cells(cell_servers) as empty:
        urls = {"home": empty["home"], "east": cells["east"]}
        restored = settings_with(urls)
        await backups.restore(restored, path=path, workspace=None, name=None, check=False, cell="home")
        assert "first: left to the cell east" in capsys.readouterr().err
        assert await place_of(restored, "first") == ["east"]
        left = "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'first|gone_'"
        assert await fetch(urls["home"], left) == (0,)
        placed = "SELECT cell FROM fieldstone.placement WHERE name = 'first'"
        assert await fetch(urls["home"], placed) == ("east",)
        async with open_app(urls) as app, client_of(app, key) as client:
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1
        await doctor.doctor(restored)


async def test_a_cell_is_not_restored_beside_one_with_the_same_workspaces(
    cells: dict[str, str],
    cell_servers: dict[str, embedded.EmbeddedServer],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    settings, path = settings_with(cells), tmp_path / "home.backup"
    await made(settings, capsys)
    await backups.back_up(settings, path=path, workspace=None, cell="home")
    with fresh_cells(cell_servers) as empty:
        more = settings_with({**cells, "west": empty["east"]})
        with pytest.raises(CommandError, match="has not moved there since the backup"):
            await backups.restore(more, path=path, workspace=None, name=None, check=False, cell="west")
        assert await fetch(empty["east"], "SELECT count(*) FROM pg_namespace WHERE nspname = 'fieldstone'") == (0,)


async def test_a_workspace_in_two_cells_is_found_in_one_of_them_and_told(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings, path = settings_with(cells), tmp_path / "first.backup"
    key = await made(settings, capsys)
    await backups.back_up(settings, path=path, workspace="first")
    alone = load_settings(database_url=cells["east"], log_level="error")
    await backups.restore(alone, path=path, workspace="first", name="second", check=False)
    with pytest.raises(DifferenceFound):
        await doctor.doctor(settings)
    told = 'One workspace is in several cells: the cell home as "first" and the cell east as "second".'
    assert told in capsys.readouterr().out
    async with open_app(cells) as app:
        directory = Directory("home", lambda: databases_of(app))
        # The directory has it in the home.
        hash_ = hash_token(key)
        assert hash_ is not None
        place = await directory.find_credential(hash_)
        assert place is not None
        assert place.cell == "home"
        await execute(cells["home"], "DELETE FROM fieldstone.placement")
        await execute(cells["home"], "UPDATE fieldstone.workspace SET epoch = 2 WHERE name = 'first'")
        assert await directory.find_workspace(place.workspace_id) == "home"
        await execute(cells["home"], "DELETE FROM fieldstone.placement")
        assert await directory.find_credential(hash_) == place
