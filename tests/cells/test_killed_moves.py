"""The process that moves a workspace is killed at each step, and another goes on: nothing fails, is lost or doubled."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cells.clusters import setting_of
from tests.processes.event_clients import Client, Server, Writing, following
from tests.processes.forking import Forked
from tests.processes.serving import environment, run
from tests.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.alone]

KILLS = (
    ("the tables are made", 0.0),
    ("the records are copied", 0.0),
    ("events are copied", 0.0),
    # Within the time for which the writes are held, more or less.
    ("events are copied", 0.1),
    ("the writes were held", 0.0),
    ("has the workspace", 0.0),
)


def move_until(settings: Mapping[str, str], report: str, pause: float) -> None:
    """Move the workspace in a process of its own, which is killed some seconds after a report."""
    read, write = os.pipe()
    command = ["workspace", "move", "first", "--to", "east"]
    process = Forked(command, environment(**settings), stdout=write, stderr=write)
    os.close(write)
    with os.fdopen(read) as lines:
        for line in lines:
            if report in line:
                time.sleep(pause)
                break
    process.kill()
    process.wait()


def move_to_the_end(settings: Mapping[str, str]) -> None:
    """Move the workspace, as often as the sessions of a killed process are in the way."""
    eventually(lambda: run("workspace", "move", "first", "--to", "east", **settings).returncode == 0, "it stays", 180)


def check(one: Client, writing: Writing) -> None:
    """Check that a subscriber has got the event of each write once, in order."""
    eventually(lambda: len(one.results) >= len(writing.answered), f"{len(one.results)} of {len(writing.answered)}", 90)
    assert [result["personCreated"]["email"] for result in one.results] == writing.answered
    assert one.positions == sorted(set(one.positions))


def test_a_move_goes_on_wherever_it_was_killed(cells: dict[str, str], clients: Path) -> None:
    settings = {"FIELDSTONE_CELLS": setting_of(cells)}
    for command in (["migrate"], ["workspace", "create", "first", "--cell", "home"]):
        assert run(*command, **settings).returncode == 0
    made = run("api-key", "create", "--workspace", "first", "--name", "test", **settings)
    key = made.stdout.strip().splitlines()[-1]
    server = Server("", settings)
    server.start()
    try:
        with following(clients, [server], key) as subscribers:
            with Writing([server], key) as writing:
                for report, pause in KILLS:
                    writing.go_on()
                    move_until(settings, report, pause)
                move_to_the_end(settings)
                writing.go_on()
            assert writing.refused == []
            for one in subscribers:
                check(one, writing)
            # They were told once to come back.
            closed = [said for said in subscribers[0].said if "closed" in said]
            assert [said["closed"] for said in closed] == [1013]
            assert [one.connections for one in subscribers] == [2, 2]
    finally:
        server.kill()
