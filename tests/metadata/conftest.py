"""Fixtures: a database with the catalog and the workspace `default`, and the services that work on it."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from fieldstone.sql.executor import Database
from tests.databases import Databases
from tests.metadata.changes.refusal import State
from tests.metadata.desk import Desk, connect_database, fill_model, open_desk, whole_state
from tests.metadata.workbench import Workbench


@pytest.fixture
def model_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with the catalog and the workspace `default`."""
    return clone_database(databases.template("model", fill_model))


@pytest.fixture
async def database(model_dsn: str) -> AsyncIterator[Database]:
    """That database."""
    opened = connect_database(model_dsn)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> Desk:
    """The state that one process holds of it."""
    return await open_desk(database)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Workbench]:
    """One process on such a database, for the examples of hypothesis."""
    with databases.clone(databases.template("model", fill_model)) as dsn:
        opened = Workbench(dsn)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def before(bench: Workbench) -> State:
    """The state of that database at first."""
    return whole_state(bench.dsn)
