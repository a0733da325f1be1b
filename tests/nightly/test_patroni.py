"""Patroni replaces a primary under load: no acknowledged record is lost, and the new primary is found at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.chaos.damage import cause
from tests.chaos.failovers import FAILOVERS
from tests.chaos.faults import Scene

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(600)]

HONEST = {"503 SERVICE_UNAVAILABLE", "503 OVERLOADED"}
"""The answers of requests that could not be carried out."""

LIMIT = 5.0
"""Seconds from the new primary to the first write: on a free machine it takes some tenths of one."""


@pytest.mark.parametrize("fault", FAILOVERS.values(), ids=FAILOVERS)
def test_a_primary_is_replaced_under_load(fault: Callable[[], AbstractContextManager[Scene]], clients: Path) -> None:
    with fault() as scene:
        damage = cause(scene, clients)
    assert damage.broken == 0, damage
    assert set(damage.failed) <= HONEST, damage
    assert damage.resumed is not None
    assert damage.resumed < LIMIT, damage
