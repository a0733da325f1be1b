"""A request with an Idempotency-Key whose server is killed is sent again to another one: it has one effect."""

import threading
from typing import Any

import httpx
import psycopg
import pytest

from tests.databases import fetch_row
from tests.processes.serving import close, serving, start, wait_until_ready
from tests.waiting import eventually

_BODY = {"query": 'mutation { createPerson(data: { email: "a" }) { id } }'}
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.person'::regclass"
_CLAIMING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def send(client: httpx.Client, key: str) -> Any:
    headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {key}"}
    return client.post("/graphql", json=_BODY, headers=headers).json()


@pytest.mark.parametrize("waits", [True, False], ids=["sent again before the kill", "sent again after the kill"])
def test_a_killed_server_leaves_no_effect_and_no_claim(database: str, waits: bool) -> None:
    victim = start(DATABASE_URL=database)
    try:
        wait_until_ready(victim)
        with serving(DATABASE_URL=database) as other, other.client() as client, psycopg.connect(database) as gate:
            gate.execute("LOCK TABLE workspace_default.person")
            lost: list[Exception] = []

            def first() -> None:
                with victim.client() as own:
                    try:
                        send(own, victim.key)
                    except httpx.HTTPError as error:
                        lost.append(error)

            answers: list[Any] = []
            again = threading.Thread(target=lambda: answers.append(send(client, victim.key)))
            sending = threading.Thread(target=first)
            sending.start()
            eventually(lambda: fetch_row(database, _WAITING)[0] == 1, "the first request came to the records' table")
            if waits:
                again.start()
                eventually(lambda: fetch_row(database, _CLAIMING)[0] == 1, "the second request waits for the first")
            victim.process.kill()
            victim.process.wait()
            sending.join()
            assert lost
            if not waits:
                again.start()
                eventually(lambda: fetch_row(database, _CLAIMING)[0] == 1, "the second request waits for the first")
            gate.rollback()
            again.join()
            (answer,) = answers
            assert "errors" not in answer, answer
            assert fetch_row(database, "SELECT count(*) FROM workspace_default.person")[0] == 1
            assert send(client, victim.key) == answer
            events = (
                "SELECT (SELECT count(*) FROM fieldstone.event_staging) + (SELECT count(*) FROM fieldstone.event_log)"
            )
            assert fetch_row(database, events)[0] == 1
    finally:
        close(victim)
