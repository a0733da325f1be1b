"""Changes from the command line that take long to plan."""

import time
from collections.abc import Callable, Iterator

import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.server.cli.confirm import change_model
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.changes import Change, UpdateObject
from fieldstone.metadata.model import Snapshot

pytestmark = pytest.mark.long


async def test_changes_may_take_longer_to_plan_than_a_transaction_may_idle(workspace_dsn: str) -> None:
    """Plan as slowly as a schema of hundreds of tables is; PostgreSQL ended the transaction meanwhile."""
    dsn = make_conninfo(workspace_dsn, options="-c idle_in_transaction_session_timeout=500ms")

    def plan(snapshot: Snapshot) -> Iterator[Callable[[Snapshot], Change]]:
        time.sleep(1)
        company = snapshot.by_singular["company"].id
        yield lambda _snapshot: UpdateObject(object_id=company, icon="house")

    async with open_foundation_of(load_settings(database_url=dsn, log_level="error"), "default") as foundation:
        found = await foundation.workspaces.find("default")
        assert await change_model(foundation, found, plan, actor="test", check=False, yes=True) == 1
