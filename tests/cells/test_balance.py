"""The load of workspaces, as it is counted, and the moves that even it."""

import pytest

from fieldstone.engine.cells.balance import Chosen, choose_moves
from fieldstone.engine.cells.load import note_load
from fieldstone.engine.server.cells.workspaces import Placed, list_placed
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.placement import places
from fieldstone.metadata.workspaces.sql_roles import SqlRoles
from tests.cells.clusters import cell_services, client_of, make_workspace, open_app, place_of, send, settings_with

pytestmark = pytest.mark.long


def test_the_largest_load_that_evens_two_cells_moves() -> None:
    moves = choose_moves({"home": {"a": 50.0, "b": 30.0, "c": 5.0}, "east": {"d": 5.0}})
    assert moves == [Chosen("b", "home", "east"), Chosen("c", "home", "east")]


def test_a_cell_takes_part_in_two_moves_at_most() -> None:
    moves = choose_moves({"home": {str(number): 1.0 for number in range(90)}, "east": {}, "west": {}})
    assert len(moves) == 2
    assert {move.source for move in moves} == {"home"}


def test_even_cells_stay_as_they_are() -> None:
    assert choose_moves({"home": {"a": 10.0}, "east": {"b": 9.5}}) == []
    # One workspace alone makes the other cell the full one.
    assert choose_moves({"home": {"a": 10.0}, "east": {}}) == []
    assert choose_moves({"home": {}, "east": {}}) == []
    assert choose_moves({"home": {"a": 1.0}}) == []


async def test_the_load_is_counted_and_evened(cells: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        for name in ("first", "second"):
            _, token = await make_workspace(app, "home", name)
            async with client_of(app, token) as client:
                for _ in range(20):
                    await send(client, 'mutation { createCompany(data: { name: "Acme" }) { id } }')
        await note_load(cell_services(app, "home").foundation.database)
        await note_load(cell_services(app, "home").foundation.database)
        loads = {one.name: one.load for one in await list_placed(settings, weighs=True) if isinstance(one, Placed)}
        assert loads["first"] > 0
        assert loads["second"] > 0
        # The list of each creation asks no file for its bytes: with 600 workspaces that took a second.
        assert not any(one.bytes or one.load for one in await list_placed(settings) if isinstance(one, Placed))
        await places.rebalance(settings)
        found = [one.cell for one in await list_placed(settings) if isinstance(one, Placed) and one.name != "default"]
        assert sorted(found) == ["east", "home"]
        assert "Workspaces moved: 1." in capsys.readouterr().out


async def test_another_workspace_moves_in_the_place_of_one_that_cannot(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One with SQL roles ended the command each time, with nothing moved."""
    settings = settings_with(cells)
    async with open_app(cells) as app:
        models = {name: (await make_workspace(app, "home", name))[0] for name in ("first", "second", "third")}
        writer = cell_services(app, "home").foundation.writer
        for name, model in models.items():
            if name == "third":
                continue
            roles = SqlRoles(writer, model.workspace.id, actor="test")
            await roles.create(
                f"stays_with_{name}", role="viewer", snake_case=False, connections=1, statement_seconds=5
            )
        try:
            with pytest.raises(CommandError, match="1 workspaces were moved, and 2 cannot be: "):
                await places.rebalance(settings)
            assert "second stays: the workspace has SQL roles" in capsys.readouterr().err
            assert await place_of(settings, "third") == ["east"]
        finally:
            for name in ("first", "second"):
                await SqlRoles(writer, models[name].workspace.id, actor="test").drop(f"stays_with_{name}")
