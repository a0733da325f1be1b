"""Fixtures of the engine's tests: the APIs over a copy of a template."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.apis import Apis, Served, open_apis, sample_template, serve, workspace_template
from tests.databases import Databases


@pytest.fixture
def workspace_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with a workspace without records."""
    return clone_database(workspace_template(databases))


@pytest.fixture
async def apis(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over a workspace without records."""
    async with open_apis(workspace_dsn) as opened:
        yield opened


@pytest.fixture(scope="module")
def sample(databases: Databases) -> Iterator[Served]:
    """The APIs over the demo's sample, shared by a module's tests, which only read."""
    with databases.clone(sample_template(databases)) as dsn:
        yield from serve(dsn)
