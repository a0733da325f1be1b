"""The kept results of a run."""

from pathlib import Path

from benchmarks.results import read_run, write_run
from tests.benchmarks.runs import measurement, run_of


def test_a_run_comes_out_of_its_file_as_it_went_in(tmp_path: Path) -> None:
    run = run_of(measurement("W1", "fieldstone", 8, rate=1.5), measurement("W7", "fieldstone", 8, rate=2, variant="x"))
    path = tmp_path / "results" / "full.json"
    write_run(run, path)
    assert read_run(path) == run


def test_rounds_are_summed_and_their_middle_taken() -> None:
    run = run_of(*(measurement("W1", "fieldstone", 8, rate=rate, failed=1) for rate in (1.0, 9.0, 2.0)))
    middle = run.middle("W1", "fieldstone", 8)
    assert middle is not None
    assert (middle.rate, middle.failed, middle.requests) == (2.0, 3, 3_000)
    assert run.middle("W1", "baseline", 8) is None
