"""engine/server/process_sync.py: two processes' parts on one database, of which neither looks by itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import psycopg
import pytest

from fieldstone.engine.broadcast import Broadcast
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.server.process_sync import keep_in_step
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.changes import CreateObject, UpdateRole
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.writer.model_writer import ModelWriter
from tests.metadata.desk import role_named
from tests.waiting import until

NEVER = 3600.0


@dataclass(frozen=True)
class Process:
    foundation: Foundation
    writer: ModelWriter
    broadcast: Broadcast

    @property
    def version(self) -> int | None:
        return self.foundation.current.version_of(self.foundation.default.workspace.id)


@asynccontextmanager
async def process(dsn: str) -> AsyncIterator[Process]:
    settings = load_settings(database_url=dsn, pool_size=2, session_pool_size=2)
    async with open_foundation(settings) as opened:
        # A clock that stands: a cached key never grows old.
        foundation = replace(opened, keys=KeyStore(opened.database, clock=lambda: 0.0))
        writer = ModelWriter(foundation.database, foundation.current, trigram=None)
        async with keep_in_step(settings, foundation, writer, interval=NEVER) as broadcast:
            await until(lambda: broadcast.is_connected and broadcast.counters.sent > 0)
            yield Process(foundation, writer, broadcast)


@pytest.fixture
async def one(workspace_dsn: str) -> AsyncIterator[Process]:
    async with process(workspace_dsn) as opened:
        yield opened


@pytest.fixture
async def other(one: Process, workspace_dsn: str) -> AsyncIterator[Process]:
    async with process(workspace_dsn) as opened:
        yield opened


def new_object(name: str) -> CreateObject:
    return CreateObject(name_singular=name, name_plural=f"{name}s", label_singular=name, label_plural=name)


async def test_a_change_is_loaded_by_the_other(one: Process, other: Process) -> None:
    for number, (through, beside) in enumerate(((one, other), (other, one), (one, other))):
        change = new_object(f"thing{number}")
        id_ = through.foundation.default.workspace.id
        after = await through.writer.change(id_, lambda _, change=change: [change], actor="test")  # type: ignore[misc]  # a default argument
        await until(lambda beside=beside, after=after: beside.version == after.version)  # type: ignore[misc]  # default arguments
        assert beside.foundation.current.peek(id_) == after


async def test_a_message_of_somebody_else_is_told_and_passed_over(
    one: Process, other: Process, workspace_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    id_ = one.foundation.default.workspace.id
    junk = json.dumps(["x", False, ["model", "nonsense"], ["model", f"{id_}:new"], ["keys", "1"]])
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        await connection.execute("SELECT pg_notify(%s, %s)", (f"fieldstone_{id_.hex}", junk))
    await until(lambda: caplog.text.count("is not one of Fieldstone's") == 2 * 3)
    after = await one.writer.change(id_, lambda _: [new_object("thing")], actor="test")
    await until(lambda: other.version == after.version)
    assert faults == []


async def test_a_role_that_is_changed_by_one_has_its_rights_in_the_other(one: Process, other: Process) -> None:
    id_ = one.foundation.default.workspace.id

    def seen() -> list[str]:
        model = other.foundation.current.peek(id_)
        assert model is not None
        return sorted(view_of(model, "viewer").by_singular)

    assert seen() == ["activity", "company", "opportunity", "person"]
    grants = [{"object": "company", "read": {}}]
    await one.writer.change(
        id_, lambda model: [UpdateRole(role_id=role_named(model, "viewer").id, grants=grants)], actor="test"
    )
    await until(lambda: other.version == one.version)
    assert seen() == ["company"]


async def test_what_was_loaded_is_not_told_on(one: Process, other: Process) -> None:
    sent = other.broadcast.counters.sent
    # By the second change all that follows the first one is over.
    workspace_id = one.foundation.default.workspace.id
    await one.writer.change(workspace_id, lambda _: [new_object("thing")], actor="test")
    await until(lambda: other.version == one.version)
    await one.writer.change(workspace_id, lambda _: [new_object("task")], actor="test")
    await until(lambda: other.version == one.version)
    assert other.broadcast.counters.sent == sent


async def test_a_key_that_is_revoked_by_one_is_forgotten_by_the_other(one: Process, other: Process) -> None:
    id_ = one.foundation.default.workspace.id
    made = await one.foundation.keys.create(id_, "x")
    assert await other.foundation.keys.authenticate(made.token) is not None
    received = other.broadcast.counters.received
    await one.foundation.keys.revoke(id_, made.key.id)
    await until(lambda: other.broadcast.counters.received > received)
    await asyncio.sleep(0)
    assert await other.foundation.keys.authenticate(made.token) is None
