"""A database for the servers that are attacked."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.engine.server.prepared import migrate


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """The address of a database with the workspace `default`."""
    with databases.clone(databases.template("default workspace", migrate)) as address:
        yield address
