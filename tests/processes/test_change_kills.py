"""A change of the model, interrupted before each message that it sends: all of it is there, or nothing.

The messages are not chosen: they are counted until there are no more.
"""

import asyncio
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from metadata.building.builder import Builder
from metadata.doctor.drift import find_drift
from metadata.writer import ModelWriter
from sql.errors import DatabaseError
from tests.databases import Databases
from tests.metadata.desk import connect_database, open_desk, whole_state
from tests.processes.cutting import CuttingWay, cutting_way
from tests.processes.embedded_runs import ROOT
from tests.processes.killed_changes import BIG_TABLE, KILLED, fill_killed
from tests.processes.serving import run
from tests.waiting import eventually

changes = pytest.mark.parametrize("name", KILLED)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="cut"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def template(databases: Databases) -> str:
    return databases.template("killed changes", fill_killed)


class Maker:
    """The process that makes each change in one of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def make(self, way: CuttingWay, dsn: str, name: str, last: int) -> bool:
        """Make a change, whose process is killed at its step `last` + 1; return whether it was."""
        assert self._process.stdin is not None
        way.begin(None)
        self._process.stdin.write(json.dumps({"dsn": dsn, "name": name}).encode() + b"\n")
        made = await self._number()
        way.begin(last, lambda: os.kill(made, signal.SIGKILL))
        self._process.stdin.write(b"\n")
        status = await self._number()
        assert status == (-signal.SIGKILL if way.was_cut else 0)
        return way.was_cut

    async def _number(self) -> int:
        assert self._process.stdout is not None
        return int(await self._process.stdout.readline())


@pytest.fixture
async def maker() -> AsyncIterator[Maker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.processes.change_maker", cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    yield Maker(process)
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


def until_quiet(dsn: str) -> None:
    """Return when the server has noticed who has gone."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        busy = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state <> 'idle'"
        )
        eventually(lambda: connection.execute(busy).fetchone() == (0,), "a connection is still busy")


async def check_agreement(dsn: str) -> None:
    """The tables are what the model says, once what an interrupted build left has been built as a server does it."""
    database = connect_database(dsn)
    await database.open()
    try:
        desk = await open_desk(database)
        await Builder(database, desk.writer, trigram=desk.catalog.trigram).build_all()
        async with database.session() as connection:
            assert await find_drift(connection, await desk.default(), trigram=desk.catalog.trigram) == []
    finally:
        await database.close()


@changes
async def test_killed_before_each_message_it_is_whole_or_not_there(
    name: str, databases: Databases, template: str, folder: Path, maker: Maker
) -> None:
    steps = itertools.count()
    outcomes = []
    was_killed = True
    while was_killed:
        with databases.clone(template) as dsn:
            before = whole_state(dsn)
            async with cutting_way(dsn, folder) as (way, near):
                state: Any = before
                # As long as nothing has come of it, the database is as good as new.
                while was_killed and state == before:
                    was_killed = await maker.make(way, near, name, next(steps))
                    await asyncio.to_thread(until_quiet, dsn)
                    state = whole_state(dsn)
                    outcomes.append(state != before)
            await check_agreement(dsn)
            if outcomes.count(True) == 1:
                whole = await asyncio.to_thread(run, "doctor", DATABASE_URL=dsn)
                assert (whole.returncode, "agree" in whole.stdout) == (0, True), whole.stdout
    # Up to the commit there is nothing, and all from then on.
    assert outcomes == sorted(outcomes)
    assert outcomes.index(True) > 5


@changes
async def test_cut_off_before_each_message_it_is_whole_or_not_there_and_can_be_made_again(
    name: str, databases: Databases, template: str, folder: Path
) -> None:
    """Here the process lives on: what it then serves is what the database has."""
    steps = itertools.count()
    was_cut = True
    while was_cut:
        with databases.clone(template) as dsn:
            before = whole_state(dsn)
            async with cutting_way(dsn, folder) as (way, near):
                database = connect_database(near)
                await database.open()
                desk = await open_desk(database)
                writer = ModelWriter(database, desk.current, trigram=desk.catalog.trigram, big_table=BIG_TABLE)
                model = await desk.default()
                state: Any = before
                while was_cut and state == before:
                    way.begin(next(steps))
                    try:
                        await writer.run(model.workspace.id, KILLED[name], actor="test")
                        was_cut = False
                    except DatabaseError:
                        assert way.was_cut
                    way.begin(None)
                    await asyncio.to_thread(until_quiet, dsn)
                    state = whole_state(dsn)
                    assert (await desk.default()) == await desk.reload(model.workspace.id)
                await database.close()
            await check_agreement(dsn)
