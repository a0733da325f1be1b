"""One workspace whose statements stand still, and the connections to the database that all workspaces share."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.processes.serving import run, serving
from tests.waiting import eventually

POOL = 4
CALLERS = 24
READS = 40


def key_of(dsn: str, workspace: str) -> str:
    """Make a workspace and a key of it."""
    assert run("workspace", "create", workspace, DATABASE_URL=dsn).returncode == 0
    made = run("api-key", "create", "--workspace", workspace, "--name", "attacker", DATABASE_URL=dsn)
    return made.stdout.split()[-1]


def ask(client: httpx.Client, query: str) -> Any:
    return client.post("/graphql", json={"query": query})


def waiting(observer: psycopg.Connection[Any]) -> int:
    """How many statements wait for the lock of a table."""
    row = observer.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize(
    "query",
    ["{ companies { totalCount } }", 'mutation { createCompany(data: {name: "x"}) { id } }'],
    ids=["reads", "writes"],
)
def test_statements_of_one_workspace_that_stand_still_keep_no_other_from_being_served(dsn: str, query: str) -> None:
    token = key_of(dsn, "attacker")
    with (
        serving(DATABASE_URL=dsn, FIELDSTONE_POOL_SIZE=str(POOL)) as served,
        served.client() as client,
        psycopg.connect(dsn) as holder,
        psycopg.connect(dsn, autocommit=True) as observer,
        ThreadPoolExecutor(CALLERS) as threads,
    ):
        attack = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=served.url, headers=attack) as attacker:
            # Repeated requests are answered without a task from then on.
            for _ in range(POOL + 2):
                assert "errors" not in ask(attacker, query).json()
        lock(holder, dsn)
        with httpx.Client(
            base_url=served.url, headers=attack, timeout=30, limits=httpx.Limits(max_connections=CALLERS)
        ) as attacker:
            answers = [threads.submit(ask, attacker, query) for _ in range(CALLERS)]
            # As many connections as it gets: other workspaces with traffic leave it half of the pool.
            eventually(lambda: waiting(observer) >= POOL // 2, "nobody waits for the lock")
            for number in range(READS):
                assert read_and_write(client, number) == [200, 200], number
            assert not any(answer.done() for answer in answers)
            assert waiting(observer) <= POOL - 1
            holder.rollback()
            assert {answer.result().status_code for answer in answers} == {200}
    assert not [line for line in served.errors if "unexpected error" in line]


def lock(holder: psycopg.Connection[Any], dsn: str) -> None:
    row = holder.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'attacker'").fetchone()
    assert row is not None, dsn
    holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(row[0], "company")))


def read_and_write(client: httpx.Client, number: int) -> list[int]:
    queries = ("{ companies { totalCount } }", f'mutation {{ createCompany(data: {{name: "{number}"}}) {{ id }} }}')
    return [ask(client, query).status_code for query in queries]
