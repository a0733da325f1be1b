"""metadata/ids.py"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from fieldstone.metadata.ids import new_id, new_id_digits, new_ids


def test_an_id_is_a_uuid_of_version_7_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    # Ids made before in the same millisecond may push it on by a few.
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 5


def test_ids_ascend() -> None:
    made = new_ids(20_000)
    assert list(made) == sorted(set(made))


def test_digits_are_those_of_an_id_among_the_others() -> None:
    before, made, after = new_id(), UUID(new_id_digits()), new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before < made < after


def test_ids_of_threads_differ_and_ascend_in_each() -> None:
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(new_ids, [5_000] * 4))
    assert all(list(batch) == sorted(batch) for batch in batches)
    assert len({id_ for batch in batches for id_ in batch}) == 20_000


FORKED = """
import os
from fieldstone.metadata import ids

ids.time.time_ns = lambda: 1
ids.new_id()
is_child = os.fork() == 0
made = ids.new_ids(5)
if not is_child:
    os.wait()
print(*made, flush=True)
"""


def test_a_fork_makes_other_ids_than_its_parent_in_the_same_millisecond() -> None:
    told = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True).stdout.split()
    assert (len(told), len(set(told))) == (10, 10)
