"""`fieldstone serve` as people run it: from the first line that it prints to its end, killed ones included."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.databases import fetch_row
from tests.ports import free_port
from tests.processes.embedded_runs import is_running
from tests.processes.serving import Served, close, run, serving, start, wait_until_ready
from tests.waiting import eventually

pytestmark = pytest.mark.long

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.company'::regclass"


def ask(client: httpx.Client, query: str, **variables: Any) -> Any:
    answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_on_an_empty_folder_it_serves_the_sample_and_the_pasted_line_answers(new_data_dir: Path) -> None:
    with serving("--demo", FIELDSTONE_DATA_DIR=str(new_data_dir)) as served:
        pasted = subprocess.run(["/bin/sh", "-c", served.curl], capture_output=True, text=True, check=True)
        assert json.loads(pasted.stdout)["data"]["people"]["totalCount"] == 2_000
        with served.client() as client:
            counts = ask(
                client,
                "{ companies { totalCount } activities { totalCount } opportunities { totalCount } }",
            )
            assert {name: found["totalCount"] for name, found in counts.items()} == {
                "companies": 300,
                "activities": 4_000,
                "opportunities": 2_500,
            }
            ask(client, 'mutation { createPerson(data: { email: "new@example.com" }) { id } }')
        beside = run("api-key", "create", "--name", "beside", FIELDSTONE_DATA_DIR=str(new_data_dir))
        assert beside.returncode == 0, beside.stderr
        key = beside.stdout.splitlines()[-1]
        with httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {key}"}) as client:
            assert ask(client, "{ people { totalCount } }") == {"people": {"totalCount": 2_001}}
        with httpx.Client(base_url=served.url) as browser:
            assert browser.post("/auth/sign-in", json={"code": served.code}).status_code == 200
            assert ask(browser, "{ people { totalCount } }") == {"people": {"totalCount": 2_001}}
        page = httpx.get(f"{served.url}/graphql", headers={"accept": "text/html"}, follow_redirects=True)
        assert page.headers["content-type"].startswith("text/html")
        assert served.stop() == 0
    assert not is_running(new_data_dir)
    listed = run("api-key", "list", FIELDSTONE_DATA_DIR=str(new_data_dir))
    states = {"beside" in line: line.split()[1] for line in listed.stdout.splitlines()}
    assert states == {False: "revoked", True: "valid"}
    with serving("--demo", FIELDSTONE_DATA_DIR=str(new_data_dir)) as served, served.client() as client:
        assert ask(client, "{ people { totalCount } }") == {"people": {"totalCount": 2_001}}


def test_until_it_is_ready_it_says_so(database: str) -> None:
    # A database that takes the connection and says nothing.
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = free_port()
        served = start(
            "--port", str(port), DATABASE_URL=f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while True:
                try:
                    alive = httpx.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline, served.errors
                    time.sleep(0.05)
            assert alive.status_code == 200
            assert httpx.get(f"{url}/readyz").status_code == 503
            asked = httpx.post(f"{url}/graphql", json={"query": "{ __typename }"})
            assert (asked.status_code, asked.headers["retry-after"]) == (503, "1")
            assert served.stop() == 0
        finally:
            close(served)


@contextlib.contextmanager
def socket_that_is_being_closed(served: Served) -> Iterator[None]:
    """Hold a WebSocket that its client has closed before it has read the answers to its pings."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.socket() as leaving:
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        leaving.connect((host, int(port)))
        leaving.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        assert leaving.recv(4096).startswith(b"HTTP/1.1 101")
        ping, close_ = b"\x89\xfd" + bytes(4 + 125), b"\x88\x80" + bytes(4)
        leaving.sendall(ping * 60_000 + close_)
        eventually(lambda: any(" socket " in line for line in served.errors), "the app has not noticed the close")
        yield


def test_sigterm_lets_requests_in_flight_finish(database: str) -> None:
    answers: list[httpx.Response] = []
    with serving(DATABASE_URL=database) as served, psycopg.connect(database) as blocker, served.client() as client:
        blocker.execute("LOCK TABLE workspace_default.company")
        create = {"query": 'mutation { createCompany(data: { name: "last" }) { name } }'}
        asking = threading.Thread(target=lambda: answers.append(client.post("/graphql", json=create)))
        asking.start()
        eventually(lambda: fetch_row(database, _WAITING)[0] == 1, "the request did not come to the table")
        # uvicorn would close this socket a second time, and end by the library's error before the request is answered.
        with socket_that_is_being_closed(served):
            served.process.send_signal(signal.SIGTERM)
            eventually(lambda: not _takes_connections(served.url), "the server still takes connections")
            assert served.process.poll() is None
            blocker.rollback()
            asking.join()
        assert served.process.wait(timeout=60) == 0
    assert answers[0].json() == {"data": {"createCompany": {"name": "last"}}}
    with psycopg.connect(database) as connection:
        revoked = connection.execute("SELECT revoked_at IS NOT NULL FROM fieldstone.api_key").fetchall()
        assert revoked == [(True,)]


def test_ctrl_c_ends_a_server_as_the_help_says(database: str) -> None:
    with serving(DATABASE_URL=database) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.wait() == 130
        assert "Traceback" not in "".join(served.errors)


def test_every_request_has_its_line_in_the_log_when_the_process_has_ended(database: str) -> None:
    with serving(DATABASE_URL=database, FIELDSTONE_LOG_FORMAT="json") as served:
        with served.client() as client:
            for _ in range(20):
                ask(client, "{ companies { totalCount } }")
        assert served.stop() == 0
    lines = [json.loads(line) for line in served.errors]
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["path"], line["status"]) for line in requests] == [("/graphql", 200)] * 20


def test_what_does_not_finish_within_the_drain_time_is_given_up(database: str) -> None:
    with (
        serving(DATABASE_URL=database, FIELDSTONE_DRAIN_TIMEOUT="4") as served,
        psycopg.connect(database) as blocker,
        served.client() as client,
    ):
        blocker.execute("LOCK TABLE workspace_default.company")
        answers: list[httpx.Response] = []
        count = {"query": "{ companies { totalCount } }"}
        asking = threading.Thread(target=lambda: answers.append(client.post("/graphql", json=count)))
        asking.start()
        eventually(lambda: fetch_row(database, _WAITING)[0] == 1, "the request did not come to the table")
        assert served.stop() == 0
        asking.join()
        assert answers[0].status_code == 503
        assert answers[0].json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert "Traceback" not in "".join(served.errors)


def test_kill_9_under_writes_loses_no_acknowledged_record(data_dir: Path) -> None:
    acknowledged: list[str] = []

    def write(served: Served, number: int) -> None:
        with served.client() as client:
            try:
                for count in range(10_000):
                    made = ask(client, f'mutation {{ createCompany(data: {{ name: "{number}-{count}" }}) {{ id }} }}')
                    acknowledged.append(made["createCompany"]["id"])
            except httpx.TransportError:
                return

    for _ in range(2):
        served = start(FIELDSTONE_DATA_DIR=str(data_dir))
        try:
            wait_until_ready(served)
            before = len(acknowledged)
            writers = [threading.Thread(target=write, args=(served, number)) for number in range(4)]
            for writer in writers:
                writer.start()
            while len(acknowledged) < before + 200:
                time.sleep(0.01)
            served.process.kill()
            for writer in writers:
                writer.join()
        finally:
            close(served)
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:
        found: set[str] = set()
        cursor = None
        while True:
            page = ask(
                client,
                "query ($after: String) { companies(first: 200, after: $after)"
                " { edges { node { id } } pageInfo { hasNextPage endCursor } } }",
                after=cursor,
            )["companies"]
            found |= {edge["node"]["id"] for edge in page["edges"]}
            cursor = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        # The keys of those that were killed are revoked, that of this start is not.
        listed = run("api-key", "list", FIELDSTONE_DATA_DIR=str(data_dir)).stdout
        assert [line.split()[1] for line in listed.splitlines()] == ["revoked", "revoked", "expires"]
    assert any("killed" in line for line in served.errors), served.errors
    assert set(acknowledged) <= found


def _takes_connections(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz")
    except httpx.TransportError:
        return False
    return True


def test_the_metrics_have_a_port_of_their_own_until_the_server_ends(database: str) -> None:
    served = start(FIELDSTONE_METRICS_PORT="0", DATABASE_URL=database)
    try:
        wait_until_ready(served)

        def addresses() -> list[str]:
            return re.findall(r"address=(http://127\.0\.0\.1:\d+)/metrics", "".join(served.errors))

        # The log has another way than the line by which the server is known to be ready.
        eventually(lambda: bool(addresses()), "no address of the metrics is logged")
        (address,) = addresses()
        with httpx.Client(base_url=address) as state, served.client() as client:
            assert 'fieldstone_model_version{workspace="default"}' in state.get("/metrics").text
            assert state.get("/readyz").json()["details"]["database"] == "answers"
            assert state.post("/graphql", json={"query": "{ __typename }"}).status_code == 404
            assert client.get("/metrics", headers={"Authorization": ""}).status_code == 404
            assert "fieldstone_model_version" not in client.get("/metrics").text
            assert served.stop() == 0
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{address}/metrics")
    finally:
        close(served)
