"""Each fault under load, and a table of its damage.

    python -m tests.chaos [--only WORDS]

It needs root, for network namespaces, and some four minutes.
"""

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from tests.chaos.faults import FAULTS, Scene
from tests.chaos.load import Load
from tests.npm_clients import install_once
from tests.processes.event_clients import Client, following, logged_positions, make_key, staged
from tests.waiting import eventually

HEAD = "| fault | requests | failed | longest answer | longest time without a write | lost records | stale reads |"
HEAD += " events lost, doubled, out of order |"


def damage(name: str, scene: Scene, folder: Path) -> tuple[str, bool]:
    """Return the line of a fault, and whether nothing was lost, doubled or stale."""
    key = make_key(scene.dsn)
    with following(folder, scene.servers, key) as subscribers:
        with Load(scene.servers, key) as load:
            load.go_on()
            scene.do()
            load.go_on()
        with psycopg.connect(scene.left) as connection:
            kept = {email for (email,) in connection.execute(_emails(connection))}
        lost = len(set(load.acknowledged) - kept)
        eventually(lambda: staged(scene.left) == 0, "events wait", 60)
        expected = logged_positions(scene.left)
        missing, doubled, disordered = map(sum, zip(*(_compare(one, expected) for one in subscribers), strict=True))
    failed = ", ".join(f"{count} {kind}" for kind, count in load.failed.most_common()) or "0"
    line = (
        f"| {name} | {load.requests} | {failed} | {load.slowest:.1f} s | {load.standstill:.1f} s | {lost}"
        f" | {load.stale} | {missing}, {doubled}, {disordered} |"
    )
    return line, not (lost or load.stale or missing or doubled or disordered)


def _emails(connection: psycopg.Connection[tuple[str]]) -> sql.Composed:
    """Return the query of the emails of all people."""
    row = connection.execute(
        "SELECT w.schema_name, o.table_name FROM fieldstone.workspace AS w"
        " JOIN fieldstone.object AS o ON o.workspace_id = w.id WHERE o.name_singular = 'person'"
    ).fetchone()
    assert row is not None
    return sql.SQL("SELECT email FROM {}").format(sql.Identifier(*row))


def _compare(one: Client, expected: list[int]) -> tuple[int, int, int]:
    """Return how many events a subscriber has missed, has got twice, and has got too late."""
    eventually(lambda: set(one.positions) >= set(expected), f"{len(one.positions)} of {len(expected)} events", 60)
    got = one.positions
    ascents = sum(after < before for before, after in itertools.pairwise(got))
    return len(set(expected) - set(got)), len(got) - len(set(got)), ascents


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
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
        _say("|---" * 8 + "|")
        for name, fault in FAULTS.items():
            if only in name:
                with fault() as scene:
                    line, is_fine = damage(name, scene, folder)
                _say(line)
                is_whole = is_whole and is_fine
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
