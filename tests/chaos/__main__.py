"""Each fault under load, and a table of its damage.

    python -m tests.chaos [--only WORDS]

It needs root, for network namespaces, and some eight minutes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.damage import Damage, cause
from tests.chaos.failovers import FAILOVERS
from tests.chaos.faults import FAULTS
from tests.npm_clients import install_once

HEAD = "| fault | requests | failed | longest answer | longest time without a write | first write on the new primary |"
HEAD += " lost records | stale reads | events lost, doubled, out of order |"


def line(name: str, damage: Damage) -> str:
    """Return the line of a fault."""
    failed = ", ".join(f"{count} {kind}" for kind, count in damage.failed.most_common()) or "0"
    resumed = "-" if damage.resumed is None else f"{damage.resumed:.2f} s"
    return (
        f"| {name} | {damage.requests} | {failed} | {damage.slowest:.1f} s | {damage.standstill:.1f} s | {resumed}"
        f" | {damage.lost} | {damage.stale} | {damage.missing}, {damage.doubled}, {damage.disordered} |"
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Print the table; return 1 where anything was lost, doubled or stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="words of the faults to try")
    only = parser.parse_args().only
    is_whole = True
    with tempfile.TemporaryDirectory() as place:
        folder = install_once(Path(place))
        _say(HEAD)
        _say("|---" * 9 + "|")
        for name, fault in (FAULTS | FAILOVERS).items():
            if only in name:
                with fault() as scene:
                    damage = cause(scene, folder)
                _say(line(name, damage))
                is_whole = is_whole and not damage.broken
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
