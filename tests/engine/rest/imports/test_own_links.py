"""Files whose records point to each other: a tree in any order is imported, and its trial says so."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from fieldstone.engine.rest.imports import writer
from fieldstone.engine.rest.imports.rows import Row
from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import add_manager
from tests.engine.rest.import_jobs.jobs import act, counts, end_of
from tests.engine.server.conftest import StartApp

IDS = [f"00000000-0000-4000-a000-{number:012d}" for number in range(5)]


@pytest.fixture
async def tree(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a model whose people have a manager."""
    await add_manager(client)
    return client


async def report(client: httpx.AsyncClient, path: str, text: str, status: int = 200) -> Any:
    answer = await ask(client, "POST", path, status, content=text)
    (found,) = answer["data"].values()
    return found


CHILDREN_FIRST = (
    f"id,email,managerId\n{IDS[3]},d@x,{IDS[2]}\n{IDS[2]},c@x,{IDS[1].upper()}\n{IDS[1]},b@x,{IDS[0]}\n{IDS[0]},a@x,\n"
)
PARENTS_FIRST = "email,manager.email\na@x,\nb@x,a@x\nc@x,b@x\nd@x,c@x\n"


@pytest.mark.long
@pytest.mark.parametrize("text", [CHILDREN_FIRST, PARENTS_FIRST], ids=["children first", "parents first"])
async def test_the_trial_of_a_tree_ends_as_its_import(tree: httpx.AsyncClient, text: str) -> None:
    trial = await report(tree, "people.csv?dry_run=true", text)
    assert (trial["created"], trial["failed"]) == (4, 0)
    assert (await ask(tree, "GET", "people?limit=0"))["totalCount"] == 0
    job = (await ask(tree, "POST", "imports?object=people&format=csv", 201, content=text))["data"]["import"]
    await act(tree, job["id"], "check")
    assert counts(await end_of(tree, job["id"])) == (4, 0, 0)
    done = await report(tree, "people.csv", text)
    assert (done["created"], done["failed"]) == (4, 0)


@pytest.mark.long
async def test_a_trial_refuses_links_that_lead_nowhere_and_all_that_is_wrong_beside_a_link(
    tree: httpx.AsyncClient,
) -> None:
    await ask(tree, "POST", "people", 201, json={"email": "taken@x"})
    text = (
        f"id,email,managerId\n{IDS[1]},taken@x,{IDS[0]}\n{IDS[2]},c@x,{IDS[4]}\n{IDS[3]},d@x,{IDS[1]}\n{IDS[0]},a@x,\n"
    )
    trial = await report(tree, "people.csv?dry_run=true", text)
    done = await report(tree, "people.csv", text)
    assert [(one["row"], one["code"]) for one in trial["errors"]] == [
        (1, "CONFLICT"),
        (2, "NOT_FOUND"),
        (3, "NOT_FOUND"),
    ]
    assert trial["errors"] == done["errors"]
    assert trial["created"] == done["created"] == 1


async def test_a_file_that_is_all_or_nothing_finds_no_record_of_its_own(tree: httpx.AsyncClient) -> None:
    answer = await report(tree, "people.csv?all_or_nothing=true", PARENTS_FIRST, 400)
    assert {error["code"] for error in answer["errors"]} == {"NOT_FOUND"}
    for error in answer["errors"]:
        assert error["message"].count("which finds no record of its own file") == 1


@pytest.mark.long
async def test_the_trial_of_many_children_ends_as_their_import(
    tree: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_MOST_HELD", 600)
    text = f"id,email,managerId\n{IDS[0]},root@x,\n" + "".join(f",{number}@x,{IDS[0]}\n" for number in range(1_500))
    trial = await report(tree, "people.csv?dry_run=true", text)
    assert (trial["created"], trial["failed"]) == (1_501, 0)


def chain(length: int) -> str:
    """Return a file in which each record points to the one behind it."""
    ids = [f"00000000-0000-4000-b000-{number:012d}" for number in range(length)]
    rows = zip(ids, [*ids[1:], ""], strict=True)
    return "id,email,managerId\n" + "".join(f"{id_},{id_[-4:]}@x,{manager}\n" for id_, manager in rows)


async def test_a_long_chain_against_the_order_of_its_file_is_written_link_by_link(
    tree: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    write_all = writer.BatchWriter.write_all

    async def counted(one: writer.BatchWriter, rows: Sequence[Row], *more: Any) -> None:
        sizes.append(len(rows))
        await write_all(one, rows, *more)

    monkeypatch.setattr(writer.BatchWriter, "write_all", counted)
    for path in ("people.csv?dry_run=true", "people.csv"):
        sizes.clear()
        done = await report(tree, path, chain(40))
        assert (done["created"], done["failed"]) == (40, 0)
        # It was 1,600 rows and more: all that were left, again for each link.
        assert sum(sizes) < 400, sizes


async def test_rows_that_were_held_back_are_not_written_once_the_key_has_ended(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app() as (app, client):
        await add_manager(client)
        named = {"query": 'mutation { createApiKey(input: { name: "stolen" }) { id token } }'}
        key = (await client.post("/metadata", json=named)).json()["data"]["createApiKey"]
        revoke = f'mutation {{ revokeApiKey(id: "{key["id"]}") {{ id }} }}'
        written = 0
        write_all = writer.BatchWriter.write_all

        async def revoking(one: writer.BatchWriter, rows: Sequence[Row], *more: Any) -> None:
            nonlocal written
            await write_all(one, rows, *more)
            written += len(rows)
            if written == 5:
                assert "errors" not in (await client.post("/metadata", json={"query": revoke})).json()
                await (await app.runtime.ready()).watch.look()

        monkeypatch.setattr(writer.BatchWriter, "write_all", revoking)
        headers = {"authorization": f"Bearer {key['token']}", "content-type": "text/csv"}
        answer = await client.post("/rest/people.csv", content=chain(20), headers=headers)
        assert (answer.status_code, "not valid any more" in answer.text) == (503, True)
        assert (await ask(client, "GET", "people?limit=0"))["totalCount"] == written == 5
