"""Fixtures of the tests of roles."""

from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest

from tests.apis import filled_template, open_apis, serve, workspace_template
from tests.databases import Databases
from tests.engine.access.few_people import Bench
from tests.engine.access.world import World, fill_world
from tests.engine.events.conftest import desk

__all__ = ["desk"]


@pytest.fixture
def world_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with the world."""
    return clone_database(filled_template(databases, "world", fill_world))


@pytest.fixture
async def world(world_dsn: str) -> AsyncIterator[World]:
    """A company and three people: one in the role's city, one that may be read, and one in Rome."""
    async with open_apis(world_dsn) as opened:
        yield World(apis=opened)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    """The engine over a few people and companies, which each example puts back."""
    template = workspace_template(databases)
    with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for served in serve(dsn):
            yield Bench(served, connection)
