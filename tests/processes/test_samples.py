"""The numbers of a process that `fieldstone serve` has started."""

import time

import pytest

from tests.databases import Databases
from tests.engine.server.prepared import migrate
from tests.processes.serving import serving

pytestmark = pytest.mark.long

_QUERY = "{ processes { isRunning worker } metrics(range: 60, step: 10) { series } }"


@pytest.mark.parametrize("options", [(), ("--demo",)], ids=["plain", "demo"])
def test_a_served_process_tells_its_numbers(databases: Databases, options: tuple[str, ...]) -> None:
    with (
        databases.clone(databases.template("default workspace", migrate)) as dsn,
        serving(*options, DATABASE_URL=dsn, FIELDSTONE_ENV="development") as served,
        served.client() as client,
    ):
        deadline = time.monotonic() + 40
        told: dict[str, list[object]] = {"processes": []}
        while not told["processes"] and time.monotonic() < deadline:
            told = client.post("/metadata", json={"query": _QUERY}).json()["data"]
            time.sleep(0.2)
        assert told["processes"] == [{"isRunning": True, "worker": None}]
        assert served.stop() == 0
