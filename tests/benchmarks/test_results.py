"""The results of a run."""

import platform

import pytest

from benchmarks.results import describe_build, describe_python
from tests.benchmarks.runs import measurement, run_of


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
