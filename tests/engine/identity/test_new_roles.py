"""A role that another process has made is found when its first request comes, and not when the process hears of it."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from fieldstone.engine.access.new_roles import NewRoles
from fieldstone.engine.server.app import Fieldstone
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_watcher import SnapshotWatch
from tests.engine.server.conftest import StartApp

pytestmark = pytest.mark.long

ROLE = 'mutation { createRole(input: { name: "rep" label: "Rep" grants: [{ object: "*" read: {} }] }) { id } }'
KEY = 'mutation { createApiKey(input: { name: "new" role: "rep" }) { token } }'
READ = "{ people { edges { node { id } } } }"


async def post(client: httpx.AsyncClient, query: str, path: str = "/graphql", **headers: str) -> Any:
    return (await client.post(path, json={"query": query}, headers=headers)).json()


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process hears of a change that another one has made, or asks for one."""

    async def nothing(*_arguments: object) -> None:
        return None

    monkeypatch.setattr(SnapshotWatch, "_compare", nothing)
    monkeypatch.setattr(SnapshotWatch, "hear", lambda *_arguments: None)


async def _version(app: Fieldstone) -> int:
    services = await app.runtime.ready()
    return (await services.foundation.current.get(services.foundation.default.workspace.id)).version


@pytest.mark.usefixtures("deaf")
async def test_a_key_of_a_role_that_another_process_made(start_app: StartApp) -> None:
    async with start_app() as (_, one), start_app() as (other_app, other):
        await post(other, READ)
        known = await _version(other_app)
        assert "errors" not in await post(one, ROLE, "/metadata")
        token = (await post(one, KEY, "/metadata"))["data"]["createApiKey"]["token"]
        assert await _version(other_app) == known
        rep = {"authorization": f"Bearer {token}"}
        assert await post(other, READ, **rep) == {"data": {"people": {"edges": []}}}
        assert await _version(other_app) > known
        assert (await post(other, "{ roles { totalCount } }", "/metadata", **rep))["errors"]
        assert "errors" not in await post(other, "{ me { role } }", "/metadata", **rep)


@pytest.mark.usefixtures("deaf")
async def test_a_key_acts_as_a_role_that_another_process_made(start_app: StartApp) -> None:
    async with start_app() as (_, one), start_app() as (_, other):
        await post(other, READ)
        assert "errors" not in await post(one, ROLE, "/metadata")
        assert "errors" not in await post(other, READ, **{"x-fieldstone-role": "rep"})


async def test_a_role_that_is_nowhere_is_looked_for_once_a_second(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app() as (app, client):
        await post(client, READ)
        services = await app.runtime.ready()
        current, workspace, now, asked = (
            services.foundation.current,
            services.foundation.default.workspace.id,
            [0.0],
            [0],
        )
        roles = NewRoles(current, clock=lambda: now[0])
        refresh = current.refresh

        async def count(workspace_id: Any) -> Snapshot:
            asked[0] += 1
            return await refresh(workspace_id)

        monkeypatch.setattr(current, "refresh", count)
        role = uuid4()
        for clock, expected in ((0.0, 1), (0.5, 1), (1.0, 2)):
            now[0] = clock
            await roles.look_for(workspace, role)
            assert asked[0] == expected
        await roles.look_for(workspace, "admin")
        await roles.look_for(uuid4(), role)
        assert asked[0] == 2
