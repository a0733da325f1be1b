"""Reloads of several workers: those that are refused, and those in which a worker dies."""

import os
import signal
from pathlib import Path

import pytest

from tests.processes.embedded_runs import is_alive
from tests.processes.serving import serving
from tests.processes.visitors import COUNT, JSON_LOG, lines, workers
from tests.waiting import eventually

pytestmark = pytest.mark.long

TOO_LONG = "x" * (256 << 10)
"""Longer than a variable of a process may be."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The file of --env-file."""
    return tmp_path / "settings"


def test_a_reload_that_cannot_be_changes_nothing_and_says_why(database: str, settings: Path, tmp_path: Path) -> None:
    given = f"DATABASE_URL={database}\n"
    settings.write_text(given)
    data_dir = tmp_path / "data"
    started = ("--workers", "2", "--preload", "--env-file", str(settings))
    with serving(*started, FIELDSTONE_DATA_DIR=str(data_dir), **JSON_LOG) as served:
        pids = workers(served)
        refused = {
            "": "DATABASE_URL or FIELDSTONE_DATA_DIR can change with a new start only.",
            f"{given}FIELDSTONE_METRICS_PORT=0": "FIELDSTONE_METRICS_PORT can change with a new start only.",
            f"{given}FIELDSTONE_MAX_ALIASES=1\0": "'FIELDSTONE_MAX_ALIASES', which cannot be: no name has '='",
            f"{given}'FIELDSTONE_MAX=ALIASES'=1": "'FIELDSTONE_MAX=ALIASES', which cannot be: no name has '='",
            f"{given}LONG={TOO_LONG}": "a process cannot be started: Argument list too long.",
        }
        for number, (text, reason) in enumerate(refused.items(), start=1):
            settings.write_text(text)
            served.process.send_signal(signal.SIGHUP)
            eventually(lambda: len(lines(served, "nothing was reloaded")) == number, "it is not refused", limit=90)  # noqa: B023 - waited for here
            assert reason in lines(served, "nothing was reloaded")[-1]["reason"]
        assert all(is_alive(pid) for pid in pids.values())
        assert not data_dir.exists()
        with served.client() as client:
            assert "errors" not in client.post("/graphql", json={"query": COUNT}).json()


def test_a_worker_that_is_started_during_a_reload_gets_the_new_settings_too(database: str, settings: Path) -> None:
    settings.write_text("")
    started = ("--workers", "2", "--env-file", str(settings))
    with serving(*started, DATABASE_URL=database, **JSON_LOG) as served:
        pids = workers(served)
        settings.write_text("FIELDSTONE_MAX_ALIASES=1\n")
        served.process.send_signal(signal.SIGHUP)
        eventually(lambda: bool(lines(served, "reloading")), "no reload", limit=90)
        # Its place is taken before the first successor serves, by a worker with the settings of before.
        os.kill(pids[1], signal.SIGKILL)
        eventually(lambda: bool(lines(served, "reloaded")), "not reloaded", limit=180)
        left = [pid for pid in (line["pid"] for line in lines(served, "a worker serves")) if is_alive(pid)]
        assert len(left) == 2
        for pid in left:
            assert b"FIELDSTONE_MAX_ALIASES=1" in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
