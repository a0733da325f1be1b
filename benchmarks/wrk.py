"""Runs wrk, and reads its report."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import HERE

_SCRIPT = HERE / "load.lua"
_MARK = "RESULT "
_GRACE = 30
_LONGEST = 120


class WrkError(Exception):
    """wrk is not there, or did not report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The figures of one run of wrk; latencies in microseconds.

    Attributes:
        bytes: received, heads and bodies.
        failed: requests without an answer, with a status of 400 and up, or (where it was asked for) with errors.
    """

    seconds: float
    requests: int
    bytes: int
    mean: float
    p50: int
    p90: int
    p99: int
    p99_9: int
    max: int
    failed: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def require_wrk() -> None:
    """Refuse to go on without wrk.

    Raises:
        WrkError: it is not installed.
    """
    if shutil.which("wrk") is None:
        raise WrkError("wrk is not installed: `apt-get install wrk` on Debian and Ubuntu, `brew install wrk` on macOS")


def run_wrk(
    port: int, requests: Path, *, connections: int, seconds: float, first_number: int = 0, check_errors: bool = False
) -> Load:
    """Load a server of this machine for some seconds.

    Args:
        port: where it listens, on 127.0.0.1.
        requests: a file made by `write_requests`.
        connections: how many at once.
        seconds: how long; wrk counts in whole ones.
        first_number: the requests' marks are counted from here.
        check_errors: whether answers are searched for errors.

    Raises:
        WrkError: it did not report.
    """
    whole = max(1, min(_LONGEST, round(seconds)))
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{whole}s",
        "--timeout",
        "10s",
    ]
    command += ["--script", str(_SCRIPT), f"http://127.0.0.1:{port}/", "--", str(requests), str(first_number)]
    command += ["errors" if check_errors else "none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=whole + _GRACE, check=False)
    if done.returncode != 0:
        raise WrkError(f"wrk ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return parse_output(done.stdout)


def parse_output(output: str) -> Load:
    """Return the script's report among wrk's own words.

    Raises:
        WrkError: there is no report.
    """
    for line in output.splitlines():
        if line.startswith(_MARK):
            found = json.loads(line.removeprefix(_MARK))
            failures = ("connect", "read", "write", "status", "timeout", "refused")
            failed = sum(found.pop(name) for name in failures)
            return Load(failed=failed, **found)
    raise WrkError(f"wrk said nothing that can be read: {output.strip() or 'it was silent'}")
