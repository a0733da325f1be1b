"""A server is killed in the middle of an import job: another process goes on with it, and writes no row twice."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.databases import fetch_row
from tests.processes.serving import close, run, serving, start, wait_until_ready
from tests.waiting import eventually

pytestmark = pytest.mark.long

_COMPANIES = "SELECT count(*), count(DISTINCT name) FROM workspace_default.company"
_EVENTS = "SELECT (SELECT count(*) FROM fieldstone.event_staging) + (SELECT count(*) FROM fieldstone.event_log)"
_HALT = """
    CREATE FUNCTION public.halt() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM workspace_default.company) THEN PERFORM pg_advisory_xact_lock(4711); END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER halt BEFORE INSERT ON workspace_default.company EXECUTE FUNCTION public.halt()
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = 4711"
_ROWS = 2_000


def job_of(client: httpx.Client, id_: str, key: str) -> Any:
    answer = client.get(f"/rest/imports/{id_}", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["import"]


def test_another_process_goes_on_with_the_job_of_a_killed_one(database: str) -> None:
    victim = start(DATABASE_URL=database)
    gate = psycopg.connect(database, autocommit=True)
    try:
        wait_until_ready(victim)
        # The second batch waits at a gate, however fast the job is.
        gate.execute("SELECT pg_advisory_lock(4711)")
        gate.execute(_HALT.encode())
        key = run("api-key", "create", "--name", "jobs", DATABASE_URL=database).stdout.split()[-1]
        # The records have no unique key: nothing but the job itself keeps them from being there twice.
        text = "name\n" + "".join(f"Company {number}\n" for number in range(_ROWS))
        with victim.client() as client:
            answer = client.post(
                "/rest/imports?object=companies&format=csv&start=run",
                content=text,
                headers={"authorization": f"Bearer {key}"},
            )
            assert answer.status_code == 201, answer.text
            id_ = answer.json()["data"]["import"]["id"]
            eventually(lambda: fetch_row(database, _WAITING)[0] == 1, "no batch waits at the gate")
            assert fetch_row(database, _COMPANIES)[0] == 500
        victim.process.kill()
        victim.process.wait()
        gate.execute("SELECT pg_advisory_unlock(4711)")
        eventually(lambda: fetch_row(database, _WAITING)[0] == 0, "a batch waits at the gate")
        with serving(DATABASE_URL=database) as other, other.client() as client:
            eventually(lambda: job_of(client, id_, key)["status"] == "DONE", "the job is done", limit=60)
            job = job_of(client, id_, key)
            assert (job["created"], job["updated"], job["failed"]) == (_ROWS, 0, 0)
            assert fetch_row(database, _COMPANIES) == (_ROWS, _ROWS)
            assert fetch_row(database, _EVENTS) == (_ROWS,)
            undo = client.post(f"/rest/imports/{id_}/undo", headers={"authorization": f"Bearer {key}"})
            assert undo.status_code == 200, undo.text
            eventually(lambda: job_of(client, id_, key)["status"] == "UNDONE", "the job is undone", limit=60)
            assert job_of(client, id_, key)["undone"] == _ROWS
            live = f'{_COMPANIES} WHERE "deletedAt" IS NULL'
            assert fetch_row(database, live) == (0, 0)
    finally:
        gate.close()
        close(victim)
