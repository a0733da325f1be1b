"""Fixtures of the tests of roles."""

import pytest

from tests.apis import Apis
from tests.engine.access.world import World, make_world
from tests.engine.server.conftest import app_database, start_app

__all__ = ["app_database", "start_app", "world"]


@pytest.fixture
async def world(apis: Apis) -> World:
    """A company and three people: one in the role's city, one that may be read, and one in Rome."""
    return await make_world(apis)
