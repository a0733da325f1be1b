"""A server whose database is reached through a real pgbouncer in transaction mode."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.processes.pooler import SERVER_CONNECTIONS, pgbouncer
from tests.processes.serving import Served, run, serving

pytestmark = pytest.mark.system


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
        assert pooled_backends[0] <= SERVER_CONNECTIONS
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
        connections = [psycopg.connect(pooled, autocommit=False) for _ in range(SERVER_CONNECTIONS)]
        try:
            assert {connection.execute("SHOW search_path").fetchone() for connection in connections} == {
                ('"$user", public',)
            }
        finally:
            for connection in connections:
                connection.close()
