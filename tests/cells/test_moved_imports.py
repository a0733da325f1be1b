"""Import jobs of a workspace that moves: their rows, files and errors come along, and one under way goes on."""

from typing import Any

import pytest

from fieldstone.engine.cells.moves import catalog_rows, mover
from fieldstone.engine.cells.moves.replication import wait_until_near
from fieldstone.engine.server.cells.moving import move
from tests.cells.clusters import open_first, send, settings_with
from tests.cells.stopped_moves import is_row
from tests.engine.rest.asking import ask
from tests.engine.rest.import_jobs.jobs import act, counts, end_of, new_job
from tests.waiting import until_true

pytestmark = pytest.mark.long

ROWS = 6_000
COUNT = "{ people { totalCount } }"
TAKE = 'mutation { createPerson(data: { email: "row1@example.com" }) { id } }'


def people(name: str, count: int) -> str:
    return "email,city\n" + "".join(f"{name}{number}@example.com,Rome\n" for number in range(count))


async def test_imports_come_along_and_go_on(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with open_first(cells) as (_, client):
        done = await new_job(client, people("done", 3) + "done0@example.com,Bonn\n")
        await act(client, done["id"], "run", json={})
        assert counts(await end_of(client, done["id"])) == (3, 0, 1)
        running = await new_job(client, people("running", ROWS))
        await act(client, running["id"], "run", json={})
        await move(settings, "first", "east", lambda _: None)
        errors = await client.get(f"/rest/imports/{done['id']}/errors.csv")
        assert "done0@example.com" in errors.text
        finished = await end_of(client, running["id"])
        assert (finished["status"], counts(finished)) == ("DONE", (ROWS, 0, 0)), finished
        assert (await send(client, COUNT))["data"]["people"]["totalCount"] == ROWS + 3
        # The move back finds the rows that are there.
        await move(settings, "first", "home", lambda _: None)
        await act(client, done["id"], "undo")
        undone = await end_of(client, done["id"])
        assert (undone["status"], undone["undone"], undone["kept"]) == ("UNDONE", 3, 0)
        listed = (await ask(client, "GET", "imports"))["data"]["imports"]
        assert {one["id"] for one in listed} == {done["id"], running["id"]}


async def test_an_import_that_is_run_while_its_workspace_moves_keeps_no_error_of_its_check(
    cells: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other cell kept the errors that were removed meanwhile, and passed over their rows.

    The keys of a million errors were copied one by one, with the writes held for so long that the move was refused.
    """
    is_run, copied = False, list[str]()
    copy_aside = catalog_rows.copy_aside

    async def note_copy(source: Any, target: Any, query: Any, like: Any, columns: Any) -> None:
        if is_run and like.name in {"import_chunk", "import_error"}:
            copied.append(query.as_string())
        await copy_aside(source, target, query, like, columns)

    settings = settings_with(cells)
    async with open_first(cells) as (_, client):
        taken = (await send(client, TAKE))["data"]["createPerson"]["id"]
        job = await new_job(client, people("row", ROWS))
        await act(client, job["id"], "check")
        assert counts(await end_of(client, job["id"])) == (ROWS - 1, 0, 1)

        async def wait(*given: Any) -> None:
            nonlocal is_run
            await wait_until_near(*given)
            if not is_run:
                is_run = True
                await send(client, "mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=taken)
                await act(client, job["id"], "run", json={})

        monkeypatch.setattr(mover, "wait_until_near", wait)
        monkeypatch.setattr(catalog_rows, "copy_aside", note_copy)
        await move(settings, "first", "east", lambda _: None)
        # Both tables are copied whole before the writes are held; then only rows that have changed are. The chunks have
        # if the import has ended by then.
        assert ["xmin" in one for one in copied] in ([False, False, True], [False, False, True, True])
        assert "import_error" in copied[-1]
        finished = await end_of(client, job["id"])
        assert (finished["status"], counts(finished)) == ("DONE", (ROWS, 0, 0)), finished
        assert (await send(client, COUNT))["data"]["people"]["totalCount"] == ROWS
        kept = "SELECT (SELECT count(*) FROM fieldstone.import_error), (SELECT count(*) FROM fieldstone.import_chunk)"
        await until_true(lambda: is_row(cells["east"], kept, (0, 0)))
