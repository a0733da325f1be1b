"""A change of the model, and the builds after it, interrupted at each message: it is whole or not there.

The messages are not chosen: they are counted until there are no more. The last that is carried is answered nobody.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import os
import re
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

from fieldstone.metadata.changes import SettleField, SettleIndex, UpdateField, UpdateObject
from fieldstone.metadata.changes.kinds.renew_texts import RenewTexts, RenewWords
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.metadata.online_ddl import one_build
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.sql.errors import DatabaseError
from tests.databases import Databases
from tests.metadata.desk import Desk, desk_at, read_state, table_state
from tests.processes.cutting import CuttingWay, cutting_way
from tests.processes.embedded_runs import ROOT
from tests.processes.killed_changes import BODIES, MADE, fill_killed, leave_builds
from tests.processes.serving import run
from tests.waiting import until

pytestmark = pytest.mark.long

_ALONE = (
    "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid())"
)

_OF_BUILDS = (
    "SELECT indexrelid::regclass::text, indisvalid, indisready, indislive FROM pg_index",
    "SELECT conrelid::regclass::text, conname, convalidated FROM pg_constraint",
    "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT project::text FROM workspace_default.project",
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+-]+")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="cut"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def template(databases: Databases) -> str:
    return databases.template("killed changes", fill_killed)


@pytest.fixture(scope="module")
def left(databases: Databases, template: str) -> str:
    """The template of databases in which something is left to be built."""
    return databases.template("left to be built", leave_builds, base=template)


async def until_alone(looking: psycopg.Connection[Any]) -> None:
    """Return when the server has carried out the messages of all others, and noticed which clients have gone."""
    await until(lambda: looking.execute(_ALONE).fetchone() is not None)


def read_builds(looking: psycopg.Connection[Any]) -> list[Any]:
    """Return all that a build finds in the database, but for the times of changes."""
    tables = [looking.execute(query).fetchall() for query in _OF_BUILDS]
    return [_TIME.sub("", repr(read_state(looking))), *map(sorted, tables)]


async def check_agreement(desk: Desk) -> Snapshot:
    """See that the tables agree with the model, and the model with the catalog; return it."""
    model = await desk.default()
    assert model == await desk.reload(model.workspace.id)
    async with desk.database.session() as connection:
        assert await find_drift(connection, model, trigram=desk.catalog.trigram) == []
    return model


async def restart(dsn: str) -> Snapshot:
    """Build the rest of an interrupted build, as a server does at its start; return the model."""
    async with desk_at(dsn) as desk:
        await Builder(desk.database, desk.writer, trigram=desk.catalog.trigram).build_all()
        return await check_agreement(desk)


async def test_each_kind_of_change_is_among_them(databases: Databases, template: str) -> None:
    with databases.clone(template) as dsn:
        async with desk_at(dsn) as desk:
            snapshot = await desk.default()
    changes = [change for build in MADE.values() for change in build(snapshot)]
    # These are of builds.
    unasked: set[type] = {SettleField, SettleIndex, RenewTexts, RenewWords}
    assert {type(change) for change in changes} == {kind.type for kind in KINDS.values()} - unasked
    for kind in (UpdateField, UpdateObject):
        inputs = {field.name: field.default for field in dataclasses.fields(kind) if not field.name.endswith("_id")}
        # The inverse of a change has it, which no client makes.
        inputs.pop("is_restored", None)
        given = {
            name
            for change in changes
            if isinstance(change, kind)
            for name, default in inputs.items()
            if getattr(change, name) != default
        }
        assert given == inputs.keys()


@pytest.mark.parametrize("name", BODIES)
async def test_a_change_that_is_cut_off_is_whole_or_not_there(
    name: str, databases: Databases, template: str, folder: Path
) -> None:
    """The process lives on: it then serves the model that the database has, and it can make the change again."""
    with contextlib.ExitStack() as stack:
        dsn = stack.enter_context(databases.clone(template))
        looking = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        before = read_state(looking)
        async with cutting_way(dsn, folder) as (way, near), desk_at(near) as desk:
            model = await desk.default()
            for last in itertools.count(1):
                way.begin(last)
                with contextlib.suppress(DatabaseError):
                    await desk.writer.run(model.workspace.id, BODIES[name], actor="test")
                was_cut = way.was_cut
                way.begin(None)
                # Its last message commits. PostgreSQL may notice in the middle of that that there is nobody to answer:
                # then the change was not made, and the message that came through belongs to the next try.
                if not was_cut:
                    break
                await until_alone(looking)
                if read_state(looking) != before:
                    break
                assert await desk.default() == model
            assert last > 3
            assert (await check_agreement(desk)).version == model.version + 1


async def test_a_build_that_is_cut_off_is_begun_again_and_ends_ready(
    databases: Databases, left: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The records are filled in several portions.
    monkeypatch.setattr(one_build, "PORTION", 8)
    with databases.clone(left) as dsn:
        built, tables = await restart(dsn), table_state(dsn)
    assert {field.status for object_ in built.objects.values() for field in object_.fields} == {Status.READY}
    assert {index.status for index in built.indexes.values()} == {Status.READY}
    known, last, was_cut = None, 0, True
    while was_cut:
        with databases.clone(left) as dsn, psycopg.connect(dsn, autocommit=True) as looking:
            before = state = read_builds(looking)
            # As long as nothing has come of it, the database is as good as new.
            while was_cut and state == before:
                last += 1
                was_cut = await cut_off(dsn, folder, last)
                await until_alone(looking)
                state = read_builds(looking)
            # The rest of a build that was cut off at the message before, and left the same, has been built.
            if state != known:
                assert await restart(dsn) == built
                assert table_state(dsn) == tables
            known = state
    assert last > 30


async def cut_off(dsn: str, folder: Path, last: int) -> bool:
    """Build, with so many messages of which the last gets no answer; return whether it came to that."""
    async with cutting_way(dsn, folder) as (way, near), desk_at(near) as desk:
        builder = Builder(desk.database, desk.writer, trigram=desk.catalog.trigram)
        way.begin(last)
        with contextlib.suppress(DatabaseError):
            await builder.build_all()
        was_cut = way.was_cut
        way.begin(None)
    return was_cut


class Maker:
    """The process that makes the change, each time in one of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def make(self, way: CuttingWay, dsn: str, last: int) -> bool:
        """Make the change, in a process that is killed when step `last` has been carried; return whether it was."""
        assert self._process.stdin is not None
        way.begin(None)
        self._process.stdin.write(dsn.encode() + b"\n")
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


async def test_a_process_that_is_killed_leaves_the_change_whole_or_not_there(
    databases: Databases, template: str, folder: Path, maker: Maker
) -> None:
    """To the database it is the same as the other tests; here no process is left that could go on."""
    steps = itertools.count(1)
    outcomes = []
    was_killed = True
    while was_killed:
        with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as looking:
            before = state = read_state(looking)
            async with cutting_way(dsn, folder) as (way, near):
                # As long as nothing has come of it, the database is as good as new.
                while was_killed and state == before:
                    was_killed = await maker.make(way, near, next(steps))
                    await until_alone(looking)
                    state = read_state(looking)
                    outcomes.append(state != before)
            await restart(dsn)
            if outcomes.count(True) == 1:
                whole = await asyncio.to_thread(run, "doctor", DATABASE_URL=dsn)
                assert (whole.returncode, "agree" in whole.stdout) == (0, True), whole.stdout
    # Up to the commit there is nothing, and all from then on.
    assert outcomes == sorted(outcomes)
    assert outcomes.index(True) > 5
