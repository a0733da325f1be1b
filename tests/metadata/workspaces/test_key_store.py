"""metadata/workspaces/api_keys.py and metadata/workspaces/key_store.py"""

import asyncio
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.metadata.workspaces.api_keys import NewApiKey, create_key
from fieldstone.metadata.workspaces.key_store import FRESH_FOR, KeyStore
from fieldstone.sql.executor import Database
from tests.clock import Clock
from tests.metadata.counted import Counted
from tests.metadata.desk import Desk, role_named
from tests.waiting import until, until_found


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


async def test_a_token_is_shown_once_and_kept_as_a_hash(desk: Desk, model: Snapshot, model_dsn: str) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    assert re.fullmatch(r"fs_[A-Za-z0-9_-]{43}", made.token)
    with psycopg.connect(model_dsn) as connection:
        assert connection.execute("SELECT token_hash FROM fieldstone.api_key").fetchall() == [
            (hashlib.sha256(made.token.encode()).digest(),)
        ]
    assert await desk.keys.list(model.workspace.id) == (made.key,)
    assert made.key.created_at.tzinfo is not None
    assert await desk.keys.authenticate(made.token) == Principal(
        subject_id=made.key.id,
        rate_key=made.key.id,
        name="console",
        workspace_id=model.workspace.id,
        role=role_named(model, ADMIN).id,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token + "A",
        lambda token: token[:-1],
        lambda token: token.removeprefix("fs_"),
        lambda token: token.upper(),
        lambda token: re.sub(r"\w", "A", token).replace("AAA", "fs_", 1),
        lambda token: token + "\n",
        lambda token: token[:0],
        lambda token: token[:3] + "é" * 43,
    ],
)
async def test_nothing_else_is_a_token(desk: Desk, model: Snapshot, change: Callable[[str], str]) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    assert await desk.keys.authenticate(change(made.token)) is None


async def test_a_key_without_a_name_or_a_future_is_refused(desk: Desk, model: Snapshot) -> None:
    for name in ("", " ", "a\0b"):
        with pytest.raises(InvalidChange) as caught:
            await desk.keys.create(model.workspace.id, name)
        assert caught.value.field == "name"
    with pytest.raises(InvalidChange, match="must be in the future") as caught:
        await desk.keys.create(model.workspace.id, "late", expires_at=datetime.now(UTC))
    assert caught.value.field == "expiresAt"
    assert await desk.keys.list(model.workspace.id) == ()


async def test_one_look_up_serves_all_for_a_second(database: Database, desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    counted, clock = Counted(database), Clock()
    keys = KeyStore(counted, clock=clock)
    answers = await asyncio.gather(*(keys.authenticate(made.token) for _ in range(50)))
    assert all(answer is not None for answer in answers)
    clock.now = FRESH_FOR * 0.99
    assert await keys.authenticate(made.token) is not None
    assert counted.checks == 1
    clock.now = FRESH_FOR
    await asyncio.gather(*(keys.authenticate(made.token) for _ in range(50)))
    assert counted.checks == 2


async def test_a_key_revoked_here_is_refused_at_once(desk: Desk, model: Snapshot) -> None:
    made, other = [await desk.keys.create(model.workspace.id, name) for name in ("one", "two")]
    assert await desk.keys.authenticate(made.token) is not None
    revoked = await desk.keys.revoke(model.workspace.id, made.key.id)
    assert revoked.revoked_at is not None
    assert await desk.keys.authenticate(made.token) is None
    assert await desk.keys.authenticate(other.token) is not None
    assert await desk.keys.revoke(model.workspace.id, made.key.id) == revoked


async def test_a_key_revoked_elsewhere_is_refused_within_a_second(
    database: Database, desk: Desk, model: Snapshot
) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    clock = Clock()
    here = KeyStore(database, clock=clock)
    assert await here.authenticate(made.token) is not None
    await desk.keys.revoke(model.workspace.id, made.key.id)
    clock.now = FRESH_FOR
    assert await here.authenticate(made.token) is None


async def test_a_key_expires(database: Database, desk: Desk, model: Snapshot, model_dsn: str) -> None:
    keys = KeyStore(database, clock=Clock())
    for seconds in (0.3, 3, 20):  # more for a machine so slow that the key expires before it is asked for
        soon = datetime.now(UTC) + timedelta(seconds=seconds)
        made = await desk.keys.create(model.workspace.id, "short", expires_at=soon)
        assert made.key.expires_at == soon
        known = await keys.authenticate(made.token)
        if known is not None or datetime.now(UTC) < soon:
            break
    assert known is not None
    await until(lambda: datetime.now(UTC) > soon)
    # The cached answer does not outlive the key, and a new look-up finds none.
    assert await keys.authenticate(made.token) is None
    assert await KeyStore(database).authenticate(made.token) is None


async def test_only_the_own_workspaces_keys_are_listed_and_revoked(desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    other = await desk.workspaces.create("other", actor="test", standard=False)
    assert await desk.keys.list(other.workspace.id) == ()
    with pytest.raises(UnknownObject, match="there is no API key") as caught:
        await desk.keys.revoke(other.workspace.id, made.key.id)
    assert caught.value.field == "id"
    with pytest.raises(UnknownObject):
        await desk.keys.revoke(model.workspace.id, new_id())
    assert await desk.keys.authenticate(made.token) is not None


async def test_a_flood_of_made_up_tokens_is_bounded_and_drives_out_no_key(
    database: Database, desk: Desk, model: Snapshot
) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    counted = Counted(database)
    keys = KeyStore(counted, clock=Clock(), limit=10)
    assert await keys.authenticate(made.token) is not None
    for number in range(30):
        assert await keys.authenticate(f"fs_{number:043d}") is None
    assert await keys.authenticate("fs_" + f"{29:043d}") is None
    assert counted.checks == 31
    assert (len(keys._refused), len(keys._keys)) == (10, 1)
    assert await keys.authenticate(made.token) is not None
    assert counted.checks == 31


async def make_with(database: Database, maker: NewApiKey, name: str) -> NewApiKey:
    """A key that another one has made."""
    async with database.session() as connection, connection.transaction():
        return await create_key(connection, workspace_id=maker.key.workspace_id, name=name, maker_id=maker.key.id)


async def test_keys_that_a_key_made_stand_for_the_first_of_their_chain(
    database: Database, desk: Desk, model: Snapshot
) -> None:
    first = await desk.keys.create(model.workspace.id, "first")
    second = await make_with(database, first, "second")
    third = await make_with(database, second, "third")
    other = await desk.keys.create(model.workspace.id, "other")
    found = [await desk.keys.authenticate(made.token) for made in (first, second, third, other)]
    roots = [first.key.id, first.key.id, first.key.id, other.key.id]
    assert [principal and principal.rate_key for principal in found] == roots


@pytest.mark.parametrize("with_made", [False, True])
async def test_keys_that_a_key_made_are_revoked_with_it_where_that_is_asked(
    database: Database, desk: Desk, model: Snapshot, *, with_made: bool
) -> None:
    first = await desk.keys.create(model.workspace.id, "first")
    second = await make_with(database, first, "second")
    third = await make_with(database, second, "third")
    other = await desk.keys.create(model.workspace.id, "other")
    for made in (first, second, third, other):
        assert await desk.keys.authenticate(made.token) is not None
    told: list[UUID] = []
    desk.keys.changed.connect(told.append)
    await desk.keys.revoke(model.workspace.id, first.key.id, with_made=with_made)
    refused = [await desk.keys.authenticate(made.token) is None for made in (first, second, third, other)]
    assert refused == [True, with_made, with_made, False]
    assert set(told) == ({first.key.id, second.key.id, third.key.id} if with_made else {first.key.id})


async def test_a_revocation_finds_what_is_just_being_made(database: Database, desk: Desk, model: Snapshot) -> None:
    """A key that makes others without a pause must not get one through."""
    first = await desk.keys.create(model.workspace.id, "first")
    second = await make_with(database, first, "second")
    async with database.session() as connection, connection.transaction():
        slow = await create_key(connection, workspace_id=model.workspace.id, name="slow", maker_id=second.key.id)
        revoking = asyncio.create_task(desk.keys.revoke(model.workspace.id, first.key.id, with_made=True))
        await until_found(connection, "SELECT 1 FROM pg_locks WHERE NOT granted")
    await revoking
    assert await desk.keys.authenticate(slow.token) is None
    with pytest.raises(InvalidChange, match="has been revoked"):
        await make_with(database, second, "late")


async def test_a_key_of_another_workspace_makes_none(database: Database, desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    other = await desk.workspaces.create("other", actor="test", standard=False)
    async with database.session() as connection, connection.transaction():
        with pytest.raises(InvalidChange, match="has been revoked"):
            await create_key(connection, workspace_id=other.workspace.id, name="x", maker_id=made.key.id)
