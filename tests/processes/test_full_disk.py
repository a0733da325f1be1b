"""The disk of the embedded server is full: PostgreSQL ends, and is started again by itself when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fieldstone.sql.embedded.folder import DataFolder
from fieldstone.sql.embedded.process import end_processes
from tests.processes.embedded_runs import is_running
from tests.processes.serving import serving
from tests.waiting import eventually

_CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id } }"


@pytest.fixture
def small_disk(new_data_dir: Path) -> Iterator[Path]:
    """A data folder on a file system of its own of 200 MB, which only root can make."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    new_data_dir.mkdir()
    options = f"size=200m,mode=0755,uid={os.geteuid()},gid={os.getegid()}"
    subprocess.run([*as_root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", new_data_dir], check=True)
    yield new_data_dir
    end_processes(DataFolder(root=new_data_dir))
    subprocess.run([*as_root, "umount", new_data_dir], check=True)


@pytest.mark.system
def test_a_disk_that_was_full_and_has_room_again_is_enough(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with serving(FIELDSTONE_DATA_DIR=str(small_disk)) as served, served.client() as client:
        create = {"query": _CREATE, "variables": {"name": "one"}}
        acknowledged = [client.post("/graphql", json=create).json()["data"]["createCompany"]["id"] for _ in range(20)]
        _fill(ballast)
        with pytest.raises(psycopg.OperationalError):
            _use_up_the_log(small_disk)
        eventually(lambda: client.get("/healthz").status_code == 503, "healthz says nothing", limit=60)
        answer = client.post("/graphql", json=create)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        ballast.unlink()
        eventually(lambda: client.get("/readyz").status_code == 200, "it does not serve again", limit=60)
        eventually(lambda: client.get("/healthz").status_code == 200, "it is not healthy again")
        found = client.post("/graphql", json={"query": "{ companies { edges { node { id } } } }"}).json()
        assert {edge["node"]["id"] for edge in found["data"]["companies"]["edges"]} >= set(acknowledged)
        assert any("No space left on device" in line for line in served.errors)
    assert not is_running(small_disk)


def _fill(path: Path) -> None:
    """Write until there is no room left."""
    piece = bytes(1 << 16)
    with path.open("wb", buffering=0) as file:
        while len(piece) > 0:
            try:
                file.write(piece)
            except OSError:
                piece = piece[: len(piece) // 2]


def _use_up_the_log(data_dir: Path) -> None:
    """Have PostgreSQL begin new files of its log until it cannot, without which it does not go on."""
    host = str(data_dir / "postgres")
    with psycopg.connect(host=host, user="fieldstone", dbname="fieldstone", autocommit=True) as connection:
        for _ in range(100):
            connection.execute("SELECT pg_create_restore_point('one')")
            connection.execute("SELECT pg_switch_wal()")
