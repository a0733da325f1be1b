"""`fieldstone status`: a healthy database with a server, one that needs a migration, one without a catalog."""

import json
from pathlib import Path

import psycopg
import pytest

from tests.databases import Databases
from tests.processes.serving import run, serving


def test_a_served_database_is_shown_as_lines_and_as_json(database: str) -> None:
    with serving(DATABASE_URL=database):
        shown = run("status", DATABASE_URL=database)
        told = run("status", "--json", DATABASE_URL=database)
    assert (shown.returncode, shown.stderr, told.returncode) == (0, "", 0)
    assert "             default: model 1, objects 4, keys " in shown.stdout
    state = json.loads(told.stdout)
    assert state["problems"] == []
    assert (state["catalog"]["version"], state["catalog"]["pending"]) == (state["catalog"]["known"], [])
    assert len(state["processes"]) == 1
    assert state["database"]["fieldstone_connections"] >= 2
    assert [one["name"] for one in state["workspaces"]] == ["default"]
    assert state["events"].items() >= {"staged": 0, "behind": 0, "deliveries": 0}.items()
    assert state["builds"] == []


def test_problems_are_named_and_end_with_2(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.field SET status = 'FAILED' WHERE name = 'jobTitle'")
        failed = run("status", DATABASE_URL=database)
        assert failed.returncode == 2
        assert failed.stderr == "fieldstone: a build has failed: field jobTitle of default.\n"
        assert "FAILED: field jobTitle of default" in failed.stdout
        connection.execute(
            "DELETE FROM fieldstone.migration WHERE version = (SELECT max(version) FROM fieldstone.migration)"
        )
        missing = run("status", "--json", DATABASE_URL=database)
        assert missing.returncode == 2
        assert missing.stderr.startswith("fieldstone: 1 migration is missing: ")
        # It is a look, which applies nothing.
        assert run("status", DATABASE_URL=database).returncode == 2
        connection.execute("INSERT INTO fieldstone.migration (version, name, checksum) VALUES (9999, 'later', '')")
        newer = run("status", DATABASE_URL=database)
        assert newer.returncode == 2
        assert "run a newer Fieldstone" in newer.stderr


def test_a_database_without_a_catalog_stays_so(databases: Databases) -> None:
    with databases.clone() as dsn:
        empty = run("status", DATABASE_URL=dsn)
        assert empty.returncode == 2
        assert empty.stderr == "fieldstone: the database has no catalog: fieldstone migrate makes it.\n"
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT to_regnamespace('fieldstone')").fetchone() == (None,)


def test_a_database_that_is_away_ends_with_1() -> None:
    away = run("status", DATABASE_URL="postgresql://nobody@127.0.0.1:9/x", FIELDSTONE_STARTUP_TIMEOUT="0.5")
    assert away.returncode == 1
    assert away.stderr.startswith("fieldstone: ")


@pytest.mark.long
@pytest.mark.parametrize("command", ["status", "doctor", "api-key list", "backup FILE"])
def test_a_command_that_only_reads_makes_no_embedded_server(new_data_dir: Path, command: str) -> None:
    """Each made a cluster of 40 MiB, to tell that there is nothing in it."""
    file = new_data_dir.with_name("backup")
    looked = run(*command.replace("FILE", str(file)).split(), FIELDSTONE_DATA_DIR=str(new_data_dir))
    assert (looked.returncode, looked.stdout) == (1, "")
    assert looked.stderr.startswith(f"fieldstone: {new_data_dir} has no PostgreSQL: `fieldstone serve` makes it, ")
    assert not new_data_dir.exists()
    assert not file.exists()
