"""Sign-in at apps that another application has mounted, several of them in one origin."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from fieldstone.engine import create_app
from tests.databases import Databases
from tests.engine.identity.browsers import READ
from tests.engine.identity.openid_provider import HERE, SETTINGS, provider_of, visit
from tests.engine.server.conftest import StartApp, client_of
from tests.engine.server.prepared import migrate

pytestmark = pytest.mark.long


async def key_for(app: Any) -> str:
    foundation = (await app.runtime.ready()).foundation
    return str((await foundation.keys.create(foundation.default.workspace.id, "test")).token)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_two_apps_of_one_origin_have_sessions_of_their_own(
    start_app: StartApp, databases: Databases, scheme: str
) -> None:
    here = f"{scheme}://fieldstone.test"
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        other = create_app(database_url=dsn, public_url=here, rate_limit=0, log_level="error")
        async with start_app(public_url=here) as (app, _), other.lifespan_context():
            apps = {"/crm": other, "": app}
            host = Starlette(routes=[Mount(path, one) for path, one in apps.items()])
            async with client_of(host) as browser:
                browser.base_url = httpx.URL(here)
                set_by = {}
                for path in ("", "/crm"):
                    answer = await browser.post(f"{path}/auth/sign-in", json={"key": await key_for(apps[path])})
                    assert answer.status_code == 200, answer.text
                    name, *attributes = answer.headers["set-cookie"].split("; ")
                    set_by[path] = (name.partition("=")[0], attributes[0])
                if scheme == "http":
                    assert set_by == {path: ("fieldstone_session", f"Path={path or '/'}") for path in apps}
                else:
                    assert set_by[""] == ("__Host-fieldstone_session", "Path=/")
                    assert set_by["/crm"][0].startswith("__Host-fieldstone_session_")
                    assert set_by["/crm"][1] == "Path=/"
                for path in apps:
                    told = await browser.get(f"{path}/auth/sign-in")
                    assert told.json()["data"]["session"]["name"] == "test", path
                    assert (await browser.post(f"{path}/graphql", json=READ)).status_code == 200
                await browser.delete("/crm/auth/session")
                assert (await browser.post("/graphql", json=READ)).status_code == 200
                # Only the other app's cookie is left to it, which it neither takes nor clears.
                assert (await browser.post("/crm/graphql", json=READ)).status_code == 401
                answer = await browser.get("/crm/auth/sign-in")
                assert (answer.json()["data"]["session"], "set-cookie" in answer.headers) == (None, False)


async def test_the_cookie_of_another_server_of_the_host_is_left(start_app: StartApp) -> None:
    async with start_app() as (app, _):
        browser = client_of(app, cookies={"fieldstone_session": "of the server at another port"})
        for path in ("/auth/sign-in", "/auth/session"):
            assert "set-cookie" not in (await browser.get(path)).headers


@pytest.mark.long
async def test_a_person_comes_back_from_a_provider_to_a_mounted_app(start_app: StartApp, clients: Path) -> None:
    mounted = f"{HERE}/crm"
    async with (
        provider_of(clients, here=mounted) as provider,
        start_app(oidc=provider.setting(), **SETTINGS) as (app, _),
        client_of(Starlette(routes=[Mount("/crm", app)])) as browser,
    ):
        (way,) = (await browser.get("/crm/auth/sign-in")).json()["data"]["providers"]
        begun = await browser.get(way["path"], params={"provider": way["name"], "returnTo": "/app"})
        assert begun.status_code == 302, begun.text
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == [f"{mounted}/auth/callback"]
        answer = await browser.get(await visit(begun.headers["location"], "ada"))
        assert (answer.status_code, answer.headers["location"]) == (302, "/app"), answer.text
        assert (await browser.post("/crm/graphql", json=READ)).status_code == 200
