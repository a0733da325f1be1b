"""The console needs no network but that of its server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.embedded_runs import ROOT

pytestmark = pytest.mark.system

WALK = Path(__file__).with_name("offline_pages.py")


def test_every_page_is_whole_without_a_network() -> None:
    in_namespace = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    walk = (sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", str(WALK))
    # Without the options of this run, which may leave out the line that is looked for.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        (*in_namespace, *walk), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
