"""sql/locks.py: no lock stands for another, in the numbers, in PostgreSQL and in the source."""

import re
from itertools import permutations
from pathlib import Path

import psycopg
import pytest

from fieldstone.sql.locks import SPACE, AdvisoryLock

pytestmark = pytest.mark.long

_ROOT = Path(__file__).parents[2]
_TAKEN = re.compile(r"pg_(?:try_)?advisory_\w+\((?P<numbers>(?:[^();]|\((?:[^();]|\([^();]*\))*\))*)\)")
_OURS = "%(space)s, %(lock)s"
_OF_A_WORKSPACE = "hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0)"
_OF_ITS_ROWS = "hashtextextended('fieldstone.rows ' || %(workspace_id)s::text, 0)"
_OF_ITS_ROWS_IN_A_TRIGGER = "hashtextextended('fieldstone.rows ' || written::text, 0)"
_OF_IMPORT_JOBS = "hashtextextended('import jobs of ' || %(workspace)s::text, 0)"
_TRY = "SELECT pg_try_advisory_xact_lock(%(space)s, %(lock)s)"


def test_the_numbers_differ_and_fit() -> None:
    assert len({lock.value for lock in AdvisoryLock}) == len(AdvisoryLock.__members__) > 2
    assert all(0 < number < 2**31 for number in (SPACE, *AdvisoryLock))


@pytest.mark.parametrize(("held", "asked"), list(permutations(AdvisoryLock, 2)))
def test_who_holds_one_holds_no_other(held: AdvisoryLock, asked: AdvisoryLock, empty_database: str) -> None:
    with psycopg.connect(empty_database) as holder, psycopg.connect(empty_database) as other:
        assert holder.execute(_TRY, held.parameters).fetchone() == (True,)
        assert other.execute(_TRY, held.parameters).fetchone() == (False,)
        assert other.execute(_TRY, asked.parameters).fetchone() == (True,)
        # The same numbers as one, as a workspace's lock has it.
        number = (SPACE << 32) | held.value
        assert other.execute("SELECT pg_try_advisory_xact_lock(%s)", [number]).fetchone() == (True,)


def test_no_lock_is_taken_by_a_number_of_its_own() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for package in ("engine", "metadata", "sql")
        for path in sorted((_ROOT / package).rglob("*"))
        if path.suffix in {".py", ".sql"} and "node_modules" not in path.parts
    ]
    taken = [found["numbers"].strip().removeprefix("pg_catalog.") for text in texts for found in _TAKEN.finditer(text)]
    # A workspace's is taken by a change of its model and by its move; that of its rows by their writes and by its move,
    # and before the writes of its keys, which wait for it in time.
    of_workspaces = [*[_OF_A_WORKSPACE] * 3, *[_OF_ITS_ROWS] * 2, _OF_ITS_ROWS_IN_A_TRIGGER]
    assert sorted(taken) == sorted([*[_OURS] * 3, *of_workspaces, _OF_IMPORT_JOBS])
