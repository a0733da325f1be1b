"""The readings of /proc."""

import os
import time

from benchmarks.process_usage import parse_cpu, process_usage


def test_times_are_counted_behind_a_name_that_holds_anything() -> None:
    tick = 1 / os.sysconf("SC_CLK_TCK")
    stat = "77 (a ) b (c)) S 1 77 77 0 -1 4194560 9 9 9 9 300 200 40 30 20 0 1 0"
    assert parse_cpu(stat, reaped=False) == 500 * tick
    assert parse_cpu(stat, reaped=True) == 570 * tick


def test_a_process_that_works_uses_cpu() -> None:
    before = process_usage(os.getpid())
    begun = time.process_time()
    while time.process_time() - begun < 0.1:
        pass
    after = process_usage(os.getpid())
    assert after.cpu - before.cpu >= 0.05
    assert after.memory > 1
