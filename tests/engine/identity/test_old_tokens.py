"""The token that a key had before its last rotation: it gives no rights that outlast it, and rotates no key."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.engine.identity.browsers import signed_in
from tests.engine.server.conftest import StartApp

MAKE = """mutation ($end: DateTime, $role: String) {
    createApiKey(input: { name: "made", expiresAt: $end, role: $role }) { expiresAt } }"""
ROTATE = "mutation ($id: UUID!, $s: Int) { rotateApiKey(id: $id, overlapSeconds: $s) { token } }"
OVERLAP = 3_600

Send = Callable[..., Awaitable[Any]]


def sender(client: httpx.AsyncClient, **headers: str) -> Send:
    async def send(text: str, **variables: Any) -> Any:
        answer = await client.post("/metadata", json={"query": text, "variables": variables}, headers=headers)
        return answer.json()

    return send


async def require_bounded(send: Send, key_id: str) -> None:
    """Require that a key which is made ends within the overlap, and that no key is rotated."""
    made = datetime.fromisoformat((await send(MAKE))["data"]["createApiKey"]["expiresAt"])
    assert made.timestamp() <= datetime.now(UTC).timestamp() + OVERLAP
    (error,) = (await send(MAKE, end="2098-05-06T00:00:00Z"))["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "field": "expiresAt"}
    (error,) = (await send(ROTATE, id=key_id))["errors"]
    assert error["message"].startswith("The token is the one before the key's last rotation, and rotates no key")
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.long
async def test_an_old_token_gives_nothing_that_outlasts_it(start_app: StartApp) -> None:
    """An old token made keys without an end, and its rotation ended the newest token at once."""
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "leaked")
        key_id = str(made.key.id)
        before = await signed_in(app, made.token)
        old = sender(client, authorization=f"Bearer {made.token}")
        assert (await old(MAKE))["data"]["createApiKey"]["expiresAt"] is None
        new = (await old(ROTATE, id=key_id, s=OVERLAP))["data"]["rotateApiKey"]["token"]
        await require_bounded(old, key_id)
        # Its sessions, from before the rotation and after it, give no more than the token.
        for browser in (before, await signed_in(app, made.token)):
            await require_bounded(sender(browser), key_id)
        for newer in (sender(client, authorization=f"Bearer {new}"), sender(await signed_in(app, new))):
            assert (await newer(MAKE))["data"]["createApiKey"]["expiresAt"] is None
        last = (await sender(client, authorization=f"Bearer {new}")(ROTATE, id=key_id))["data"]["rotateApiKey"]["token"]
        assert (await sender(client, authorization=f"Bearer {last}")(MAKE))["data"]


async def test_a_session_that_an_older_process_shortened_is_one_of_the_old_token(start_app: StartApp) -> None:
    """A process of the release before marks no session, neither as it begins nor in a rotation."""
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "leaked")
        before = await signed_in(app, made.token)
        rotated = await services.keys.rotate(workspace_id, made.key.id, overlap_seconds=OVERLAP)
        after, newer = await signed_in(app, made.token), await signed_in(app, rotated.token)
        async with services.foundation.database.session() as connection, connection.transaction():
            await connection.execute(b"UPDATE fieldstone.session SET by_old_token = false")
        services.identity.sessions.forget_all()
        for browser in (before, after):
            await require_bounded(sender(browser), str(made.key.id))
        assert (await sender(newer)(MAKE))["data"]["createApiKey"]["expiresAt"] is None
