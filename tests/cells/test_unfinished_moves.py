"""Moves that meet another one, or whose mover ends: the workspace is served, and nothing is kept for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from fieldstone.engine.backup.programs import dump_definitions
from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves import mover, preparation
from fieldstone.engine.cells.moves.mover import find_move
from fieldstone.engine.cells.moves.replication import begin_replication, wait_until_near
from fieldstone.engine.cells.moves.switch import switch as switch_source
from fieldstone.engine.cells.moves.unfinished import finish_moves, list_unfinished
from fieldstone.engine.server.cells import moving
from fieldstone.engine.server.cells.moving import cancel, move
from fieldstone.engine.server.cli import doctor
from fieldstone.engine.server.cli.command_error import DifferenceFound
from fieldstone.sql.errors import SqlError
from tests.cells.clusters import client_of, make_workspace, open_app, open_first, place_of, send, settings_with
from tests.cells.stopped_moves import COUNT, CREATE, SLOTS, Paused, Stopped, databases_of, execute, fetch, is_row
from tests.waiting import until, until_true

pytestmark = pytest.mark.long

HOOK = 'mutation { createWebhook(input: { targetUrl: "https://a.example/", operations: ["*.*"] }) { id } }'
RESTS = "SELECT count(*) FROM fieldstone.webhook WHERE rests_until = 'infinity'"


async def test_two_movers_and_a_cancellation_keep_out_of_each_others_way(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(cells)
    monkeypatch.setattr(mover, "_PATIENCE", 0.3)
    async with open_app(cells) as app:
        _, token = await make_workspace(app, "home", "first")
        await make_workspace(app, "home", "second")
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def switch(*given: Any) -> None:
            begun.set()
            await go_on.wait()
            await switch_source(*given)

        async with client_of(app, token) as client:
            await send(client, CREATE, name="before")
            with monkeypatch.context() as patch:
                patch.setattr(mover, "switch", switch)
                first = asyncio.create_task(move(settings, "first", "east", lambda _: None))
                await begun.wait()
                with pytest.raises(MoveRefused, match="another process moves the workspace"):
                    await move(settings, "first", "east", lambda _: None)
                # It would take the target away from under the mover.
                with pytest.raises(MoveRefused, match="another process moves the workspace"):
                    await cancel(settings, "first")
                (unfinished,) = await list_unfinished(databases_of(app)["home"], databases_of(app))
                assert unfinished.is_running
                # A move of another workspace goes beside it.
                begun.clear()
                second = asyncio.create_task(move(settings, "second", "east", lambda _: None))
                await begun.wait()
                go_on.set()
                await asyncio.gather(first, second)
            assert await place_of(settings, "first") == ["east"]
            assert await place_of(settings, "second") == ["east"]
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1


ADD = (
    'mutation { createObject(input: { nameSingular: "gadget", namePlural: "gadgets", labelSingular: "Gadget",'
    ' labelPlural: "Gadgets" }) { id } }'
)
END_HOLD = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fieldstone workspace move'"


async def test_a_mover_whose_hold_of_the_model_was_ended_leaves_no_change_behind(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source restarts while tables are copied: the target served the model from before, without the new object."""
    settings = settings_with(cells)
    async with open_first(cells) as (_, client):

        async def wait(*given: Any) -> None:
            await wait_until_near(*given)
            assert await fetch(cells["home"], END_HOLD) == (True,)
            answer = await client.post("/metadata", json={"query": ADD})
            assert "errors" not in answer.json(), answer.text
            await send(client, 'mutation { createGadget(data: { name: "kept" }) { id } }')

        with monkeypatch.context() as patch:
            patch.setattr(mover, "wait_until_near", wait)
            with pytest.raises(MoveRefused, match="start the move again"):
                await move(settings, "first", "east", lambda _: None)
        await move(settings, "first", "east", lambda _: None)
        assert (await send(client, "{ gadgets { totalCount } }"))["data"]["gadgets"]["totalCount"] == 1


async def test_a_bound_on_idle_sessions_does_not_end_the_hold_of_a_mover(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        await bound_idle_sessions(cells["home"])

        async def wait(*given: Any) -> None:
            await wait_until_near(*given)
            await until_idle_sessions_end(cells["home"])

        monkeypatch.setattr(mover, "wait_until_near", wait)
        await move(settings, "first", "east", lambda _: None)
        assert await place_of(settings, "first") == ["east"]


async def test_a_bound_on_idle_sessions_does_not_end_a_move_while_the_definitions_are_read(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session of the target waited for `pg_dump` out of a transaction."""
    settings = settings_with(cells)
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        for cell in ("home", "east"):
            await bound_idle_sessions(cells[cell])

        async def dump(*given: Any) -> AsyncIterator[bytes]:
            await until_idle_sessions_end(cells["east"])
            async for chunk in dump_definitions(*given):
                yield chunk

        monkeypatch.setattr(preparation, "dump_definitions", dump)
        await move(settings, "first", "east", lambda _: None)
        assert await place_of(settings, "first") == ["east"]


async def bound_idle_sessions(cell: str) -> None:
    """Have a cell end the sessions from now on that are idle."""
    name = psycopg.conninfo.conninfo_to_dict(cell)["dbname"]
    await execute(cell, f"ALTER DATABASE {name} SET idle_session_timeout = '300ms'")


async def until_idle_sessions_end(cell: str) -> None:
    """Wait until a cell has ended a session that is younger than all others."""
    async with await psycopg.AsyncConnection.connect(cell, autocommit=True) as younger:
        with pytest.raises(psycopg.OperationalError):
            async with asyncio.timeout(60):
                await anext(younger.notifies())


@pytest.mark.parametrize("line", ["the tables are made in the target", "the records are copied", "events are copied"])
async def test_a_move_is_cancelled_at_each_step(cells: dict[str, str], line: str) -> None:
    settings = settings_with(cells)
    async with open_first(cells) as (_, client):
        await send(client, CREATE, name="before")
        with pytest.raises(Stopped):
            await move(settings, "first", "east", Paused(line))
        await cancel(settings, "first")
        for cell in cells.values():
            assert await fetch(cell, SLOTS) == (0,)
        assert await fetch(cells["east"], "SELECT count(*) FROM fieldstone.workspace WHERE name = 'first'") == (0,)
        assert await fetch(cells["home"], "SELECT count(*) FROM fieldstone.workspace_move") == (0,)
        await send(client, CREATE, name="after")
        await move(settings, "first", "east", lambda _: None)
        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 2


@pytest.mark.parametrize("step", ["make_tables", "carry_first"])
async def test_tables_of_a_mover_that_has_just_made_them_are_no_other_workspaces(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A target that ended between the two steps refused the workspace for ever, and a cancellation left the tables."""
    settings, act = settings_with(cells), getattr(mover, step)
    async with open_app(cells) as app:
        model, token = await make_workspace(app, "home", "first")

        async def stop(*given: Any) -> None:
            await act(*given)
            raise Stopped

        async def stop_a_move() -> None:
            with monkeypatch.context() as patch:
                patch.setattr(mover, step, stop)
                with pytest.raises(Stopped):
                    await move(settings, "first", "east", lambda _: None)

        await stop_a_move()
        await cancel(settings, "first")
        left = f"SELECT to_regnamespace('{model.workspace.schema}')"
        assert await fetch(cells["east"], left) == (None,)
        await stop_a_move()
        await move(settings, "first", "east", lambda _: None)
        async with client_of(app, token) as client:
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 0


async def test_a_mover_that_never_comes_back_leaves_the_source_as_it_was(
    cells: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(cells)
    async with open_first(cells) as (app, client):
        await send(client, CREATE, name="before")
        made = await client.post("/metadata", json={"query": HOOK})
        assert "errors" not in made.json()

        async def die(*_: Any) -> None:
            # As a process that is killed with the webhooks at rest.
            await execute(cells["home"], "UPDATE fieldstone.webhook SET rests_until = 'infinity'")
            raise Stopped

        monkeypatch.setattr(mover, "switch", die)
        with pytest.raises(Stopped):
            await move(settings, "first", "east", lambda _: None)
        monkeypatch.undo()
        # The target stops reading, as one that is away: the log of the source grows.
        await execute(cells["east"], await disabling(cells["east"]))
        await until_true(lambda: is_row(cells["home"], RESTS, (0,)))
        with pytest.raises(DifferenceFound):
            await doctor.doctor(settings)
        shown = capsys.readouterr().out
        assert 'The move of the workspace "first" to the cell east stands still' in shown
        assert "fieldstone workspace move first --to east" in shown
        await finish_moves(databases_of(app), databases_of(app)["home"])
        assert await fetch(cells["home"], SLOTS) == (1,)
        await send(client, CREATE, name="after")
        await finish_moves(databases_of(app), databases_of(app)["home"], most_wal=1)
        assert await fetch(cells["home"], SLOTS) == (0,)
        # It begins from its start.
        lines: list[str] = []
        await move(settings, "first", "east", lines.append)
        assert "the tables are made in the target" in lines
        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 2
        capsys.readouterr()
        await doctor.doctor(settings)
        assert "stands still" not in capsys.readouterr().out


async def test_servers_end_a_replication_whose_mover_has_ended(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        with pytest.raises(Stopped):
            await move(settings, "first", "east", Paused("the cell east has"))
        await until_true(lambda: is_row(cells["home"], SLOTS, (0,)))
        await until_true(
            lambda: is_row(cells["home"], "SELECT step FROM fieldstone.workspace_move WHERE done_at < now()", ("DONE",))
        )
        assert await fetch(cells["east"], "SELECT count(*) FROM pg_subscription WHERE subname ~ '^fs_move'") == (0,)


async def test_a_command_that_meets_the_end_of_its_move_by_a_server_is_not_refused(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, lines = settings_with(cells), list[str]()
    async with open_app(cells) as app:
        await make_workspace(app, "home", "first")
        with pytest.raises(Stopped):
            await move(settings, "first", "east", Paused("the records are copied"))
        known = await find_move(databases_of(app)["home"], "first")
        await move(settings, "first", "east", lambda _: None)

        async def find_before(*_: Any) -> Any:
            return known

        monkeypatch.setattr(moving, "find_move", find_before)
        await move(settings, "first", "east", lines.append)
    assert lines == ["the cell east has the workspace: another process has brought the move to its end"]


async def test_a_move_that_finds_the_webhooks_of_the_target_held_opens_its_gate(cells: dict[str, str]) -> None:
    """Two moves in opposite directions hold them in their sources, and waited for each other for ever."""
    settings, lines = settings_with(cells), list[str]()
    async with open_first(cells) as (_, client):
        async with await psycopg.AsyncConnection.connect(cells["east"]) as other:
            await other.execute("SELECT FROM fieldstone.log_consumer WHERE name = 'webhooks' FOR UPDATE")
            going = asyncio.create_task(move(settings, "first", "east", lines.append))
            await until(lambda: any(line.startswith("the writes go on") for line in lines))
            await send(client, CREATE, name="meanwhile")
        await going
        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1


async def test_a_target_that_refuses_rows_is_said_and_the_move_goes_on_when_it_takes_them(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        model, token = await make_workspace(app, "home", "first")
        schema, lines = model.workspace.schema, list[str]()
        monkeypatch.setattr("fieldstone.engine.cells.moves.replication._REPORT_EVERY", 1)
        refuse = (
            "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not"
            " extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;"
            f'CREATE TRIGGER is_full BEFORE INSERT ON "{schema}".company FOR EACH ROW EXECUTE FUNCTION public.full();'
            f'ALTER TABLE "{schema}".company ENABLE ALWAYS TRIGGER is_full'
        )

        def report(line: str) -> None:
            lines.append(line)

        async def begin_full(*given: Any) -> None:
            await execute(cells["east"], refuse)
            await begin_replication(*given)

        monkeypatch.setattr(mover, "begin_replication", begin_full)
        async with client_of(app, token) as client:
            await send(client, CREATE, name="before")
            moving = asyncio.create_task(move(settings, "first", "east", report))
            async with asyncio.timeout(60):
                while not any("has refused rows" in line for line in lines):
                    assert not moving.done()
                    await send(client, CREATE, name="meanwhile")
                    await asyncio.sleep(0.05)
            await execute(cells["east"], "DROP FUNCTION public.full() CASCADE")
            count = (await send(client, COUNT))["data"]["companies"]["totalCount"]
            await moving
            assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == count


async def test_a_move_to_a_target_that_is_away_ends_and_goes_on_later(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(cells)
    away = settings_with({**cells, "east": "postgresql://127.0.0.1:1/nowhere"}, startup_timeout=1)
    async with open_first(cells) as (_, client):
        with pytest.raises(SqlError):
            await move(away, "first", "east", lambda _: None)
        with pytest.raises(Stopped):
            await move(settings, "first", "east", Paused("the records are copied"))
        with pytest.raises(SqlError):
            await move(away, "first", "east", lambda _: None)
        await send(client, CREATE, name="before")
        await move(settings, "first", "east", lambda _: None)
        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == 1


async def test_a_move_waits_for_builds(cells: dict[str, str]) -> None:
    settings, lines = settings_with(cells), list[str]()
    async with open_app(cells) as app:
        model, _ = await make_workspace(app, "home", "first")
    # No server is there, which would end the build.
    index = next(iter(model.indexes.values())).id
    await execute(cells["home"], f"UPDATE fieldstone.index SET status = 'BUILDING' WHERE id = '{index}'")  # noqa: S608 - an id
    moving = asyncio.create_task(move(settings, "first", "east", lines.append))
    async with asyncio.timeout(60):
        while not lines:
            await asyncio.sleep(0.01)
    assert "the move waits for them" in lines[0]
    await execute(cells["home"], f"UPDATE fieldstone.index SET status = 'READY' WHERE id = '{index}'")  # noqa: S608 - an id
    await moving
    assert await place_of(settings, "first") == ["east"]


async def disabling(url: str) -> str:
    query = "SELECT subname FROM pg_subscription JOIN pg_database AS d ON d.oid = subdbid"
    (name,) = await fetch(url, f"{query} WHERE datname = current_database()")
    return f'ALTER SUBSCRIPTION "{name}" DISABLE'
