"""Rebalancing under load; `python -m tests.rebalancing --cells` does it with 1,000 workspaces."""

import pytest

from tests.rebalancing import COUNT, CREATE, rebalance_cells

WORKSPACES = 4


@pytest.mark.alone
async def test_no_request_fails_and_no_record_is_lost(cells: dict[str, str]) -> None:
    seen = await rebalance_cells(cells, WORKSPACES, 0)
    assert not seen.failed
    assert not seen.wrong
    assert seen.moves == len(seen.held) > 0
    assert seen.seconds[CREATE]
    assert seen.seconds[COUNT]
    assert len(seen.places) == len(cells)
