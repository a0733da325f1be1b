"""Events end to end: real clients from npm, and readers that do not read."""

import contextlib
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.npm_clients import NODE
from tests.processes.event_clients import CLIENTS, CREATE, Server, client, make_key, send, servers
from tests.project.modules import ROOT
from tests.waiting import eventually

pytestmark = pytest.mark.long

CREATED = "subscription ($after: String) { personCreated(after: $after) { id firstName email } }"


@pytest.mark.parametrize(("script", "scheme", "path"), CLIENTS.values(), ids=CLIENTS)
def test_a_client_connects_receives_reconnects_and_resumes(
    clients: Path, workspace_dsn: str, script: str, scheme: str, path: str
) -> None:
    with servers(workspace_dsn, 1) as (server,):
        key = make_key(workspace_dsn)
        url = server.url.replace("http", scheme) + path
        with client(clients, script, url, key, CREATED) as subscriber:
            eventually(lambda: subscriber.connections == 1, f"not connected: {subscriber.said}")
            # The subscription follows the connection: a first event shows that it is there.
            seen = 0
            while not subscriber.results:
                seen += 1
                send(server.url, key, CREATE, data=[{"email": f"first{seen}@example.com"}])
                with contextlib.suppress(AssertionError):
                    eventually(lambda: bool(subscriber.results), "not yet", limit=0.5)

            def received() -> list[Any]:
                """Return the people behind the first ones, of which some may come late."""
                people = [result["personCreated"] for result in subscriber.results]
                return [one for one in people if not one["email"].startswith("first")]

            people = [{"email": f"{number}@example.com", "firstName": str(number)} for number in range(5)]
            written = send(server.url, key, CREATE, data=people)["createPeople"]
            eventually(lambda: len(received()) == 5, f"not received: {subscriber.said}")
            server.kill()
            server.start()
            written += send(server.url, key, CREATE, data=[{"email": "later@example.com", "firstName": "L"}])[
                "createPeople"
            ]
            eventually(lambda: len(received()) == 6, f"not resumed: {subscriber.said}")
            got = [dict(one) for one in received()]
            for result in got:
                result.pop("__typename", None)
            assert got == written
            assert subscriber.positions == sorted(set(subscriber.positions))


def _frame(message: Any) -> bytes:
    data = json.dumps(message).encode()
    head = bytes([129, 128 | len(data)]) if len(data) < 126 else bytes([129, 254]) + len(data).to_bytes(2, "big")
    return head + bytes(4) + data  # a mask of zeros


def _resident(pid: int) -> int:
    """Return the memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@contextlib.contextmanager
def unread(server: Server, key: str, query: str, count: int) -> Iterator[None]:
    """Hold clients that subscribe and read nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            reader = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(
                b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
            )
            assert b" 101 " in reader.recv(4096)
            reader.sendall(_frame({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
            assert b"connection_ack" in reader.recv(4096)
            reader.sendall(_frame({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        yield


CREATE_ACTIVITIES = "mutation ($data: [ActivityInput!]!) { createActivities(data: $data) { id } }"


def test_readers_that_do_not_read_do_not_grow_the_server(workspace_dsn: str) -> None:
    """20 clients subscribe and read nothing, while 200 MB are written that concern each of them."""
    with servers(workspace_dsn, 1, FIELDSTONE_UNREAD_TIMEOUT="600") as (server,):
        key = make_key(workspace_dsn)
        with unread(server, key, "subscription { activityCreated { body } }", 20):
            for number in range(20):
                data = [{"title": "x", "body": "x" * 10_000} for _ in range(50)]
                send(server.url, key, CREATE_ACTIVITIES, data=data)
                if number == 3:
                    assert server.served is not None
                    before = _resident(server.served.process.pid)
            eventually(lambda: _metrics(server.url)["fieldstone_full_outboxes_total"] >= 20, "no outbox is full")
            assert server.served is not None
            assert _resident(server.served.process.pid) - before < 40
            # 20 readers times 16 batches of 500 kB would be 160 MB.


@pytest.mark.long
def test_live_queries_of_readers_that_do_not_read_do_not_grow_the_server(workspace_dsn: str) -> None:
    """20 clients ask for answers of 500 kB and read nothing, while these change 20 times.

    A reader that answers no ping is closed after 40 s, so the whole has to be over before that.
    """
    page = "first: 50, orderBy: { createdAt: DESC }, interval: 100"
    live = f"subscription {{ activities({page}) {{ edges {{ node {{ body }} }} }} }}"
    with servers(workspace_dsn, 1, FIELDSTONE_UNREAD_TIMEOUT="600") as (server,):
        key = make_key(workspace_dsn)
        data = [{"title": "x", "body": "x" * 10_000} for _ in range(50)]
        send(server.url, key, CREATE_ACTIVITIES, data=data)
        with unread(server, key, live, 20):
            for number in range(1, 21):
                send(server.url, key, CREATE_ACTIVITIES, data=[{"body": f"{number}" + "x" * 10_000}])
                eventually(lambda: _metrics(server.url)["fieldstone_live_statements_total"] > number, "not run again")  # noqa: B023 - called at once
                if number == 5:
                    assert server.served is not None
                    before = _resident(server.served.process.pid)
            assert server.served is not None
            metrics = _metrics(server.url)
            # The kernel takes some answers; after these, one is announced to each reader and the others are not.
            assert metrics["fieldstone_live_queries"] == 1
            assert metrics["fieldstone_live_answers_total"] < 20 * 15
            assert _resident(server.served.process.pid) - before < 40
            # 20 readers times 15 answers of 500 kB would be 150 MB.


def _metrics(url: str) -> dict[str, float]:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


@pytest.mark.long
def test_the_documented_client_runs_where_node_has_no_websocket_of_its_own(clients: Path, workspace_dsn: str) -> None:
    page = (ROOT / "docs" / "how-to" / "subscribe.md").read_text(encoding="utf-8")
    (documented,) = re.findall(r"^```javascript\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    # The documented client sends two operations at once, so that its query is refused and has to be sent again.
    with servers(workspace_dsn, 1, API_RATE_LIMITING_LIMIT="1", API_RATE_LIMITING_TTL="500") as (server,):
        key, other = make_key(workspace_dsn), make_key(workspace_dsn)
        shown = "ws://127.0.0.1:3000"
        assert shown in documented
        script = clients / "documented.mjs"
        script.write_text(documented.replace(shown, server.url.replace("http", "ws")), encoding="utf-8")
        # As Node.js 20 is.
        command: list[str | Path] = [NODE, "--no-experimental-websocket", script]
        variables = {**os.environ, "FIELDSTONE_KEY": key}
        with subprocess.Popen(
            command, cwd=clients, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            output = run.stdout
            assert output is not None
            os.set_blocking(output.fileno(), False)
            told = b""

            def is_told() -> bool:
                nonlocal told
                told += output.read() or b""
                is_read = re.search(rb"^\d+ people$", told, re.MULTILINE)
                return (is_read is not None and b"firstName: 'Ada'" in told) or run.poll() is not None

            try:
                # The subscription follows the connection: the first events may be too early for it.
                for _ in range(60):
                    send(server.url, other, CREATE, data=[{"email": f"{uuid4()}@example.com", "firstName": "Ada"}])
                    with contextlib.suppress(AssertionError):
                        eventually(is_told, "not yet", limit=0.5)
                        break
                assert run.poll() is None, told.decode()
                assert is_told(), told.decode()
            finally:
                run.kill()


@pytest.mark.long
def test_graphql_ws_comes_back_with_another_token_when_one_has_ended(clients: Path, workspace_dsn: str) -> None:
    secret = "a secret of thirty-two bytes, or more"  # noqa: S105 - of this test
    issuer = {"issuer": "https://id.example", "audience": "fieldstone", "key": secret, "roles": ["admin"]}
    claims = json.dumps({"iss": "https://id.example", "aud": "fieldstone", "sub": "ada"})
    with servers(workspace_dsn, 1, FIELDSTONE_JWT=json.dumps([issuer])) as (server,):
        url = server.url.replace("http", "ws") + "/graphql"
        with client(clients, "subscribe_token.js", url, secret, claims, "3", CREATED) as subscriber:
            eventually(lambda: subscriber.connections == 3, f"it does not come back: {subscriber.said}")
            closed = [one for one in subscriber.said if "closed" in one]
            assert {one["closed"] for one in closed} == {4403}
            before = len(subscriber.results)
            key = make_key(workspace_dsn)
            while len(subscriber.results) == before:
                send(server.url, key, CREATE, data=[{"email": f"{uuid4()}@example.com"}])
                with contextlib.suppress(AssertionError):
                    eventually(lambda: len(subscriber.results) > before, "not yet", limit=0.5)
