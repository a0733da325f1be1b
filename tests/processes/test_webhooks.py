"""Webhooks when processes are killed, or the database: each event reaches each webhook, at least once."""

import contextlib
from pathlib import Path

import httpx
import pytest

from fieldstone.sql.embedded import start as start_embedded
from fieldstone.sql.embedded import stop as stop_embedded
from tests.processes.embedded_runs import kill_postmaster
from tests.processes.event_clients import Writing, make_key, servers
from tests.processes.webhook_target import SETTINGS, Desk, Taken, target
from tests.waiting import eventually

pytestmark = pytest.mark.long

KILLS = 3
IN_FLIGHT = 64
"""The deliveries that a process sends at once, and so those that come twice at most when it is killed."""


def until_more_is_sent(writing: Writing, taken: Taken) -> None:
    """Return when some more was written, and some more sent."""
    sent = taken.requests
    writing.go_on()
    eventually(lambda: taken.requests > sent + 15, "nothing is sent")


def test_each_event_reaches_each_webhook_whoever_is_killed(workspace_dsn: str) -> None:
    with target() as taken, servers(workspace_dsn, 2, **SETTINGS) as both:
        key = make_key(workspace_dsn)
        with contextlib.closing(Desk(both[0].url, key)) as desk:
            for path in ("/one", "/other"):
                desk.add_webhook(taken, path)
            with Writing(both, key) as writing:
                for number in range(KILLS):
                    for act in (both[number % 2].kill, both[number % 2].start):
                        until_more_is_sent(writing, taken)
                        act()
            count = desk.check_that_all_was_taken(workspace_dsn, taken)
    assert len(writing.answered) <= count
    extra = sum(map(len, taken.positions.values())) - 2 * count
    assert 0 <= extra <= KILLS * IN_FLIGHT


def test_each_event_reaches_its_webhook_although_postgresql_is_killed(data_dir: Path) -> None:
    with contextlib.ExitStack() as stack:
        database = start_embedded(data_dir)
        stack.callback(stop_embedded, database)
        taken = stack.enter_context(target())
        (server,) = stack.enter_context(servers(database.dsn, 1, **SETTINGS))
        key = make_key(database.dsn)
        desk = stack.enter_context(contextlib.closing(Desk(server.url, key)))
        desk.add_webhook(taken, "/hook")
        with Writing([server], key) as writing:
            until_more_is_sent(writing, taken)
            kill_postmaster(data_dir)
            stack.callback(stop_embedded, start_embedded(data_dir))
            eventually(lambda: httpx.get(f"{server.url}/readyz").status_code == 200, "not ready")
            until_more_is_sent(writing, taken)
        assert desk.check_that_all_was_taken(database.dsn, taken) >= len(writing.answered)
