"""A fixture of the log's tests."""

from collections.abc import AsyncIterator

import pytest

from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings


@pytest.fixture
async def database(workspace_dsn: str) -> AsyncIterator[Database]:
    """A database with a workspace without records."""
    opened = Database.connect(workspace_dsn, settings=PoolSettings(connections=4))
    await opened.open()
    yield opened
    await opened.close()
