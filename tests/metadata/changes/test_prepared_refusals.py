"""Every rule about definitions that a new model lacks: made first, then the refused change leaves no trace."""

import pytest

from tests.metadata.changes.prepared import Prepared, check_prepared
from tests.metadata.changes.prepared_cases import CHANGED, NEW
from tests.metadata.changes.refusal import Refusal, State, check_refused
from tests.metadata.desk import Desk
from tests.metadata.workbench import Workbench


@pytest.mark.parametrize("refusal", [pytest.param(one, id=name) for name, one in NEW.items()])
def test_what_is_refused_anew_leaves_no_trace(refusal: Refusal, bench: Workbench, before: State) -> None:
    bench.run(check_refused(refusal, bench.desk, bench.dsn, before))


@pytest.mark.parametrize("prepared", [pytest.param(one, id=name) for name, one in CHANGED.items()])
async def test_what_is_refused_afterwards_leaves_no_trace(prepared: Prepared, desk: Desk, model_dsn: str) -> None:
    await check_prepared(prepared, desk, model_dsn)
