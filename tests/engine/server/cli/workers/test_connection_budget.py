"""The database connections of a worker."""

import os
from pathlib import Path

import pytest

from fieldstone.engine.server.cli.workers.connection_budget import share_connections
from fieldstone.engine.settings import ConfigurationError, declaration, load_settings


@pytest.mark.parametrize(("workers", "connections"), [(1, 8), (2, 8), (3, 5), (4, 4), (8, 2), (64, 2)])
def test_workers_share_sixteen_connections_and_have_two_at_least(workers: int, connections: int) -> None:
    assert share_connections(load_settings(workers=workers)).pool_size == connections


def test_a_pool_size_that_is_given_is_that_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_POOL_SIZE", "7")
    assert share_connections(load_settings(workers=8)).pool_size == 7


@pytest.mark.parametrize(("limit", "most"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 64)])
def test_auto_is_a_worker_for_each_core_that_a_container_may_use(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(f"{limit}\n")
    monkeypatch.setattr(declaration, "_CPU_LIMIT", file)
    assert load_settings(workers="auto").workers == min(len(os.sched_getaffinity(0)), most)


def test_workers_are_bounded() -> None:
    with pytest.raises(ConfigurationError, match="FIELDSTONE_WORKERS must be auto or a whole number from 1 to 64"):
        load_settings(workers=65)
