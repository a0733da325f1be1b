"""`fieldstone serve` with several workers: deaths, reloads and the end under load, and all that they share."""

import contextlib
import json
import os
import re
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.databases import fetch_row
from tests.processes.embedded_runs import is_alive, is_running, kill_postmaster
from tests.processes.serving import Served, close, run, serving, start, wait_until_ready
from tests.processes.visitors import COUNT, JSON_LOG, Visitor, lines, visited, wait_for_answers, workers
from tests.waiting import eventually

pytestmark = pytest.mark.long


def test_a_killed_worker_costs_its_own_requests_alone_and_is_replaced(database: str) -> None:
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **JSON_LOG) as served:
        pids = workers(served)
        with visited(served, 8) as visitors:
            # Each client has kept its connection, and so its worker.
            wait_for_answers(visitors, 25)
            assert [visitor.connections for visitor in visitors] == [1] * 8
            seen = {line["path"]: line["worker"] for line in lines(served, "request") if "visitor" in line["path"]}
            killed = seen[visitors[0].place]
            os.kill(pids[killed], signal.SIGKILL)
            wait_for_answers(visitors, 25)
            workers(served, 3)
            wait_for_answers(visitors, 25)
        for visitor in visitors:
            failed = len(visitor.failures)
            assert failed == (1 if seen[visitor.place] == killed else 0), visitor.failures
        (death,) = lines(served, "a worker has died")
        assert (death["worker"], death["code"]) == (killed, -9)
        assert _restarts(served) == {"exited": 1, "stood_still": 0, "reloaded": 0}


def _restarts(served: Served) -> dict[str, float]:
    """Return the numbers of replaced workers, by reason, as any worker tells them."""
    with served.client() as client:
        text = client.get("/metrics").text
    found = re.findall(r'^fieldstone_worker_restarts_total\{reason="(\w+)"\} (\S+)$', text, re.MULTILINE)
    return {reason: float(number) for reason, number in found}


def test_a_worker_that_is_stopped_is_killed_and_replaced(database: str) -> None:
    given = JSON_LOG | {"FIELDSTONE_WORKER_TIMEOUT": "5"}
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **given) as served:
        pids = workers(served)
        with visited(served, 8) as visitors:
            wait_for_answers(visitors, 25)
            seen = {line["path"]: line["worker"] for line in lines(served, "request") if "visitor" in line["path"]}
            stopped = seen[visitors[0].place]
            os.kill(pids[stopped], signal.SIGSTOP)
            # Its clients wait for no longer than the timeout, and are then served by others.
            wait_for_answers(visitors, 25)
            assert workers(served, 3)[stopped] != pids[stopped]
        for visitor in visitors:
            failed = len(visitor.failures)
            assert failed == (1 if seen[visitor.place] == stopped else 0), visitor.failures
        (death,) = lines(served, "a worker has died")
        facts = {"worker": stopped, "pid": pids[stopped], "code": -9, "reason": "its event loop has not turned for 5 s"}
        assert death.items() >= facts.items()
        assert _restarts(served) == {"exited": 0, "stood_still": 1, "reloaded": 0}


def test_no_worker_is_killed_where_all_processes_were_stopped(database: str) -> None:
    given = JSON_LOG | {"FIELDSTONE_WORKER_TIMEOUT": "5"}
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **given) as served:
        processes = [*workers(served).values(), served.process.pid]
        # The supervisor stops first, and goes on first: it never runs for longer beside workers that stand still.
        for pid in reversed(processes):
            os.kill(pid, signal.SIGSTOP)
        # Time itself is tested: twice as long as a worker may stand still.
        time.sleep(11)
        for pid in reversed(processes):
            os.kill(pid, signal.SIGCONT)
        with visited(served, 4) as visitors:
            wait_for_answers(visitors, 100)
        assert not any(visitor.failures for visitor in visitors)
        assert lines(served, "a worker has died") == []
        assert {*workers(served).values()} == {*processes[:-1]}


def test_a_reload_under_load_fails_no_request_and_brings_new_settings(database: str, tmp_path: Path) -> None:
    settings = tmp_path / "settings"
    settings.write_text("FIELDSTONE_MAX_ALIASES=500\n")
    given = ["--workers", "2", "--env-file", str(settings)]
    with serving(*given, DATABASE_URL=database, **JSON_LOG) as served, served.client() as client:
        before = workers(served)
        two = {"query": "{ a: __typename b: __typename }"}
        assert "errors" not in client.post("/graphql", json=two).json()
        with visited(served, 6) as visitors:
            settings.write_text("FIELDSTONE_MAX_ALIASES=many\n")
            served.process.send_signal(signal.SIGHUP)
            eventually(lambda: bool(lines(served, "nothing was reloaded")), "a wrong setting was not refused", limit=90)
            assert "FIELDSTONE_MAX_ALIASES must be" in lines(served, "nothing was reloaded")[0]["reason"]
            assert all(is_alive(pid) for pid in before.values())
            settings.write_text("FIELDSTONE_MAX_ALIASES=1\nFIELDSTONE_PORT=1\n")
            served.process.send_signal(signal.SIGHUP)
            eventually(lambda: bool(lines(served, "reloaded")), "not reloaded", limit=180)
            wait_for_answers(visitors, 20)
        assert [failure for visitor in visitors for failure in visitor.failures] == []
        assert not any(is_alive(pid) for pid in before.values())
        assert len(lines(served, "a worker serves")) == 4
        assert _restarts(served) == {"exited": 0, "stood_still": 0, "reloaded": 2}
        assert lines(served, "a worker has died") == []
        # The command line gives the port.
        assert lines(served, "some settings take effect with a new start only") == []
        with served.client() as again:
            assert "errors" in again.post("/graphql", json=two).json()


def test_sockets_are_told_to_come_back_over_the_drain_time(database: str) -> None:
    with (
        serving("--workers", "2", "--preload", DATABASE_URL=database, FIELDSTONE_DRAIN_TIMEOUT="6") as served,
        contextlib.ExitStack() as stack,
    ):
        sockets = [stack.enter_context(_opened_socket(served)) for _ in range(12)]
        began = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        closed = [_closed(socket) for socket in sockets]
        assert [code for code, _ in closed] == [1012] * 12
        moments = [at - began for _, at in closed]
        assert served.process.wait(timeout=120) == 0
        # All at once they would come within a moment.
        assert max(moments) > 1.0


@contextlib.contextmanager
def _opened_socket(served: Served) -> Iterator[ClientConnection]:
    address = served.url.replace("http", "ws") + "/graphql"
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {served.key}"}}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        yield socket


def _closed(socket: ClientConnection) -> tuple[int | None, float]:
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=60)
    return (None if closed.value.rcvd is None else closed.value.rcvd.code), time.monotonic()


def test_both_workers_keep_limits_models_keys_and_metrics_in_common(database: str) -> None:
    limits = {"API_RATE_LIMITING_LIMIT": "0", "FIELDSTONE_RATE_LIMIT_STORE": "memory"}
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **limits, **JSON_LOG) as served:
        workers(served)
        with visited(served, 8) as visitors, served.client() as client:
            _change_the_model(client, visitors)
            _revoke_a_key(served, client)
            _read_the_metrics(served, client)
        assert [failure for visitor in visitors for failure in visitor.failures] == []


def ask(client: httpx.Client, path: str, query: str, **variables: Any) -> Any:
    answer = client.post(path, json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def _change_the_model(client: httpx.Client, visitors: list[Visitor]) -> None:
    """Each worker serves a new object in the next request, whichever worker has made it."""
    served = visitors[0].served
    for number in range(5):
        name = f"gadget{number}"
        given = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
        made = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
        ask(client, "/metadata", made, input=given)
        for _ in range(8):
            with served.client() as fresh:
                ask(fresh, "/graphql", f"{{ {name}s {{ totalCount }} }}")


def _revoke_a_key(served: Served, client: httpx.Client) -> None:
    made = ask(client, "/metadata", 'mutation { createApiKey(input: { name: "x" }) { id token } }')["createApiKey"]
    with contextlib.ExitStack() as stack:
        headers = {"authorization": f"Bearer {made['token']}"}
        theirs = [stack.enter_context(httpx.Client(base_url=served.url, headers=headers)) for _ in range(8)]
        for one in theirs * 3:
            ask(one, "/graphql", COUNT)
        ask(client, "/metadata", "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", id=made["id"])
        for one in theirs:
            eventually(lambda one=one: one.post("/graphql", json={"query": COUNT}).status_code == 401, "still served")  # type: ignore[misc]


def _read_the_metrics(served: Served, client: httpx.Client) -> None:
    with served.client() as other:
        for one in (client, other):
            text = one.get("/metrics").text
            ready = dict(re.findall(r'^fieldstone_ready\{worker="(\d)"\} (\S+)$', text, re.MULTILINE))
            assert ready == {"0": "1.0", "1": "1.0"}
            assert text.count("# TYPE fieldstone_requests_total counter") == 1
            assert re.search(
                r'^fieldstone_requests_total\{worker="1",endpoint="/graphql",status="200"\}', text, re.MULTILINE
            )
            assert one.get("/healthz").status_code == one.get("/readyz").status_code == 200


def test_a_rate_limit_is_that_of_all_workers_together(database: str) -> None:
    # A window of three weeks, whose end hardly a test sees.
    limits = {"API_RATE_LIMITING_LIMIT": "200", "API_RATE_LIMITING_TTL": str(21 * 86_400_000)}
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **limits, **JSON_LOG) as served:
        workers(served)
        statuses: list[int] = []

        def spend(client: httpx.Client) -> None:
            statuses.extend(client.post("/graphql", json={"query": COUNT}).status_code for _ in range(50))

        with contextlib.ExitStack() as stack:
            clients: list[httpx.Client] = []

            def are_clients_of_both() -> bool:
                """Add a client, and return whether there are enough: a worker that starts slowly gets none at first."""
                clients.append(stack.enter_context(served.client()))
                clients[-1].get("/healthz")
                return len(clients) >= 8 and {line["worker"] for line in lines(served, "request")} == {0, 1}

            eventually(are_clients_of_both, "one worker has all clients")
            threads = [threading.Thread(target=spend, args=(client,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        counted = Counter(statuses)
        # Never more than the limit, and all of it but for shares that one worker held while the other had the clients.
        assert 150 <= counted[200] <= 200
        assert counted[200] + counted[429] == 50 * len(clients)


def test_the_embedded_postgresql_is_the_supervisors(data_dir: Path) -> None:
    with serving("--workers", "2", "--preload", FIELDSTONE_DATA_DIR=str(data_dir), **JSON_LOG) as served:
        pids = workers(served)
        with served.client() as client:
            ask(client, "/graphql", COUNT)
            # A code that one worker has taken is used up for the other.
            codes = [httpx.post(f"{served.url}/auth/sign-in", json={"code": served.code}) for _ in range(4)]
            assert [answer.status_code for answer in codes] == [200, 401, 401, 401]
            for pid in pids.values():
                os.kill(pid, signal.SIGKILL)
            workers(served, 4)
            # The key of this start is that of all its workers.
            ask(client, "/graphql", COUNT)
            os.kill(_keeper(served, {line["pid"] for line in lines(served, "a worker serves")}), signal.SIGKILL)
            eventually(lambda: bool(lines(served, "the keeper has died")), "the keeper's death is not noted")
            kill_postmaster(data_dir)
            eventually(
                lambda: client.post("/graphql", json={"query": COUNT}).json().get("data") is not None,
                "PostgreSQL was not started again",
                limit=90,
            )
            eventually(lambda: bool(lines(served, "the keeper is back")), "the keeper is not back", limit=90)
        assert run("api-key", "list", FIELDSTONE_DATA_DIR=str(data_dir)).stdout.count("expires") == 1
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=120) == 130
    assert not is_running(data_dir)
    listed = run("api-key", "list", FIELDSTONE_DATA_DIR=str(data_dir)).stdout
    assert (listed.count("revoked"), listed.count("expires")) == (1, 0)


def _keeper(served: Served, others: set[int]) -> int:
    """The process of the supervisor that is no worker."""
    (found,) = _children(served) - others
    return found


def _children(served: Served) -> set[int]:
    pid = served.process.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_nothing_is_left_where_the_supervisor_is_killed(data_dir: Path) -> None:
    served = start("--workers", "2", "--preload", FIELDSTONE_DATA_DIR=str(data_dir), **JSON_LOG)
    try:
        wait_until_ready(served)
        pids = workers(served)
        served.process.kill()
        eventually(lambda: not any(is_alive(pid) for pid in pids.values()), "workers are left")
        eventually(lambda: not is_running(data_dir), "PostgreSQL is left")
    finally:
        close(served)


def test_workers_that_die_at_once_end_the_supervisor(database: str) -> None:
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **JSON_LOG) as served:
        keeper = _keeper(served, {*workers(served).values()})

        def kill_all() -> bool:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in _children(served) - {keeper}:
                    os.kill(child, signal.SIGKILL)
            return served.process.poll() is not None

        eventually(kill_all, "the supervisor goes on", limit=90)
        assert served.process.wait() == 1
        served.reader.join()
        assert "five workers in a row have ended within 10 seconds of their start" in "".join(served.errors)


def test_workers_that_die_at_once_end_nothing_while_another_serves(database: str) -> None:
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **JSON_LOG) as served:
        pids = workers(served)
        staying = {pids[0], _keeper(served, {*pids.values()})}

        def have_died() -> bool:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in _children(served) - staying:
                    os.kill(child, signal.SIGKILL)
            return len(lines(served, "a worker has died")) > 6

        eventually(have_died, "the workers live", limit=90)
        with served.client() as client:
            ask(client, "/graphql", COUNT)


def test_where_no_process_can_be_started_the_others_go_on(database: str) -> None:
    with serving("--workers", "2", "--preload", DATABASE_URL=database, **JSON_LOG) as served:
        pids = workers(served)
        supervisor = served.process.pid
        _, most = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
        usual = resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (3, most))
        os.kill(pids[0], signal.SIGKILL)
        os.kill(_keeper(served, {*pids.values()}), signal.SIGKILL)
        served.process.send_signal(signal.SIGHUP)
        for failure in ("a worker cannot be started", "the keeper cannot be started", "nothing was reloaded"):
            eventually(lambda failure=failure: bool(lines(served, failure)), f"not logged: {failure}")  # type: ignore[misc]
            assert lines(served, failure)[0]["reason"] == "a process cannot be started: Too many open files."
        with served.client() as client:
            ask(client, "/graphql", COUNT)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, usual)
        workers(served, 3)
        eventually(lambda: bool(lines(served, "the keeper is back")), "the keeper is not back", limit=90)


def test_a_second_signal_ends_at_once_what_the_first_lets_finish(database: str) -> None:
    long = {"FIELDSTONE_DRAIN_TIMEOUT": "600", "FIELDSTONE_STATEMENT_TIMEOUT": "600"}
    with (
        serving("--workers", "2", "--preload", DATABASE_URL=database, **long, **JSON_LOG) as served,
        psycopg.connect(database) as blocker,
    ):
        blocker.execute("LOCK TABLE workspace_default.company")
        asking = threading.Thread(target=_ask_in_vain, args=(served,))
        asking.start()
        # Two workers wait for each other's locks now and then, too.
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'workspace_default.company'::regclass"
        eventually(lambda: fetch_row(database, waiting)[0] == 1, "nothing waits")
        served.process.send_signal(signal.SIGTERM)
        eventually(lambda: bool(lines(served, "a worker has ended")), "the idle worker has not ended")
        assert served.process.poll() is None
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=120) == 0
        asking.join()


def _ask_in_vain(served: Served) -> None:
    with contextlib.suppress(httpx.TransportError), served.client() as client:
        client.post("/graphql", json={"query": COUNT})


@pytest.mark.parametrize(
    ("variables", "options", "sentence"),
    [
        (
            {"FIELDSTONE_POOL_SIZE": "90"},
            ("--workers", "2"),
            "fieldstone: 2 workers, and one more during a reload, with",
        ),
        ({}, ("--workers", "0"), "fieldstone: FIELDSTONE_WORKERS must be auto or a whole number from 1 to 64, not '0'"),
        ({"FIELDSTONE_WORKERS": "many"}, (), "fieldstone: FIELDSTONE_WORKERS must be auto or a whole number from 1"),
        (
            {},
            ("--env-file", "/nowhere"),
            "fieldstone: the file '/nowhere' of --env-file cannot be read: No such file or directory.",
        ),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_a_sentence(
    database: str, variables: dict[str, str], options: tuple[str, ...], sentence: str
) -> None:
    refused = run("serve", "--port", "0", *options, DATABASE_URL=database, **variables)
    assert refused.returncode == 1
    assert sentence in refused.stderr
