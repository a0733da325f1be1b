"""A server is killed in the middle of an import: it leaves whole batches, and the file can be sent again."""

import threading
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.databases import fetch_row
from tests.processes.serving import close, serving, start, wait_until_ready
from tests.waiting import eventually

pytestmark = pytest.mark.long

_PEOPLE = "SELECT count(*) FROM workspace_default.person"
_EVENTS = "SELECT (SELECT count(*) FROM fieldstone.event_staging) + (SELECT count(*) FROM fieldstone.event_log)"
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.person'::regclass"


def test_a_killed_server_leaves_whole_batches(database: str) -> None:
    victim = start(DATABASE_URL=database)
    gate = psycopg.connect(database)
    may_end = threading.Event()

    def pieces(first: int, last: int, *, waits: bool) -> Iterator[bytes]:
        yield b"email\n"
        yield b"".join(b"%d@x\n" % number for number in range(first, 1_600))
        if waits:
            # The first three batches are there.
            eventually(lambda: fetch_row(database, _PEOPLE)[0] == 1_500, "three batches are written")
            gate.execute("LOCK TABLE workspace_default.person")
        yield b"".join(b"%d@x\n" % number for number in range(1_600, last))
        if waits:
            may_end.wait()

    lost: list[Exception] = []

    def send() -> None:
        with victim.client() as client:
            try:
                client.post(
                    "/rest/people.csv",
                    content=pieces(0, 2_600, waits=True),
                    headers={"authorization": f"Bearer {victim.key}"},
                )
            except httpx.HTTPError as error:
                lost.append(error)

    sending = threading.Thread(target=send)
    try:
        wait_until_ready(victim)
        sending.start()
        eventually(lambda: fetch_row(database, _WAITING)[0] == 1, "the fourth batch came to the records' table")
        victim.process.kill()
        victim.process.wait()
        may_end.set()
        sending.join()
        assert lost
        gate.rollback()
        eventually(lambda: fetch_row(database, _WAITING)[0] == 0, "nothing waits for the table any more")
        with serving(DATABASE_URL=database) as other, other.client() as client:
            assert fetch_row(database, _PEOPLE)[0] in {1_500, 2_000}
            (before,) = fetch_row(database, _PEOPLE)
            assert fetch_row(database, _EVENTS)[0] == before
            answer = client.post(
                "/rest/people.csv?on_conflict=email",
                content=pieces(0, 2_600, waits=False),
                headers={"authorization": f"Bearer {other.key}"},
            )
            assert answer.status_code == 200, answer.text
            report = answer.json()["data"]["importPeople"]
            assert (report["created"], report["updated"]) == (2_600 - before, before)
            assert fetch_row(database, _PEOPLE)[0] == 2_600
    finally:
        may_end.set()
        gate.close()
        close(victim)
