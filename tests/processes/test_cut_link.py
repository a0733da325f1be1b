"""One of two hosts is cut off from the database in the middle of its work: the other one goes on."""

import contextlib
import time
from pathlib import Path

import psycopg
import pytest

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
from tests.processes.event_clients import Writing, check_that_all_arrived, following, make_key
from tests.processes.namespaces import DistantServer, distant_servers
from tests.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.alone]

CUTS = 3
LIMIT = 15.0
"""Seconds after which events and changes have gone on."""


def test_events_go_on_when_the_host_that_moves_them_is_cut_off(clients: Path, data_dir: Path) -> None:
    with distant_servers(data_dir, 2) as (dsn, (leader, living)):
        key = make_key(dsn)
        with following(clients, [living], key) as readers:
            with contextlib.ExitStack() as stack:
                writing = stack.enter_context(Writing([living], key, "living"))
                others = [stack.enter_context(Writing([leader], key, f"leader{number}-")) for number in range(4)]
                for _ in range(CUTS):
                    others[0].go_on()
                    leader.host.cut()
                    eventually_told(readers[0], writing, LIMIT)
                    writing.go_on()
                    eventually_told(readers[0], writing, LIMIT)
                    leader.host.mend()
                others[0].go_on()
            assert check_that_all_arrived(dsn, readers, writing, *others) > 20 * CUTS


def cut_off_within_a_change(server: DistantServer, dsn: str) -> int:
    """Cut off a server, which changes the model all the time, while it has the turn; return its session's process."""
    workspace_id = workspace_of(dsn)
    end = time.monotonic() + 60
    with psycopg.connect(dsn, autocommit=True) as looking:
        while True:
            assert time.monotonic() < end, "it was never met within a change"
            eventually(lambda: is_changing(looking, workspace_id), "nobody changes the model")
            server.host.cut()
            if holder := holder_at_rest(dsn, workspace_id):
                return holder
            server.host.mend()


def test_a_model_is_changed_while_a_host_is_cut_off_within_a_change_of_it(data_dir: Path) -> None:
    with distant_servers(data_dir, 2) as (dsn, (leader, living)):
        key = make_key(dsn)
        person = person_of(living.url, key)
        with Changing(leader, key, person) as changing:
            holder = cut_off_within_a_change(leader, dsn)
            began = time.monotonic()
            answer = ask_model(living.url, key, CREATE_FIELD, of=person, name="late")
            assert "errors" not in answer, answer
            assert time.monotonic() - began < LIMIT
            leader.host.mend()
            eventually(lambda: bool(changing.refusals), "nobody was told of the change that was lost")
        assert living.served is not None
        said = living.served.errors
        waited_for = f"for that of pid {holder} (fieldstone from {leader.host.address}, idle in transaction) since "
        eventually(lambda: waited_for in "".join(said), f"the log has only {said}")
        assert "errors" not in ask_model(leader.url, key, CREATE_FIELD, of=person, name="later")
        expected = {"late", "later", *changing.answered}
        for server in (leader, living):
            eventually(lambda url=server.url: expected <= fields_of(url, key, person), "a change is lost")  # type: ignore[misc]  # mypy knows no such default
