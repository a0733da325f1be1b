"""pgbench runs the statements of the workloads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import pgbench
from benchmarks.pgbench import PgbenchError, Script, run_pgbench, to_pgbench, write_script
from benchmarks.workloads import WORKLOADS
from tests.apis import sample_template
from tests.databases import Databases

pytestmark = pytest.mark.long

READING = [workload.name for workload in WORKLOADS if not workload.written]


@pytest.fixture(scope="module")
def sample_dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(sample_template(databases)) as dsn:
        yield dsn


def test_parameters_are_variables_and_casts_are_not() -> None:
    assert to_pgbench("SELECT $1::uuid, '\"a\":' || $12::text") == "SELECT :p1::uuid, '\"a\":' || :p12::text;\n"
    with pytest.raises(PgbenchError, match="variables: null"):
        to_pgbench("SELECT '{\"a\":null}' || $1::text")


async def test_the_statements_of_all_reading_workloads_are_scripts(sample_dsn: str) -> None:
    scripts = {name: await write_script(sample_dsn, name) for name in READING}
    assert run_pgbench(sample_dsn, scripts["W1"], connections=2, seconds=1) > 1


def test_a_statement_that_fails_is_an_error(sample_dsn: str, tmp_path: Path) -> None:
    path = tmp_path / "failing.sql"
    path.write_text("SELECT 1 / :p1::int;\n")
    with pytest.raises(PgbenchError, match="division by zero"):
        run_pgbench(sample_dsn, Script(workload="W1", path=path, variables=["0"]), connections=1, seconds=1)


def test_a_missing_pgbench_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgbench, "_WHEEL", "absent")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PgbenchError, match="not installed"):
        pgbench.find_pgbench()
