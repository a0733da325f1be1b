"""The databases and apps that are attacked."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.engine.server.conftest import app_database, client, start_app
from tests.engine.server.prepared import migrate

__all__ = ["app_database", "client", "start_app"]


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """The address of a database with the workspace `default`."""
    with databases.clone(databases.template("default workspace", migrate)) as address:
        yield address
