"""Events under SIGKILL: a client that resumes has lost nothing, and got nothing twice."""

from pathlib import Path

import pytest

from tests.processes.event_clients import survive

pytestmark = pytest.mark.long


def test_no_event_is_lost_or_doubled_when_a_server_is_killed(clients: Path, workspace_dsn: str) -> None:
    assert survive(workspace_dsn, clients, kills=5) > 200
