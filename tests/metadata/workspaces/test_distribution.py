"""metadata/workspaces/distribution.py where the database is no cluster; tests/citus has the tests of a cluster."""

import pytest

from fieldstone.metadata.workspaces.distribution import require_coordinator
from fieldstone.sql.errors import NoCoordinator
from tests.citus_cluster import ON_CITUS
from tests.metadata.desk import Desk


async def test_a_plain_database_is_no_coordinator(desk: Desk) -> None:
    if ON_CITUS:
        await require_coordinator(desk.database)
        return
    with pytest.raises(NoCoordinator, match="needs a database with the extension citus"):
        await require_coordinator(desk.database)
