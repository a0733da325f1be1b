"""The tests of a cluster of Citus are collected where its archive is there."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.apis import Apis, open_apis, workspace_template
from tests.citus_cluster import ON_CITUS
from tests.databases import Databases

collect_ignore_glob = [] if ON_CITUS else ["test_*.py"]


@pytest.fixture
def workspace_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with a distributed workspace without records."""
    return clone_database(workspace_template(databases))


@pytest.fixture
async def apis(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over such a workspace."""
    async with open_apis(workspace_dsn) as opened:
        yield opened
