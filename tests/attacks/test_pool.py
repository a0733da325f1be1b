"""One workspace whose statements stand still, and the connections to the database that all workspaces share."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.processes.serving import SHEDDING, run, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

POOL = 4
CALLERS = 24
READS = 20
LONG = 0.1
"""Seconds, which short statements do not take in the mean on a slow machine either."""
LONG_CALLERS = 6


def key_of(dsn: str, workspace: str) -> str:
    """Make a workspace and a key of it."""
    assert run("workspace", "create", workspace, DATABASE_URL=dsn).returncode == 0
    made = run("api-key", "create", "--workspace", workspace, "--name", "attacker", DATABASE_URL=dsn)
    return made.stdout.split()[-1]


def ask(client: httpx.Client, query: str) -> Any:
    return client.post("/graphql", json={"query": query})


def waiting(observer: psycopg.Connection[Any], *, seconds: float = 0) -> int:
    """How many statements have waited for the lock of a table for so long."""
    row = observer.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND waitstart <= clock_timestamp() - make_interval(secs => %s)",
        [seconds],
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
        # On a slow machine these are long statements, too, of which one runs at a time.
        serving(DATABASE_URL=dsn, FIELDSTONE_POOL_SIZE=str(POOL), FIELDSTONE_LONG_STATEMENT="0", **SHEDDING) as served,
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


@pytest.mark.long
def test_long_statements_of_one_workspace_run_one_at_a_time_and_keep_nothing_else_waiting(dsn: str) -> None:
    token = key_of(dsn, "attacker")
    long, short = "{ companies { totalCount } }", "{ people { totalCount } }"
    with (
        serving(DATABASE_URL=dsn, FIELDSTONE_LONG_STATEMENT=str(round(LONG * 1_000)), **SHEDDING) as served,
        served.client() as client,
        httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {token}"}, timeout=30) as attacker,
        psycopg.connect(dsn) as holder,
        psycopg.connect(dsn, autocommit=True) as observer,
        ThreadPoolExecutor(CALLERS) as threads,
    ):
        assert read_and_write(client, 0) == [200, 200]
        assert [ask(attacker, short).status_code for _ in range(3)] == [200, 200, 200]
        lock(holder, dsn)
        first = threads.submit(ask, attacker, long)
        eventually(lambda: waiting(observer, seconds=20 * LONG) == 1, "nobody waits for the lock for long")
        holder.rollback()
        assert first.result().status_code == 200
        lock(holder, dsn)
        answers = [threads.submit(ask, attacker, long) for _ in range(LONG_CALLERS)]
        eventually(
            lambda: f"fieldstone_pool_waiting {LONG_CALLERS - 1}.0\n" in client.get("/metrics").text,
            "the long statements do not wait",
        )
        for number in range(LONG_CALLERS):
            assert ask(attacker, short).status_code == 200, number
            assert read_and_write(client, number) == [200, 200], number
        assert waiting(observer) == 1
        assert not any(answer.done() for answer in answers)
        holder.rollback()
        assert {answer.result().status_code for answer in answers} == {200}
    assert not [line for line in served.errors if "unexpected error" in line]


@pytest.mark.long
def test_statements_of_one_key_that_stand_still_keep_no_other_key_from_being_served(dsn: str) -> None:
    """The administrator could not revoke the key: the door refused all operations of the workspace."""
    token = key_of(dsn, "attacker")
    made = run("api-key", "create", "--workspace", "attacker", "--name", "administrator", DATABASE_URL=dsn)
    update = 'mutation ($id: UUID!) { updateCompany(id: $id, data: { name: "x" }) { id } }'
    revoke = "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }"
    with (
        serving(DATABASE_URL=dsn, FIELDSTONE_POOL_SIZE=str(POOL), **SHEDDING) as served,
        psycopg.connect(dsn) as holder,
        psycopg.connect(dsn, autocommit=True) as observer,
        ThreadPoolExecutor(CALLERS) as threads,
        httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {token}"}, timeout=30) as attacker,
        httpx.Client(
            base_url=served.url, headers={"authorization": f"Bearer {made.stdout.split()[-1]}"}, timeout=30
        ) as administrator,
    ):

        def harm() -> httpx.Response:
            return attacker.post("/graphql", json={"query": update, "variables": {"id": id_}})

        created = ask(attacker, 'mutation { createCompany(data: {name: "x"}) { id } }').json()
        id_ = created["data"]["createCompany"]["id"]
        assert [harm().status_code for _ in range(POOL + 2)] == [200] * (POOL + 2)
        keys = administrator.post("/metadata", json={"query": "{ apiKeys { edges { node { id name } } } }"}).json()
        lock(holder, dsn)
        answers = [threads.submit(harm) for _ in range(CALLERS)]
        eventually(lambda: waiting(observer, seconds=1) >= POOL // 2, "nobody waits for the lock")
        people = "{ people { totalCount } }"
        write = 'mutation { createPerson(data: {name: {firstName: "A"}}) { id } }'
        for number in range(READS):
            assert [ask(administrator, one).status_code for one in (people, write)] == [200, 200], number
        listed = [edge["node"] for edge in keys["data"]["apiKeys"]["edges"]]
        harmful = next(key["id"] for key in listed if key["name"] == "attacker")
        revoked = administrator.post("/metadata", json={"query": revoke, "variables": {"id": harmful}}).json()
        assert revoked["data"]["revokeApiKey"]["id"] == harmful
        assert ask(attacker, people).status_code == 401
        assert waiting(observer) == POOL // 2
        holder.rollback()
        assert {answer.result().status_code for answer in answers} <= {200, 401, 503}
    assert not [line for line in served.errors if "unexpected error" in line]


def lock(holder: psycopg.Connection[Any], dsn: str) -> None:
    row = holder.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'attacker'").fetchone()
    assert row is not None, dsn
    holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(row[0], "company")))


def read_and_write(client: httpx.Client, number: int) -> list[int]:
    queries = ("{ companies { totalCount } }", f'mutation {{ createCompany(data: {{name: "{number}"}}) {{ id }} }}')
    return [ask(client, query).status_code for query in queries]
