"""An upgrade under load: the previous program serves on while the catalog is migrated, and beside the new one.

The previous program is the newest commit that lacks the newest migration and has today's text of all before it, with
the packages of this environment. So each migration has to leave the program before it at work.
"""

import contextlib
import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.metadata.catalog.migrate import MIGRATIONS
from tests.databases import Databases
from tests.engine.backup.databases import restore
from tests.processes.serving import Served, close, environment, run, serving, wait_until_ready
from tests.project.modules import ROOT
from tests.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

QUERY = "{ companies(first: 5, orderBy: { createdAt: DESC }) { edges { node { id name } } totalCount } }"
CREATE = "mutation ($name: String!) { createCompany(data: { name: $name }) { id } }"
CREATE_OBJECT = (
    'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "Project"'
    ' labelPlural: "Projects" }) { id } }'
)


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, f"this test needs the repository's history: {done.stderr.decode()}"
    return done.stdout


def migrations_at(commit: str) -> list[str]:
    """Return the migrations of a commit in order: a line with the identity of the text and the name of each."""
    return git("ls-tree", "-r", commit, "--", "metadata/catalog/migrations").decode().splitlines()


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the newest commit that has all of today's migrations but the newest ones."""
    today = migrations_at("HEAD")
    commits = git("log", "--format=%H", "--", "metadata/catalog/migrations").decode().split()
    older = next(c for c in commits if len(has := migrations_at(c)) < len(today) and has == today[: len(has)])
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(git("archive", older))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def start_previous(previous: Path, *arguments: str, **variables: str) -> Served:
    """Start the previous program's server on a free port."""
    settings = {"FIELDSTONE_ENV": "development", "API_RATE_LIMITING_LIMIT": "0", **variables}
    process = subprocess.Popen(
        # The first place that modules are looked for in is the working directory.
        [sys.executable, "-m", "fieldstone.engine", "serve", "--port", "0", *arguments],
        cwd=previous,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    return Served(process, process.stdout, process.stderr)


@contextlib.contextmanager
def serving_previous(previous: Path, **variables: str) -> Iterator[Served]:
    served = start_previous(previous, **variables)
    try:
        wait_until_ready(served)
        yield served
        assert served.stop() == 0, "".join(served.errors)
    finally:
        close(served)


@dataclass(slots=True)
class Load:
    """Clients that read and write, one request after the other, and note each answer that is none."""

    served: Served
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    def ask(self, client: httpx.Client, query: str, **variables: Any) -> Any:
        answer = client.post("/graphql", json={"query": query, "variables": variables})
        if answer.status_code != 200 or "errors" in answer.json():
            self.failures.append(answer.text)
        self.answered += 1

    def work(self, end: threading.Event) -> None:
        with self.served.client() as client:
            while not end.is_set():
                try:
                    self.ask(client, QUERY)
                    self.ask(client, CREATE, name=f"company {self.answered}")
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))


@contextlib.contextmanager
def under_load(served: Served, clients: int = 2) -> Iterator[Load]:
    """Load a server for the length of the block, in which each request must be answered."""
    end, load = threading.Event(), Load(served)
    threads = [threading.Thread(target=load.work, args=[end]) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert load.failures == []


def goes_on(load: Load) -> None:
    """Return when a server has answered more requests."""
    before = load.answered
    eventually(lambda: load.answered > before + 20 or load.failures != [], "no request is answered")


def ask(served: Served, path: str, query: str) -> Any:
    with served.client() as client:
        answer = client.post(path, json={"query": query}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def version_of(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        (version,) = connection.execute("SELECT max(version) FROM fieldstone.migration").fetchone() or (0,)
        return int(version)


def total(served: Served) -> int:
    return int(ask(served, "/graphql", "{ companies { totalCount } }")["companies"]["totalCount"])


async def test_the_previous_program_serves_during_and_beside_an_upgrade(
    previous: Path, databases: Databases, empty_database: str, tmp_path: Path
) -> None:
    dsn, backup = empty_database, tmp_path / "before.backup"
    newest = MIGRATIONS[-1].version
    with serving_previous(previous, DATABASE_URL=dsn) as old, under_load(old) as old_load:
        goes_on(old_load)
        older = version_of(dsn)
        assert older < newest
        saved = run("backup", str(backup), DATABASE_URL=dsn)
        assert saved.returncode == 0, saved.stderr
        # A backup by the new program leaves the catalog as it is.
        assert version_of(dsn) == older
        migrated = run("migrate", DATABASE_URL=dsn)
        assert (migrated.returncode, version_of(dsn)) == (0, newest), migrated.stderr
        goes_on(old_load)
        with serving(DATABASE_URL=dsn) as new, under_load(new) as new_load:
            goes_on(new_load)
            goes_on(old_load)
            # A change of the model through either is served by both.
            ask(old, "/metadata", CREATE_OBJECT)
            eventually(lambda: "projects" in str(ask_names(new)), "the new program does not know the object")
            ask(new, "/graphql", 'mutation { createProject(data: { name: "A" }) { id } }')
            assert ask(old, "/graphql", "{ projects { totalCount } }") == {"projects": {"totalCount": 1}}
        assert total(old) > 40
    # It could serve on, and cannot start again.
    refused = start_previous(previous, DATABASE_URL=dsn)
    try:
        assert refused.process.wait(timeout=60) == 1
        refused.reader.join()
        assert f"the catalog is at version {newest}, and this program knows versions up to {older}: run a newer" in (
            "".join(refused.errors)
        )
    finally:
        close(refused)
    # The way back: the backup from before, and the previous program.
    with databases.clone() as back:
        await restore(back, backup)
        assert version_of(back) == older
        with serving_previous(previous, DATABASE_URL=back) as old, under_load(old, clients=1) as load:
            assert total(old) > 0
            goes_on(load)
        assert version_of(back) == older


def ask_names(served: Served) -> Any:
    return ask(served, "/metadata", "{ objects(first: 100) { edges { node { namePlural } } } }")
