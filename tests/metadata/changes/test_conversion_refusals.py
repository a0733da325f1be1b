"""Every rule about another type for a field; a refused change leaves no trace."""

import pytest

from tests.metadata.changes.prepared import Prepared, check_prepared
from tests.metadata.changes.refused_conversions import REFUSED
from tests.metadata.desk import Desk


@pytest.mark.parametrize("prepared", [pytest.param(one, id=name) for name, one in REFUSED.items()])
async def test_what_is_refused_leaves_no_trace(prepared: Prepared, desk: Desk, model_dsn: str) -> None:
    await check_prepared(prepared, desk, model_dsn)
