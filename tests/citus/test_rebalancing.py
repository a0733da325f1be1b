"""Rebalancing under load; `python -m tests.citus.rebalancing` does it with 1,000 workspaces."""

from tests.citus.rebalancing import COUNT, CREATE, rebalance_under_load
from tests.databases import Databases

WORKSPACES = 5


async def test_no_request_fails_and_no_record_is_lost(empty_database: str, databases: Databases) -> None:
    ports = [node.port for node in databases.cluster[1:]]
    seen = await rebalance_under_load(empty_database, ports, WORKSPACES, WORKSPACES)
    assert not seen.failed
    assert not seen.wrong
    assert seen.moves >= WORKSPACES // 2
    assert seen.seconds[CREATE]
    assert seen.seconds[COUNT]
    assert len(seen.places) == len(ports)
