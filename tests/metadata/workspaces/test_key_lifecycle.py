"""API keys from their first use to their rotation: networks, the last use, two tokens for a while."""

from ipaddress import ip_network
from uuid import UUID

import psycopg
import pytest

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.lifetimes import LONGEST_OVERLAP
from fieldstone.sql.executor import Database
from tests.metadata.desk import Desk


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


async def test_a_rotated_key_has_another_token_and_the_old_one_ends(
    desk: Desk, model: Snapshot, model_dsn: str
) -> None:
    made = await desk.keys.create(model.workspace.id, "console", networks=["10.0.0.0/8"])
    before = await desk.keys.authenticate(made.token)
    told: list[UUID] = []
    desk.keys.changed.connect(told.append)
    rotated = await desk.keys.rotate(model.workspace.id, made.key.id)
    assert rotated.token != made.token
    assert (rotated.key.id, rotated.key.networks) == (made.key.id, ("10.0.0.0/8",))
    assert told == [made.key.id]
    assert await desk.keys.authenticate(made.token) is None
    assert await desk.keys.authenticate(rotated.token) == before
    assert len(await desk.keys.list(model.workspace.id)) == 1
    with psycopg.connect(model_dsn) as connection:
        query = "SELECT actor_kind, subject_id FROM fieldstone.audit_log WHERE action = 'API_KEY_ROTATED'"
        assert connection.execute(query).fetchall() == [("COMMAND", made.key.id)]


async def test_the_old_token_is_valid_for_the_overlap_and_the_one_before_is_not(
    desk: Desk, model: Snapshot, database: Database, model_dsn: str
) -> None:
    first = await desk.keys.create(model.workspace.id, "console")
    second = await desk.keys.rotate(model.workspace.id, first.key.id, overlap_seconds=LONGEST_OVERLAP)
    assert await desk.keys.authenticate(first.token) == await desk.keys.authenticate(second.token)
    third = await desk.keys.rotate(model.workspace.id, first.key.id, overlap_seconds=60)
    assert [await desk.keys.authenticate(one.token) is not None for one in (first, second, third)] == [
        False,
        True,
        True,
    ]
    for seconds in (0.3, 3, 20):  # more for a machine so slow that the token ends before it is asked for
        elsewhere = KeyStore(database)
        with psycopg.connect(model_dsn) as connection:
            connection.execute(
                "UPDATE fieldstone.api_key SET old_token_until = now() + make_interval(secs => %s)", [seconds]
            )
        if await elsewhere.authenticate(second.token) is not None:
            break
    else:
        raise AssertionError("the old token is not valid")
    with psycopg.connect(model_dsn) as connection:
        connection.execute("SELECT pg_sleep(%s)", [seconds + 0.1])
    # The cache knows when the token ends.
    assert await elsewhere.authenticate(second.token) is None
    assert await elsewhere.authenticate(third.token) is not None


async def test_both_tokens_of_a_key_end_with_it(desk: Desk, model: Snapshot) -> None:
    first = await desk.keys.create(model.workspace.id, "console")
    second = await desk.keys.rotate(model.workspace.id, first.key.id, overlap_seconds=60)
    for one in (first, second):
        assert await desk.keys.authenticate(one.token) is not None
    await desk.keys.revoke(model.workspace.id, first.key.id)
    for one in (first, second):
        assert await desk.keys.authenticate(one.token) is None


async def test_a_rotation_that_breaks_a_rule_is_refused(desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    for overlap in (-1, LONGEST_OVERLAP + 1):
        with pytest.raises(InvalidChange) as caught:
            await desk.keys.rotate(model.workspace.id, made.key.id, overlap_seconds=overlap)
        assert caught.value.field == "overlapSeconds"
    other = await desk.workspaces.create("other", actor="test")
    with pytest.raises(UnknownObject):
        await desk.keys.rotate(other.workspace.id, made.key.id)
    await desk.keys.revoke(model.workspace.id, made.key.id)
    with pytest.raises(UnknownObject, match="no valid API key"):
        await desk.keys.rotate(model.workspace.id, made.key.id)


async def test_a_use_is_noted_once_a_minute(desk: Desk, model: Snapshot, model_dsn: str) -> None:
    made = await desk.keys.create(model.workspace.id, "console")
    unused = await desk.keys.create(model.workspace.id, "unused")

    async def last_uses() -> list[object]:
        await desk.keys.note_uses()
        return [key.last_used_at for key in await desk.keys.list(model.workspace.id)]

    assert await last_uses() == [None, None]
    await desk.keys.authenticate(made.token)
    first, none = await last_uses()
    assert (first is not None, none) == (True, None)
    desk.keys.forget(made.key.id)
    await desk.keys.authenticate(made.token)
    assert await last_uses() == [first, None]
    with psycopg.connect(model_dsn) as connection:
        connection.execute("UPDATE fieldstone.api_key SET last_used_at = now() - interval '61 seconds'")
    desk.keys.forget(made.key.id)
    await desk.keys.authenticate(made.token)
    again, _ = await last_uses()
    assert again != first
    await desk.keys.revoke(model.workspace.id, unused.key.id)
    assert await desk.keys.authenticate(unused.token) is None
    assert (await last_uses())[0] == again


@pytest.mark.parametrize("networks", [["10.0.0.1/8"], [""], ["a"], ["10.0.0.0/8"] * 101, ["10.0.0.0/33"]])
async def test_a_network_that_is_none_is_refused(desk: Desk, model: Snapshot, networks: list[str]) -> None:
    with pytest.raises(InvalidChange) as caught:
        await desk.keys.create(model.workspace.id, "console", networks=networks)
    assert caught.value.field == "networks"


async def test_the_principal_has_the_networks(desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "console", networks=["10.0.0.0/8", " ::1", "192.0.2.7"])
    principal = await desk.keys.authenticate(made.token)
    assert principal is not None
    assert principal.networks == (ip_network("10.0.0.0/8"), ip_network("::1/128"), ip_network("192.0.2.7/32"))
