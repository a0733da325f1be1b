"""One of two servers is paused (SIGSTOP) at any moment: the other one gives the events on, and changes the model."""

import contextlib
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.attacks.standing_still import (
    CREATE_FIELD,
    Changing,
    ask_model,
    eventually_told,
    fields_of,
    holder_at_rest,
    is_changing,
    person_of,
    workspace_of,
)
from tests.processes.event_clients import Server, Writing, check_that_all_arrived, following, make_key, servers
from tests.waiting import eventually

pytestmark = pytest.mark.long

PAUSES = 8
AT_ONCE = 5.0
"""Seconds for steps that must wait for nothing: half of PostgreSQL's limit for an idle transaction."""
IDLE = 5.0
"""Seconds that it gives to it where the test says so."""


@contextlib.contextmanager
def paused(server: Server) -> Iterator[None]:
    """Pause a server for the block."""
    assert server.served is not None
    server.served.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.served.process.send_signal(signal.SIGCONT)


def test_events_go_on_whenever_a_server_is_paused(clients: Path, dsn: str) -> None:
    chance = random.Random(20)  # noqa: S311 - no secret
    with servers(dsn, 2) as both:
        stopped, living = both
        key = make_key(dsn)
        with following(clients, both, key) as readers:
            with contextlib.ExitStack() as stack:
                writing = stack.enter_context(Writing([living], key, "living"))
                others = [stack.enter_context(Writing([stopped], key, f"stopped{number}-")) for number in range(4)]
                for _ in range(PAUSES):
                    others[0].go_on()
                    time.sleep(chance.uniform(0, 0.05))  # at any moment of its work
                    with paused(stopped):
                        writing.go_on()
                        eventually_told(readers[2], writing, AT_ONCE)
            assert check_that_all_arrived(dsn, readers, writing, *others) > 20 * PAUSES


@contextlib.contextmanager
def paused_within_a_change(server: Server, dsn: str) -> Iterator[int]:
    """Pause a server, which changes the model all the time, while it has the turn; yield its session's process."""
    workspace_id = workspace_of(dsn)
    with contextlib.ExitStack() as stack, psycopg.connect(dsn, autocommit=True) as looking:
        end = time.monotonic() + 30
        while True:
            assert time.monotonic() < end, "it was never met within a change"
            eventually(lambda: is_changing(looking, workspace_id), "nobody changes the model")
            stack.enter_context(paused(server))
            if holder := holder_at_rest(dsn, workspace_id):
                yield holder
                return
            stack.close()


@pytest.mark.alone
def test_a_model_is_changed_while_a_server_is_paused_within_a_change_of_it(dsn: str) -> None:
    with servers(make_conninfo(dsn, options=f"-c idle_in_transaction_session_timeout={IDLE:g}s"), 2) as both:
        stopped, living = both
        key = make_key(dsn)
        person = person_of(living.url, key)
        with Changing(stopped, key, person) as changing:
            with paused_within_a_change(stopped, dsn) as holder:
                began = time.monotonic()
                answer = ask_model(living.url, key, CREATE_FIELD, of=person, name="late")
                assert "errors" not in answer, answer
                assert time.monotonic() - began < IDLE + AT_ONCE
            eventually(
                lambda: "SERVICE_UNAVAILABLE" in changing.refusals, "nobody was told of the change that was lost"
            )
        assert set(changing.refusals) == {"SERVICE_UNAVAILABLE"}
        assert living.served is not None
        said = living.served.errors
        eventually(lambda: f"for that of pid {holder} (fieldstone from " in "".join(said), f"the log has only {said}")
        # The answered changes are there, for both, and the paused server changes the model again.
        assert "errors" not in ask_model(stopped.url, key, CREATE_FIELD, of=person, name="later")
        expected = {"late", "later", *changing.answered}
        for server in both:
            eventually(lambda url=server.url: expected <= fields_of(url, key, person), "a change is lost")  # type: ignore[misc]  # mypy knows no such default
