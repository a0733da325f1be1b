"""A server whose database is reached through a real pgbouncer in transaction mode."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.processes.serving import Served, run, serving

pytestmark = pytest.mark.system

_SERVER_CONNECTIONS = 3
"""Fewer than Fieldstone opens, so that its transactions take turns on them."""


@contextlib.contextmanager
def pgbouncer(dsn: str, folder: Path) -> Iterator[str]:
    """Run a pgbouncer in front of the database, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    target = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    database = target.pop("dbname")
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{database} = {make_conninfo('', **target, dbname=database)}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {_SERVER_CONNECTIONS}\n"
    )
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "pgbouncer is not installed"
    # It refuses to run as root, and its user has to reach the server's socket.
    other = ("-u", Path(target["host"]).owner()) if os.geteuid() == 0 else ()
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([program, *other, str(config)], stdout=log, stderr=log)
    try:
        while not _answers(port):
            assert process.poll() is None, (folder / "pgbouncer.log").read_text()
            time.sleep(0.02)
        yield f"postgresql://{target['user']}@127.0.0.1:{port}/{database}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def ask(served: Served, path: str, query: str, **variables: Any) -> Any:
    with served.client() as client:
        answer = client.post(path, json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_all_works_through_pgbouncer_in_transaction_mode(empty_database: str, tmp_path: Path) -> None:
    with (
        pgbouncer(empty_database, tmp_path) as pooled,
        serving(
            DATABASE_URL=pooled, FIELDSTONE_LISTEN_URL=empty_database, FIELDSTONE_PREPARE_STATEMENTS="false"
        ) as served,
    ):
        company = ask(
            served, "/metadata", '{ objects(filter: {nameSingular: {eq: "company"}}) { edges { node { id } } } }'
        )
        object_id = company["objects"]["edges"][0]["node"]["id"]

        def add_field(number: int) -> None:
            field = {
                "objectMetadataId": object_id,
                "name": f"extra{number}",
                "label": f"Extra {number}",
                "type": "TEXT",
            }
            ask(served, "/metadata", "mutation ($f: CreateFieldInput!) { createField(input: $f) { id } }", f=field)
            data = {"name": f"Company {number}", f"extra{number}": "yes"}
            ask(served, "/graphql", "mutation ($d: CompanyInput!) { createCompany(data: $d) { id } }", d=data)
            found = ask(
                served,
                "/graphql",
                "query ($f: CompanyFilterInput!) "
                f"{{ companies(filter: $f) {{ edges {{ node {{ extra{number} }} }} }} }}",
                f={"name": {"eq": f"Company {number}"}},
            )
            assert [edge["node"] for edge in found["companies"]["edges"]] == [{f"extra{number}": "yes"}]

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(add_field, range(24)))
        assert ask(served, "/graphql", "{ companies { totalCount } }") == {"companies": {"totalCount": 24}}
        with ThreadPoolExecutor(8) as threads:
            counts = list(threads.map(lambda _: ask(served, "/graphql", "{ companies { totalCount } }"), range(80)))
        assert counts == [{"companies": {"totalCount": 24}}] * 80
        with served.client() as client:
            # Nothing is prepared through a pooler, so that no reads share a message.
            assert 'fieldstone_pool_events_total{event="joined"} 0.0' in client.get("/metrics").text
        with psycopg.connect(empty_database) as direct:
            pooled_backends = direct.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND client_port = -1"
                " AND application_name = 'fieldstone' AND query NOT LIKE 'LISTEN%'"
            ).fetchone()
        assert pooled_backends is not None
        assert pooled_backends[0] <= _SERVER_CONNECTIONS
    assert not [line for line in served.errors if "unexpected error" in line]


def test_the_setting_that_it_needs_is_named(empty_database: str, tmp_path: Path) -> None:
    with pgbouncer(empty_database, tmp_path) as pooled:
        refused = run("migrate", DATABASE_URL=pooled, FIELDSTONE_STARTUP_TIMEOUT="2")
    assert refused.returncode == 1
    assert "FIELDSTONE_PREPARE_STATEMENTS=false" in refused.stderr


def test_a_workspace_is_backed_up_and_restored_through_pgbouncer(empty_database: str, tmp_path: Path) -> None:
    path = str(tmp_path / "second.backup")
    with pgbouncer(empty_database, tmp_path) as pooled:
        through = {"DATABASE_URL": pooled, "FIELDSTONE_PREPARE_STATEMENTS": "false"}
        direct = {"FIELDSTONE_LISTEN_URL": empty_database}
        assert run("workspace", "create", "second", **through).returncode == 0
        refused = run("backup", path, "--workspace", "second", **through)
        assert (refused.returncode, "FIELDSTONE_LISTEN_URL names the same database" in refused.stderr) == (1, True)
        saved = run("backup", path, "--workspace", "second", **through, **direct)
        assert saved.returncode == 0, saved.stderr
        assert run("workspace", "delete", "second", "--yes", **through).returncode == 0
        done = run("restore", path, **through)
        assert done.returncode == 0, done.stderr
        assert run("workspace", "list", **through).stdout.split() == ["default", "second"]
        assert run("doctor", **through).returncode == 0
        # The connections that the pooler hands on have the settings that they had before.
        connections = [psycopg.connect(pooled, autocommit=False) for _ in range(_SERVER_CONNECTIONS)]
        try:
            assert {connection.execute("SHOW search_path").fetchone() for connection in connections} == {
                ('"$user", public',)
            }
        finally:
            for connection in connections:
                connection.close()
