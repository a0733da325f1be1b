"""The kept results of a run."""

import platform
from pathlib import Path

import pytest

from benchmarks.results import StatementRate, describe_build, describe_python, read_run, write_run
from tests.benchmarks.runs import measurement, run_of


def test_a_run_comes_out_of_its_file_as_it_went_in(tmp_path: Path) -> None:
    run = run_of(
        measurement("W1", "fieldstone", 8, rate=1.5),
        measurement("W7", "fieldstone", 8, rate=2, variant="x"),
        rates=(StatementRate(workload="W1", connections=8, rate=6.0),),
    )
    path = tmp_path / "results" / "full.json"
    write_run(run, path)
    assert read_run(path) == run


def test_rounds_are_summed_and_their_middle_taken() -> None:
    run = run_of(*(measurement("W1", "fieldstone", 8, rate=rate, failed=1) for rate in (1.0, 9.0, 2.0)))
    middle = run.middle("W1", "fieldstone", 8)
    assert middle is not None
    assert (middle.rate, middle.failed, middle.requests) == (2.0, 3, 3_000)
    assert run.middle("W1", "baseline", 8) is None


@pytest.mark.parametrize(
    ("configured", "is_shared", "words"),
    [
        ("'--enable-optimizations' '--with-lto'", False, "static; PGO named, LTO named"),
        ("'--with-lto=full'", True, "a shared library; PGO not named, LTO named"),
        ("'--enable-shared'", True, "a shared library; PGO not named, LTO not named"),
    ],
    ids=["both", "one", "none"],
)
def test_a_run_names_the_build_of_python(configured: str, words: str, *, is_shared: bool) -> None:
    described = describe_build(configured, is_shared=is_shared)
    assert described.startswith(platform.python_version())
    assert words in described
    assert describe_python().startswith(platform.python_version())
