"""The embedded server, killed in every way: the next start recovers and nothing acknowledged is lost."""

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fieldstone.sql.embedded import start, stop
from fieldstone.sql.embedded.account import choose_account
from fieldstone.sql.embedded.folder import PORT, DataFolder
from tests.processes.embedded_runs import ROOT, Run, is_running, kill_postmaster, postmaster_of, records, running
from tests.waiting import eventually

pytestmark = pytest.mark.long


def test_a_killed_user_leaves_a_server_that_the_next_one_takes_over(data_dir: Path, run_user: Run) -> None:
    acknowledged = run_user(data_dir, "--write").kill()
    assert is_running(data_dir)
    with running(data_dir) as server:
        assert server.recovered is not None
        assert "left running" in server.recovered
        assert records(server.dsn)[: len(acknowledged)] == acknowledged
    assert not is_running(data_dir)


def test_a_killed_user_does_not_count_beside_others(data_dir: Path, run_user: Run) -> None:
    killed = run_user(data_dir)
    with running(data_dir) as server:
        killed.kill()
        assert records(server.dsn) == []
    assert not is_running(data_dir)


def test_a_killed_postmaster_is_started_again_at_the_same_address(data_dir: Path, run_user: Run) -> None:
    user = run_user(data_dir)
    with psycopg.connect(user.dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO record VALUES (7)")
        kill_postmaster(data_dir)
    with running(data_dir) as server:
        assert server.recovered is not None
        assert "had been killed" in server.recovered
        assert records(server.dsn) == [7]
        assert records(user.dsn) == [7]
    assert is_running(data_dir)
    user.leave()
    assert not is_running(data_dir)


@pytest.mark.parametrize("place", ["data", "deep/" * 60 + "er"], ids=["short path", "long path"])
def test_killed_together_under_writes_nothing_acknowledged_is_lost(
    new_data_dir: Path, run_user: Run, place: str
) -> None:
    place_dir = new_data_dir / place
    user = run_user(place_dir, "--write")
    assert user.process.stdout is not None
    seen = [int(user.process.stdout.readline()) for _ in range(20)]
    kill_postmaster(place_dir)
    acknowledged = seen + user.kill()
    with running(place_dir) as server:
        assert server.recovered is not None
        assert "had been killed" in server.recovered
        assert records(server.dsn)[: len(acknowledged)] == acknowledged
    # A socket's folder of its own is not left behind by the detour.
    assert not Path(str(conninfo_to_dict(user.dsn)["host"]), f".s.PGSQL.{PORT}").exists()


def test_a_stop_after_the_postmaster_was_killed_leaves_the_recovery_to_the_next_start(data_dir: Path) -> None:
    server = start(data_dir)
    kill_postmaster(data_dir)
    stop(server)
    assert not is_running(data_dir)
    with running(data_dir) as again:
        assert again.recovered is not None


def test_an_orphan_that_computes_on_is_ended_before_the_next_server_starts(data_dir: Path, run_user: Run) -> None:
    user = run_user(data_dir)

    def compute() -> None:
        with psycopg.connect(user.dsn) as connection, pytest.raises(psycopg.OperationalError):
            connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")

    thread = threading.Thread(target=compute)
    thread.start()
    with psycopg.connect(user.dsn, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
        eventually(lambda: connection.execute(query).fetchone() is not None, "nothing computes", limit=60)
        kill_postmaster(data_dir)
    with running(data_dir) as server:
        assert server.recovered is not None
        assert records(server.dsn) == []
    thread.join()
    user.leave()


def test_pids_that_were_used_again_do_not_pass_for_the_server(data_dir: Path) -> None:
    with running(data_dir) as server:
        folder = server.folder
        account = choose_account(folder.cluster)
        kill_postmaster(data_dir)
    groups: list[int] | None = [] if account.uid is not None else None
    bystander = subprocess.Popen(["sleep", "600"], user=account.uid, group=account.gid, extra_groups=groups)
    try:
        lines = folder.postmaster_file.read_text().splitlines()
        folder.postmaster_file.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        (folder.cluster / f".s.PGSQL.{PORT}.lock").write_text(f"{bystander.pid}\n")
        with running(data_dir) as again:
            assert again.recovered is not None
            assert postmaster_of(data_dir) != bystander.pid
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_killed_initialisation_is_done_anew(new_data_dir: Path) -> None:
    folder = DataFolder(root=new_data_dir)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.embedded_user", new_data_dir], cwd=ROOT, stdin=subprocess.PIPE
    )
    eventually((folder.unfinished_cluster / "base").exists, "no cluster is made", limit=60)
    process.kill()
    process.communicate()
    assert not folder.cluster.exists()
    with running(new_data_dir) as server:
        assert server.recovered is not None
        assert "initialisation" in server.recovered
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT current_database()").fetchall() == [("fieldstone",)]
