"""Fixtures: a database with the catalog and the workspace `default`, and what works on it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from metadata.workspaces import DEFAULT_WORKSPACE
from sql.executor import Database
from tests.databases import Databases
from tests.metadata.desk import Desk, connect_database, open_desk


def _fill(dsn: str) -> None:
    async def fill() -> None:
        database = connect_database(dsn)
        await database.open()
        try:
            desk = await open_desk(database)
            await desk.workspaces.create(DEFAULT_WORKSPACE, actor="test")
        finally:
            await database.close()

    asyncio.run(fill())


@pytest.fixture
def model_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with the catalog and the workspace `default`."""
    return clone_database(databases.template("model", _fill, base=None))


@pytest.fixture
async def database(model_dsn: str) -> AsyncIterator[Database]:
    """That database."""
    opened = connect_database(model_dsn)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> Desk:
    """What one process holds of it."""
    return await open_desk(database)
