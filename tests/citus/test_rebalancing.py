"""Rebalancing under load; `python -m tests.rebalancing` does it with 1,000 workspaces."""

from tests.databases import Databases
from tests.rebalancing import COUNT, CREATE, rebalance_nodes

WORKSPACES = 5


async def test_no_request_fails_and_no_record_is_lost(empty_database: str, databases: Databases) -> None:
    ports = [node.port for node in databases.cluster[1:]]
    seen = await rebalance_nodes(empty_database, ports, WORKSPACES)
    assert not seen.failed
    assert not seen.wrong
    # How many even the two depends on how much each client has sent, on a busy machine unevenly.
    assert seen.moves
    assert seen.seconds[CREATE]
    assert seen.seconds[COUNT]
    assert len(seen.places) == len(ports)
