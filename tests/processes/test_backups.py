"""`fieldstone backup` and `restore` as an operator uses them: with real servers, two logins, and under SIGKILL."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.sql.errors import DatabaseError
from tests.databases import Databases
from tests.engine.backup.databases import MOVED, OWN, back_up, fill_two_workspaces, restore, rows_of
from tests.metadata.desk import table_state
from tests.processes.cutting import cutting_way
from tests.processes.forking import Forked
from tests.processes.serving import Served, environment, run, serving
from tests.sql.old_server import old_server
from tests.waiting import eventually, until_found

pytestmark = pytest.mark.long

SECRET_KEY = base64.b64encode(b"a key for these tests, nowhere else").decode()

PEOPLE = (
    '{ people(first: 50, orderBy: { lastName: ASC }, filter: { city: { eq: "Wien" } }) { edges { cursor node {'
    " id firstName lastName createdAt company { name } } } } }"
)
OBJECTS = (
    "{ objects(first: 100) { edges { node { id nameSingular isCustom fields(first: 200) { edges { node {"
    " id name type label options } } } } } } }"
)
QUESTIONS = {
    "/graphql": (
        '{ people(filter: { firstName: { contains: "zo" } }) { totalCount } }',
        PEOPLE,
        "{ companies(first: 20, orderBy: { name: DESC }) { edges { node { id name people { totalCount } } } } }",
        "{ projects { edges { node { id name budget { amountMicros currencyCode } tags } } } }",
    ),
    "/metadata": (
        OBJECTS,
        "{ roles { edges { node { id name grants } } } }",
        '{ apiKeys(filter: { name: { eq: "kept" } }) { edges { node { id name role createdAt } } } }',
        "{ webhooks { edges { node { id targetUrl operations } } } }",
        "{ metadataHistory(first: 100) { edges { node { version actor } } } }",
    ),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="back") as made:
        yield Path(made)


@pytest.fixture
def source(databases: Databases) -> Iterator[str]:
    """A database with the workspaces `default` and `second`."""
    with databases.clone(databases.template("two workspaces to kill", fill_two_workspaces)) as dsn:
        yield dsn


@pytest.fixture
def target(databases: Databases) -> Iterator[str]:
    """An empty database."""
    with databases.clone() as dsn:
        yield dsn


def ask(url: str, key: str, path: str, query: str, **variables: Any) -> Any:
    answer = httpx.post(
        url + path,
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {key}"},
        timeout=30,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def fill(served: Served, key: str) -> None:
    """Make an object with five records, and a webhook."""
    made = ask(
        served.url,
        key,
        "/metadata",
        'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "Project"'
        ' labelPlural: "Projects" }) { id } }',
    )
    for name, type_ in (("budget", "CURRENCY"), ("tags", "ARRAY")):
        ask(
            served.url,
            key,
            "/metadata",
            "mutation ($id: UUID!, $name: String!, $type: FieldMetadataType!) { createField(input: {"
            " objectMetadataId: $id name: $name label: $name type: $type }) { id } }",
            id=made["createObject"]["id"],
            name=name,
            type=type_,
        )
    ask(
        served.url,
        key,
        "/metadata",
        'mutation { createWebhook(input: { targetUrl: "https://example.com/hook" operations: ["project.created"] })'
        " { id } }",
    )
    for number in range(5):
        ask(
            served.url,
            key,
            "/graphql",
            "mutation ($data: ProjectInput!) { createProject(data: $data) { id } }",
            data={"name": f"Zoë {number}", "budget": {"amountMicros": number, "currencyCode": "EUR"}, "tags": ["a"]},
        )


def answers(url: str, key: str) -> list[Any]:
    return [ask(url, key, path, query) for path, queries in QUESTIONS.items() for query in queries]


def refusal_of(url: str, key: str, position: str) -> dict[str, Any]:
    """Return the refusal of a subscription that resumes after a position."""
    query = "subscription ($after: String) { projectCreated(after: $after) { id } }"
    with httpx.stream(
        "POST",
        f"{url}/graphql/stream",
        json={"query": query, "variables": {"after": position}},
        headers={"authorization": f"Bearer {key}", "accept": "text/event-stream"},
        timeout=30,
    ) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                (error,) = json.loads(line.removeprefix("data:"))["errors"]
                return dict(error["extensions"])
    raise AssertionError("the stream has ended without an answer")


def test_a_restored_database_answers_as_before(empty_database: str, target: str, tmp_path: Path) -> None:
    path = str(tmp_path / "all.backup")
    secret = {"FIELDSTONE_SECRET_KEY": SECRET_KEY}
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    with serving("--demo", DATABASE_URL=empty_database, **secret) as served:
        made = run("api-key", "create", "--name", "kept", DATABASE_URL=empty_database)
        key = made.stdout.split()[-1]
        fill(served, key)
        with psycopg.connect(empty_database, autocommit=True) as connection:
            eventually(
                lambda: connection.execute("SELECT max(position) FROM fieldstone.event_log").fetchone() == (5,),
                "the events have no positions",
            )
        before = answers(served.url, key)
        saved = run("backup", path, DATABASE_URL=empty_database)
        assert (saved.returncode, saved.stdout) == (0, ""), saved.stderr
        assert "workspaces 1, records 9,381" in saved.stderr
        # Clients of the old database go on, and see positions that the backup has not.
        ask(served.url, key, "/graphql", 'mutation { createProject(data: { name: "later" }) { id } }')
    checked = run("restore", path, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    done = run("restore", path, DATABASE_URL=target)
    assert done.returncode == 0, done.stderr
    # It was restored without the key of the secrets, and says which one is missing.
    assert "fieldstone: " in done.stderr
    assert "FIELDSTONE_SECRET_KEY" in done.stderr
    checked = run("doctor", DATABASE_URL=target)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with serving(DATABASE_URL=target, **secret) as served:
        assert answers(served.url, key) == before
        # Positions before and behind the backup's are refused alike: none of them is given a second time.
        for position in ("1", "5", "6"):
            assert refusal_of(served.url, key, position)["reason"] == "POSITION_EXPIRED"
        ask(served.url, key, "/graphql", 'mutation { createProject(data: { name: "new" }) { id } }')
        with psycopg.connect(target, autocommit=True) as connection:
            eventually(
                lambda: (
                    connection.execute("SELECT max(position) - min(position) FROM fieldstone.event_log").fetchone()
                    == (5,)
                ),
                "the new event has no position, or not the next one",
            )
    again = run("restore", path, DATABASE_URL=target)
    assert again.returncode == 1
    assert again.stderr.startswith("fieldstone: the database is not empty")
    beside = run("restore", path, "--workspace", "default", "--as", "old", DATABASE_URL=target, **secret)
    assert "is there already" in beside.stderr


def test_mistakes_are_told_in_a_sentence(empty_database: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text", encoding="utf-8")
    for arguments, words in (
        (["restore", str(tmp_path / "none")], "cannot be read: No such file"),
        (["restore", str(tmp_path / "text")], "is no complete backup"),
        (["backup", str(tmp_path / "text")], "is there already, and a backup overwrites no file"),
        (["backup", str(tmp_path / "new")], "there is nothing to save"),
        (["backup", str(tmp_path / "none" / "x")], "cannot be written: No such file"),
    ):
        done = run(*arguments, DATABASE_URL=empty_database)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert done.stderr.startswith("fieldstone: ")
        assert words in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["text"]


def test_the_embedded_database_is_backed_up_and_moves_to_a_server_of_its_own(
    new_data_dir: Path, target: str, tmp_path: Path
) -> None:
    embedded = {"FIELDSTONE_DATA_DIR": str(new_data_dir)}
    assert run("workspace", "create", "second", **embedded).returncode == 0
    whole, one = str(tmp_path / "all.backup"), str(tmp_path / "one.backup")
    assert run("backup", whole, **embedded).returncode == 0
    assert run("backup", one, "--workspace", "second", **embedded).returncode == 0
    assert run("restore", whole, DATABASE_URL=target).returncode == 0
    assert run("workspace", "list", DATABASE_URL=target).stdout.split() == ["default", "second"]
    # And a workspace from a server into an embedded database that is not there yet.
    fresh = {"FIELDSTONE_DATA_DIR": str(new_data_dir.with_name("fresh"))}
    done = run("restore", one, "--as", "moved", **fresh)
    assert (done.returncode, done.stdout.startswith("Workspace 'moved' is restored as of ")) == (0, True), done.stderr
    assert run("workspace", "list", **fresh).stdout.split() == ["moved"]
    assert run("doctor", **fresh).returncode == 0


def kill_at(words: str, *arguments: str, **variables: str) -> bool:
    """Run a command and kill it when it has said these words; return whether it had not ended before."""
    read, write = os.pipe()
    with open(os.devnull, "w") as nowhere, os.fdopen(read) as said:  # noqa: PTH123 - a device
        process = Forked(arguments, environment(**variables), stdout=nowhere.fileno(), stderr=write)
        os.close(write)
        try:
            assert any(words in line for line in said), "the command has ended before"
        finally:
            process.send_signal(signal.SIGKILL)
        return process.wait(timeout=30) == -signal.SIGKILL


def grow(dsn: str) -> None:
    """Give the second workspace so many records that neither command is through with them at once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_second.company (id, name)"
            " SELECT gen_random_uuid(), repeat(md5(n::text), 4) FROM generate_series(1, 15000) AS n"
        )


async def until_alone(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await until_found(
            connection,
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid())",
        )


def test_killed_commands_leave_nothing_behind(source: str, databases: Databases, tmp_path: Path) -> None:
    path = tmp_path / "all.backup"
    grow(source)
    # A test that stood still for a second kills too late, and begins again.
    while not kill_at("workspace_default: ", "backup", str(path), DATABASE_URL=source):
        path.unlink()
    assert not path.exists()
    asyncio.run(until_alone(source))
    assert run("backup", str(path), DATABASE_URL=source).returncode == 0
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    for words in ("default: ", "second: "):
        is_killed = False
        while not is_killed:
            with databases.clone() as target:
                empty = table_state(target)
                is_killed = kill_at(words, "restore", str(path), DATABASE_URL=target)
                if is_killed:
                    asyncio.run(until_alone(target))
                    assert table_state(target) == empty
                    assert rows_of(target) == {}
                    assert run("restore", str(path), DATABASE_URL=target).returncode == 0
                    assert rows_of(target)["workspace_second.company"] == rows_of(source)["workspace_second.company"]


async def test_a_restoration_that_is_cut_off_anywhere_is_whole_or_not_there(
    source: str, target: str, folder: Path
) -> None:
    path = folder / "all.backup"
    await back_up(source, path)
    empty = table_state(target)
    async with cutting_way(target, folder) as (way, near):
        cuts = 0
        for last in itertools.count(2, 9):
            way.begin(last)
            with contextlib.suppress(DatabaseError, psycopg.Error):
                await restore(near, path)
            if not way.was_cut:
                break
            cuts += 1
            await until_alone(target)
            if table_state(target) != empty:
                # The answer to its commit was cut off.
                break
        assert cuts > 10
    assert rows_of(target, but=MOVED | OWN) == rows_of(source, but=MOVED | OWN)


@pytest.mark.system
async def test_servers_of_different_versions_restore_each_others_backups(
    source: str, target: str, tmp_path: Path
) -> None:
    there, back = tmp_path / "there.backup", tmp_path / "back.backup"
    await back_up(source, there)
    before = rows_of(source, but=MOVED | OWN)
    with old_server() as old:
        await restore(old, there)
        # The indexes are made again, by this server.
        indexes = [re.sub('"server_major": [0-9]+', '"server_major": 15', row) for row in before["fieldstone.index"]]
        assert rows_of(old, but=MOVED | OWN) == before | {"fieldstone.index": sorted(indexes)}
        await back_up(old, back)
    await restore(target, back)
    assert rows_of(target, but=MOVED | OWN) == before
