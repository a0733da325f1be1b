"""Workspaces that are deleted: no move brings them back, and nothing of them stays in any cell."""

from datetime import timedelta
from typing import Any

import pytest

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.mover import find_move, run_move
from fieldstone.engine.cells.moves.unfinished import finish_moves
from fieldstone.engine.server.cells import moving
from fieldstone.engine.server.cells.fleet import open_cell
from fieldstone.engine.server.cells.moving import cancel, drop_all_left, move
from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.server.cli import workspaces
from fieldstone.engine.server.cli.upkeep import migrate
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.workspaces.removal import delete_workspace
from tests.cells.clusters import cell_services, make_workspace, open_app, place_of, settings_with
from tests.cells.stopped_moves import SLOTS, Paused, Stopped, databases_of, execute, fetch

pytestmark = pytest.mark.long

MOVES = "SELECT count(*) FROM fieldstone.workspace_move"
PLACED = "SELECT count(*) FROM fieldstone.placement WHERE name = 'first'"
ROWS = "SELECT count(*) FROM fieldstone.workspace WHERE name = 'first'"
SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(gone_|workspace_first)'"
SUBSCRIPTIONS = (
    "SELECT count(*) FROM pg_subscription JOIN pg_database AS d ON d.oid = subdbid WHERE datname = current_database()"
)


async def is_clear(cells: dict[str, str]) -> bool:
    """Return whether no cell has anything of the workspace `first` or of a move."""
    of_home = [await fetch(cells["home"], query) for query in (MOVES, PLACED)]
    of_all = [await fetch(url, query) for url in cells.values() for query in (SLOTS, SUBSCRIPTIONS, ROWS, SCHEMAS)]
    return {*of_home, *of_all} == {(0,)}


async def begun(settings: Settings) -> None:
    """Make the workspace `first` in the home, and a move of it whose mover ends behind the copy."""
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    with pytest.raises(Stopped):
        await move(settings, "first", "east", Paused("events are copied"))


async def delete_alone(settings: Settings) -> None:
    """Delete the workspace `first` as a program did that knew nothing of moves."""
    async with open_foundation_of(settings, "first") as foundation:
        await delete_workspace(foundation.database, await foundation.workspaces.find("first"))


async def test_the_deletion_of_a_workspace_undoes_its_move(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    await begun(settings)
    await workspaces.delete(settings, name="first", yes=True)
    assert await is_clear(cells)
    with pytest.raises(UnknownObject):
        await move(settings, "first", "east", lambda _: None)
    await workspaces.create(settings, name="first", cell="east")


async def test_the_deletion_of_a_workspace_that_has_just_arrived_ends_its_move(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    with pytest.raises(Stopped):
        await move(settings, "first", "east", Paused("the cell east has"))
    await workspaces.delete(settings, name="first", yes=True)
    assert await is_clear(cells)


@pytest.mark.parametrize("ending", ["move", "cancel", "servers"])
async def test_a_move_of_a_workspace_that_was_deleted_is_undone(cells: dict[str, str], ending: str) -> None:
    """The repair that doctor printed brought it back in the target, with keys that were valid."""
    settings = settings_with(cells)
    await begun(settings)
    await delete_alone(settings)
    if ending == "move":
        with pytest.raises(UnknownObject):
            await move(settings, "first", "east", lambda _: None)
    elif ending == "cancel":
        await cancel(settings, "first")
    else:
        async with open_app(cells) as app:
            await finish_moves(databases_of(app), databases_of(app)["home"])
    assert await place_of(settings, "first") == []
    await workspaces.delete(settings, name="first", yes=True)
    assert await is_clear(cells)


async def test_a_new_workspace_of_the_name_has_nothing_of_the_old_ones_move(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    await begun(settings)
    await delete_alone(settings)
    await workspaces.create(settings, name="first", cell="home")
    await move(settings, "first", "east", lambda _: None)
    assert await place_of(settings, "first") == ["east"]


async def test_a_mover_whose_workspace_is_deleted_brings_it_back_nowhere(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    await begun(settings)
    async with open_cell(settings, settings.cells[0]) as home:
        known = await find_move(home, "first")
        assert known is not None
        await delete_alone(settings)
        async with moving._open_ends(settings, home, *settings.cells) as ends:
            with pytest.raises(MoveRefused, match="does not have the workspace any more"):
                await run_move(ends, known, lambda _: None)
    assert await place_of(settings, "first") == []


async def test_a_second_move_within_a_day_leaves_no_tables_for_ever(cells: dict[str, str]) -> None:
    settings = settings_with({**cells, "west": _beside(cells["east"])})
    await execute(cells["east"], f"CREATE DATABASE {_name(settings)}")
    try:
        await migrate.migrate(settings)
        await workspaces.create(settings, name="first", cell="home")
        await move(settings, "first", "east", lambda _: None)
        await move(settings, "first", "west", lambda _: None)
        await drop_all_left(settings, after=timedelta(minutes=-1))
        assert [await fetch(url, query) for url in cells.values() for query in (ROWS, SCHEMAS)] == [(0,)] * 4
        # The rest of moves of an older program.
        await move(settings, "first", "home", lambda _: None)
        await execute(cells["home"], "DELETE FROM fieldstone.workspace_move")
        await workspaces.delete(settings, name="first", yes=True)
        assert await fetch(settings.cells[2].url, SCHEMAS) == (0,)
    finally:
        await execute(cells["east"], f"DROP DATABASE {_name(settings)} WITH (FORCE)")


async def test_a_cell_that_is_not_there_keeps_the_tables_of_no_other(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        for name in ("first", "second"):
            await make_workspace(app, "home", name)
            await move(settings, name, "east", lambda _: None)
        assert cell_services(app, "home") is not None
    await execute(cells["home"], "UPDATE fieldstone.workspace_move SET source = 'away' WHERE name = 'first'")
    dropped = await drop_all_left(settings, after=timedelta(minutes=-1))
    assert [one.name for one in dropped] == ["second"]


async def test_a_deletion_that_ended_before_the_directory_is_ended_by_the_next(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_with(cells)
    await migrate.migrate(settings)
    await workspaces.create(settings, name="first", cell="home")
    await delete_alone(settings)
    assert await fetch(cells["home"], PLACED) == (1,)
    await workspaces.delete(settings, name="first", yes=True)
    assert "is deleted" in capsys.readouterr().out
    assert await is_clear(cells)
    with pytest.raises(UnknownObject):
        await workspaces.delete(settings, name="first", yes=True)


def _name(settings: Settings) -> str:
    return settings.cells[2].url.partition("?")[0].rpartition("/")[2]


def _beside(url: str) -> Any:
    """Return the address of another database of the same server."""
    return url.replace("?", "_west?", 1)
