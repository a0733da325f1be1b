"""The principals of open sockets and streams: each operation asks again, and one that ends or changes ends them."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.workspaces.denied_tokens import DeniedBy, deny_tokens
from tests.apis import WORKSPACE_ID
from tests.engine.events.conftest import Running, StartApp
from tests.engine.identity.provider import ISSUER, Provider, claims, new_key, provide, sign
from tests.engine.server.streams.sockets import connected, streamed
from tests.waiting import until

KEY, NEXT = new_key("ES256", "k"), new_key("ES256", "next")
CREATED = "subscription { personCreated { email } }"


@pytest.fixture
async def provided(start_app: StartApp) -> AsyncIterator[tuple[Provider, Running]]:
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as running:
        yield provider, running


def token(**changes: Any) -> str:
    return sign(claims(workspace=str(WORKSPACE_ID), **changes), KEY, "ES256")


async def deny(running: Running, by: DeniedBy, value: str) -> None:
    async with running.services.foundation.database.session() as connection, connection.transaction():
        await deny_tokens(connection, workspace_id=WORKSPACE_ID, issuer=ISSUER, by=by, value=value)


@pytest.mark.long
async def test_a_socket_ends_with_its_token_and_the_client_may_come_back(
    provided: tuple[Provider, Running],
) -> None:
    _, running = provided
    # It is its end that is waited for, and no check of all principals.
    running.services.watch._interval = 1_000
    ends = int(time.time()) + 4
    async with connected(running.app) as socket, connected(running.app) as stays:
        await socket.initialise(token(exp=ends))
        await stays.initialise(token())
        await socket.subscribe("a", CREATED)
        await until(lambda: running.services.events.hub.members == 1)
        closed = await socket.closed()
        assert closed.code == 4403
        assert time.time() >= ends
        await stays.subscribe("a", "{ __typename }")
        assert (await stays.receive())["type"] == "next"
    async with connected(running.app) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {token(exp=ends)}"})
        closed = await socket.closed()
        assert (closed.code, closed.args[1]) == (4403, "Forbidden: The token has expired.")


@pytest.mark.long
async def test_a_stream_ends_with_its_token(provided: tuple[Provider, Running]) -> None:
    _, running = provided
    headers = {"authorization": f"Bearer {token(exp=int(time.time()) + 4)}", "content-type": "application/json"}
    async with streamed(running.app, {"query": CREATED}, headers=headers) as stream:
        await until(lambda: running.services.events.hub.members == 1)
        await stream.over()
        told, complete = await stream.events(2)
        assert json.loads(told["data"])["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert complete["event"] == "complete"
    assert running.services.events.hub.members == 0


@pytest.mark.parametrize(("by", "value"), [(DeniedBy.ID, "1"), (DeniedBy.SUBJECT, "ada")])
async def test_a_denied_token_ends_its_sockets(provided: tuple[Provider, Running], by: DeniedBy, value: str) -> None:
    _, running = provided
    async with connected(running.app) as socket:
        await socket.initialise(token(jti="1"))
        await deny(running, by, value)
        assert (await socket.closed()).code == 4403


async def test_a_key_that_leaves_the_key_set_ends_the_sockets_of_its_tokens(
    provided: tuple[Provider, Running],
) -> None:
    provider, running = provided
    async with connected(running.app) as socket:
        await socket.initialise(token())
        provider.keys = [NEXT]
        # A token of the next key has the set fetched, at the earliest half a minute after the fetch before.
        (trusted,) = running.services.identity.tokens._trusted.values()
        trusted.keys._asked_at = float("-inf")  # type: ignore[attr-defined]
        await running.services.identity.tokens.authenticate(
            sign(claims(workspace=str(WORKSPACE_ID), sub="eve"), NEXT, "ES256")
        )
        assert (await socket.closed()).code == 4403


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fieldstone.api_key SET role_id = (SELECT id FROM fieldstone.role WHERE name = 'viewer')",
        'UPDATE fieldstone.api_key SET claims = \'{"userId": "x"}\'',
        "UPDATE fieldstone.api_key SET expires_at = now()",
        "UPDATE fieldstone.api_key SET revoked_at = now()",
        "DELETE FROM fieldstone.api_key",
    ],
)
async def test_a_changed_key_ends_its_sockets_and_streams(running: Running, workspace_dsn: str, change: str) -> None:
    headers = {"authorization": f"Bearer {running.key}", "content-type": "application/json"}
    async with (
        connected(running.app) as socket,
        streamed(running.app, {"query": CREATED}, headers=headers) as stream,
    ):
        await socket.initialise(running.key)
        await until(lambda: running.services.events.hub.members == 1)
        with psycopg.connect(workspace_dsn) as connection:
            connection.execute(change.encode())
        assert (await socket.closed()).code == 4403
        await stream.over()


async def test_each_operation_on_a_socket_asks_for_its_principal(
    provided: tuple[Provider, Running], workspace_dsn: str
) -> None:
    _, running = provided
    running.services.watch._interval = 1_000
    async with connected(running.app) as with_token, connected(running.app) as with_key:
        await with_token.initialise(token())
        await with_key.initialise(running.key)
        for socket in (with_token, with_key):
            await socket.subscribe("a", "{ __typename }")
            assert (await socket.receive())["type"] == "next"
            assert (await socket.receive())["type"] == "complete"
        await deny(running, DeniedBy.SUBJECT, "ada")
        running.services.identity.tokens.denied.forget()
        await running.services.keys.revoke(WORKSPACE_ID, running.key_id)
        for socket in (with_token, with_key):
            await socket.subscribe("b", 'mutation { createPerson(data: { email: "late@example.com" }) { id } }')
            assert (await socket.closed()).code == 4403
    with psycopg.connect(workspace_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM fieldstone.event_staging").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM fieldstone.event_log").fetchone() == (0,)
