"""Fixtures of the engine's tests: the APIs over a copy of a template."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.apis import Apis, Served, open_apis, sample_template, serve
from tests.databases import Databases
from tests.engine.callback_lines import Longest, patch_handles
from tests.engine.large_people import large_template
from tests.engine.server.conftest import app_database, client, start_app
from tests.reference import Reference, load_rows
from tests.specimens import specimen_template

__all__ = ["app_database", "client", "start_app"]


@pytest.fixture(scope="module")
def sample(databases: Databases) -> Iterator[Served]:
    """The APIs over the demo's sample, shared by a module's tests, which only read."""
    with databases.clone(sample_template(databases)) as dsn:
        yield from serve(dsn)


@pytest.fixture
def specimen_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with the specimens."""
    return clone_database(specimen_template(databases))


@pytest.fixture
async def specimens(specimen_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over the specimens."""
    async with open_apis(specimen_dsn) as opened:
        yield opened


@pytest.fixture(scope="module")
def awkward(databases: Databases) -> Iterator[tuple[Served, Reference]]:
    """The APIs over the specimens and the oracle over the same records, shared by a module's tests, which only read."""
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            snapshot = served.snapshot()
            yield served, Reference(snapshot, load_rows(dsn, snapshot))


@pytest.fixture(scope="module")
def served(awkward: tuple[Served, Reference]) -> Served:
    """The APIs over the specimens."""
    return awkward[0]


@pytest.fixture(scope="module")
def reference(awkward: tuple[Served, Reference]) -> Reference:
    """The oracle over the records that `served` serves."""
    return awkward[1]


@pytest.fixture(scope="module")
def large_dsn(databases: Databases) -> Iterator[str]:
    """The address of a database with 100,000 people, shared by a module's tests."""
    with databases.clone(large_template(databases)) as dsn:
        yield dsn


@pytest.fixture
async def large(large_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over many records: people, or those of a module's own `large_dsn`."""
    async with open_apis(large_dsn) as opened:
        yield opened


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> Longest:
    """The counter of the lines of the event loop's callbacks during a test."""
    return patch_handles(monkeypatch)
