"""The databases and apps that are attacked."""

from collections.abc import Iterator

import pytest

from tests.attacks.raw import Target, attacked
from tests.databases import Databases
from tests.engine.server.conftest import app_database, client, start_app
from tests.engine.server.prepared import migrate
from tests.processes.serving import Served
from tests.sql.driver.conftest import folder

__all__ = ["app_database", "client", "folder", "start_app"]


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """The address of a database with the workspace `default`."""
    with databases.clone(databases.template("default workspace", migrate)) as address:
        yield address


@pytest.fixture
def target(served: Served) -> Iterator[Target]:
    """The server of a module, whose connections and memory are looked at."""
    with attacked(served) as made:
        yield made
