"""The databases that tests get."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.citus_cluster import cluster_folder
from tests.databases import Databases, fetch_row


def test_an_empty_database_has_the_extensions_and_no_table(empty_database: str) -> None:
    assert fetch_row(empty_database, "SELECT similarity('field', 'fields') > 0.5 AND unaccent('ü') = 'u'") == (True,)
    assert fetch_row(empty_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == (0,)


def test_a_template_is_filled_once_and_clones_do_not_see_each_other(
    databases: Databases, clone_database: Callable[[str], str]
) -> None:
    filled = []

    def fill(dsn: str) -> None:
        filled.append(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE fruit AS SELECT 'apple' AS name")

    names = [databases.template("fruit", fill) for _ in range(2)]
    first, second = (clone_database(name) for name in names)
    with psycopg.connect(first) as connection:
        connection.execute("DELETE FROM fruit")
    assert len(filled) == 1
    assert [fetch_row(dsn, "SELECT count(*) FROM fruit") for dsn in (first, second)] == [(0,), (1,)]


def test_a_template_can_begin_as_another(databases: Databases) -> None:
    def add_table(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS first ()")

    def add_second_table(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE second (LIKE first)")

    base = databases.template("with first", add_table)
    with databases.clone(databases.template("with both", add_second_table, base=base)) as dsn:
        assert fetch_row(dsn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == (2,)
    # Two modules called theirs "items": the second that ran in a process had the tables of the first.
    with pytest.raises(ValueError, match="another template is called 'with both', on 'with first'"):
        databases.template("with both", add_table)


def test_a_connection_that_a_test_leaves_is_no_hindrance(databases: Databases, server_dsn: str) -> None:
    with databases.clone() as dsn:
        left = psycopg.connect(dsn)
        name = left.info.dbname
    with left, pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    with psycopg.connect(server_dsn) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None


def test_a_template_whose_filling_fails_is_not_kept(databases: Databases, server_dsn: str) -> None:
    names = []

    def fail(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            names.append(connection.info.dbname)
            connection.execute("SELECT nothing")

    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            databases.template("failing", fail)
    assert len(set(names)) == 2
    with psycopg.connect(server_dsn) as connection:
        left = connection.execute("SELECT 1 FROM pg_database WHERE datname = ANY (%s)", [names]).fetchall()
    assert left == []


def test_a_cluster_of_a_killed_run_is_removed_at_the_next_start(tmp_path: Path) -> None:
    """Its servers end; a folder of a process that lives stays, and so does a process that took a server's number."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, used = tmp_path / f"fieldstone-citus-{ended.pid}-a", tmp_path / f"fieldstone-citus-{os.getpid()}-b"
    (left / "node0").mkdir(parents=True)
    (left / "node1").mkdir()
    used.mkdir()
    server, other = (subprocess.Popen(["sleep", "60"], cwd=folder) for folder in (left / "node0", tmp_path))
    try:
        for number, process in enumerate((server, other)):
            (left / f"node{number}" / "postmaster.pid").write_text(f"{process.pid}\n")
        with cluster_folder(tmp_path) as made:
            assert set(tmp_path.iterdir()) == {used, made}
        assert set(tmp_path.iterdir()) == {used}
        assert server.wait(10) < 0
        assert other.poll() is None
    finally:
        server.kill()
        other.kill()
        server.wait()
        other.wait()
