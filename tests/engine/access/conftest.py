"""Fixtures of the tests of roles."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.apis import filled_template, open_apis
from tests.databases import Databases
from tests.engine.access.world import World, fill_world


@pytest.fixture
def world_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with the world."""
    return clone_database(filled_template(databases, "world", fill_world))


@pytest.fixture
async def world(world_dsn: str) -> AsyncIterator[World]:
    """A company and three people: one in the role's city, one that may be read, and one in Rome."""
    async with open_apis(world_dsn) as opened:
        yield World(apis=opened)
