"""Fieldstone's own command, which makes the workspaces and keys of the benchmarks."""

import os
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.paths import ROOT

FIELDSTONE = (sys.executable, "-m", "fieldstone.engine")


class CommandFailed(Exception):
    """Fieldstone's command failed; the message is its output."""


def run_fieldstone(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run the command and return its output.

    Raises:
        CommandFailed: it ended with an error.
    """
    done = subprocess.run(
        [*FIELDSTONE, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailed(f"fieldstone {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
