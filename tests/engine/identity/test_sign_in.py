"""Sessions of people in browsers: by a key, and at oidc-provider from npm."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.server.conftest import StartApp, client_of
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.engine.server.streams.sockets import connected
from tests.npm_clients import NODE
from tests.waiting import until_true

HERE = "http://fieldstone.test"
READ = {"query": "{ __typename }"}
JSON = {"content-type": "application/json"}


def key_of(client: httpx.AsyncClient) -> str:
    return client.headers["authorization"].removeprefix("Bearer ")


async def signed_in(app: Any, key: str) -> httpx.AsyncClient:
    """Return a browser that has signed in by a key."""
    browser = client_of(app)
    answer = await browser.post("/auth/key", json={"key": key})
    assert answer.status_code == 200, answer.text
    return browser


async def test_a_person_signs_in_by_a_key_and_out(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = client_of(app)
        assert (await browser.post("/graphql", json=READ)).status_code == 401
        answer = await browser.post("/auth/key", json={"key": key_of(client)})
        assert (answer.json()["data"]["name"], answer.headers["cache-control"]) == ("test", "no-store")
        attributes = answer.headers["set-cookie"].split("; ")[1:]
        assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} == set(attributes)
        assert key_of(client) not in answer.headers["set-cookie"]
        written = {"query": 'mutation { createCompany(data: { name: "x" }) { createdBy { name } } }'}
        answer = await browser.post("/graphql", json=written)
        assert answer.json() == {"data": {"createCompany": {"createdBy": {"name": "test"}}}}
        before = dict(browser.cookies)
        answer = await browser.post("/auth/logout", json={})
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert not browser.cookies
        # Whoever has kept the cookie has nothing.
        kept = client_of(app, cookies=before)
        assert (await kept.post("/graphql", json=READ)).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "fs_" + "A" * 43}, 401),
        ({"key": "nothing"}, 401),
        ({"key": "a.b.c"}, 401),
        ({"key": 7}, 400),
        ({}, 400),
        ([], 400),
        ({"key": "\ud800"}, 400),
        ({"key": "x" * 5_000}, 413),
    ],
)
async def test_a_sign_in_that_is_wrong_sets_no_cookie(client: httpx.AsyncClient, body: Any, status: int) -> None:
    answer = await client.post("/auth/key", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (status, None)


async def test_other_sites_can_neither_sign_a_person_in_nor_use_a_session(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        form = await client.post(
            "/auth/key", content=json.dumps({"key": key_of(client)}), headers={"content-type": "text/plain"}
        )
        assert form.status_code == 415
        assert (
            await client.post("/auth/logout", content="{}", headers={"content-type": "text/plain"})
        ).status_code == 415
        browser = await signed_in(app, key_of(client))
        foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert (await browser.post("/graphql", json=READ, headers=foreign)).status_code == 401
        assert (await browser.get("/graphql", params={"query": "{ __typename }"})).status_code == 403
        plain = {"content-type": "text/plain"}
        assert (await browser.post("/graphql", content=json.dumps(READ), headers=plain)).status_code == 415
        assert (await browser.post("/graphql", json=READ, headers={"origin": HERE})).status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with connected(app, headers={"cookie": cookie, "origin": "https://evil.example"}) as socket:
            await socket.send(type="connection_init")
            assert (await socket.closed()).code == 4403
        async with connected(app, headers={"cookie": cookie, "origin": HERE, "host": "fieldstone.test"}) as socket:
            await socket.initialise(None)


async def test_sessions_are_listed_and_revoked_with_their_sockets(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with connected(app, headers={"cookie": cookie}) as socket:
            await socket.initialise(None)
            query = {"query": "{ sessions { edges { node { id kind name role address revokedAt } } } }"}
            (edge,) = (await client.post("/metadata", json=query)).json()["data"]["sessions"]["edges"]
            session = edge["node"]
            assert (session["kind"], session["name"], session["role"]) == ("API_KEY", "test", "admin")
            assert (session["address"], session["revokedAt"]) == ("127.0.0.1", None)
            text = "mutation ($id: UUID!) { revokeSession(id: $id) { revokedAt } }"
            asked = {"query": text, "variables": {"id": session["id"]}}
            answer = await client.post("/metadata", json=asked)
            assert answer.json()["data"]["revokeSession"]["revokedAt"]
            assert (await browser.post("/graphql", json=READ)).status_code == 401
            assert (await socket.closed()).code == 4403
        unknown = {"query": text, "variables": {"id": "018cc5ca-0413-7028-876c-8f782314f028"}}
        assert (await client.post("/metadata", json=unknown)).json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_session_ends_with_its_key(start_app: StartApp) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        made = await services.keys.create(services.foundation.default.workspace.id, "short")
        browser = await signed_in(app, made.token)
        await services.keys.revoke(services.foundation.default.workspace.id, made.key.id)
        await until_true(lambda: _is_refused(browser))


async def test_the_audit_log_has_who_signed_in_and_out(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        for _ in range(2):
            await browser.post("/auth/logout", json={})
        await browser.post("/auth/key", json={"key": "fs_" + "A" * 43})
        await (await app.runtime.ready()).audit.flush()
    with psycopg.connect(app_database) as connection:
        rows = connection.execute(
            "SELECT action, actor_kind, actor_name, address FROM fieldstone.audit_log WHERE action LIKE 'SIGN%'"
        ).fetchall()
    assert sorted(rows) == [
        ("SIGN_IN", "API_KEY", "test", "127.0.0.1"),
        ("SIGN_IN_FAILED", "UNKNOWN", None, "127.0.0.1"),
        ("SIGN_OUT", "API_KEY", "test", "127.0.0.1"),
    ]


async def _is_refused(browser: httpx.AsyncClient) -> bool:
    return (await browser.post("/graphql", json=READ)).status_code == 401


async def test_the_database_has_no_cookie_and_behind_tls_it_is_secure(start_app: StartApp, app_database: str) -> None:
    async with start_app(public_url="https://fieldstone.test") as (app, client):
        answer = await client_of(app).post("/auth/key", json={"key": key_of(client)})
        name, _, rest = answer.headers["set-cookie"].partition("=")
        value, *attributes = rest.split("; ")
        assert (name, "Secure" in attributes, "Path=/" in attributes) == ("__Host-fieldstone_session", True, True)
        plain = client_of(app, cookies={"fieldstone_session": value})
        assert (await plain.post("/graphql", json=READ)).status_code == 401
        secure = client_of(app, cookies={name: value})
        assert (await secure.post("/graphql", json=READ)).status_code == 200
    with psycopg.connect(app_database) as connection:
        (row,) = connection.execute("SELECT session::text FROM fieldstone.session").fetchall()
        assert value not in row[0]


async def test_a_cookie_is_never_on_a_remembered_head(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        for _ in range(3):
            assert (await talk.ask(PEOPLE, more="Cookie: fieldstone_session=x\r\n", n="Ada")).status == 200
        assert await serving.warm() == before


@dataclass(slots=True)
class NodeProvider:
    """oidc-provider in a process of its own."""

    issuer: str
    process: asyncio.subprocess.Process

    def setting(self, **changes: Any) -> str:
        one = {
            "issuer": self.issuer,
            "clientId": "fieldstone",
            "clientSecret": "a secret: with/characters?",
            "claims": {"role": "role"},
            "roles": ["admin", "viewer"],
        }
        return json.dumps([one | changes])

    async def rotate(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()
        while await self.process.stdout.readline() != b'{"rotated":true}\n':
            assert self.process.returncode is None


@asynccontextmanager
async def provider_of(clients: Path) -> AsyncIterator[NodeProvider]:
    arguments = ("fieldstone", "a secret: with/characters?", f"{HERE}/auth/callback")
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(clients / "provide_tokens.js"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while not (line := await process.stdout.readline()).startswith(b"{"):
                assert line, "it does not begin"
        yield NodeProvider(json.loads(line)["issuer"], process)
    finally:
        process.kill()
        await process.wait()


async def visit(address: str, login: str) -> str:
    """Return the address that the provider sends the browser of a person back to."""
    async with httpx.AsyncClient(follow_redirects=False) as browser:
        answer = await browser.get(address)
        for _ in range(10):
            while answer.is_redirect:
                target = str(httpx.URL(str(answer.url)).join(answer.headers["location"]))
                if target.startswith(HERE):
                    return target
                answer = await browser.get(target)
            assert answer.status_code == 200, answer.text
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None
            assert prompt is not None
            form = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = await browser.post(str(httpx.URL(str(answer.url)).join(action[1])), data=form)
    raise AssertionError("the provider asks for ever")


SETTINGS = {"public_url": HERE, "secret_key": "a" * 32}


async def test_a_person_signs_in_at_a_provider(start_app: StartApp, clients: Path) -> None:
    async with (
        provider_of(clients) as provider,
        start_app(oidc=provider.setting(), **SETTINGS) as (app, client),
    ):
        browser = client_of(app)
        begun = await browser.get("/auth/login", params={"returnTo": "/app?x=1"})
        assert begun.status_code == 302, begun.text
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["state"][0] not in begun.headers["set-cookie"]
        back = await visit(begun.headers["location"], "ada")
        stolen = await client_of(app).get(back)
        assert stolen.status_code == 401
        answer = await browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (302, "/app?x=1"), answer.text
        written = {"query": 'mutation { createCompany(data: { name: "x" }) { createdBy { name } } }'}
        answer = await browser.post("/graphql", json=written)
        assert answer.json() == {"data": {"createCompany": {"createdBy": {"name": "Person ada"}}}}
        # A code works once, and the sign-in of a browser is over.
        assert (await browser.get(back)).status_code == 401
        query = {"query": "{ sessions { edges { node { kind name role } } } }"}
        (edge,) = (await client.post("/metadata", json=query)).json()["data"]["sessions"]["edges"]
        assert edge["node"] == {"kind": "USER", "name": "Person ada", "role": "admin"}
        denial = f'mutation {{ denyTokens(input: {{ issuer: "{provider.issuer}", subject: "ada" }}) {{ subject }} }}'
        assert (await client.post("/metadata", json={"query": denial})).status_code == 200
        assert await _is_refused(browser)


async def test_the_providers_keys_rotate_and_a_stranger_has_no_role(start_app: StartApp, clients: Path) -> None:
    async with provider_of(clients) as provider, start_app(oidc=provider.setting(), **SETTINGS) as (app, _):
        for login, status in (("ada", 302), ("mallory", 403)):
            browser = client_of(app)
            begun = await browser.get("/auth/login")
            answer = await browser.get(await visit(begun.headers["location"], login))
            assert answer.status_code == status, answer.text
        await provider.rotate()
        (opened,) = (await app.runtime.ready()).identity.providers.values()
        assert opened._discovered is not None
        opened._discovered.trusted.keys._asked_at = float("-inf")  # type: ignore[attr-defined]
        browser = client_of(app)
        begun = await browser.get("/auth/login")
        assert (await browser.get(await visit(begun.headers["location"], "grace"))).status_code == 302


async def test_a_token_of_the_provider_is_for_its_audience_alone(start_app: StartApp, clients: Path) -> None:
    """The ID token of another client of the same provider signs nobody in as a bearer token either."""
    async with provider_of(clients) as provider:
        issuer = {
            "issuer": provider.issuer,
            "audience": "another",
            "jwksUrl": f"{provider.issuer}/jwks",
            "roles": ["admin"],
        }
        async with start_app(oidc=provider.setting(), jwt=json.dumps([issuer]), **SETTINGS) as (app, client):
            browser = client_of(app)
            begun = await browser.get("/auth/login")
            back = urlsplit(await visit(begun.headers["location"], "ada"))
            (opened,) = (await app.runtime.ready()).identity.providers.values()
            login = app._sign_in._read_login({b"cookie": _cookies(browser)})
            discovered = await opened._discover()
            answer = await opened._exchange(discovered, login, parse_qs(back.query)["code"][0], f"{HERE}/auth/callback")
            headers = {"authorization": f"Bearer {answer['id_token']}"}
            refused = await client.post("/graphql", json=READ, headers=headers)
            assert (refused.status_code, "audience" in refused.text) == (401, True)


def _cookies(browser: httpx.AsyncClient) -> bytes:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode()


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a b", "/"),
        ("/\r\nset-cookie: x", "/"),
        ("/app", "/app"),
    ],
)
async def test_a_person_comes_back_to_this_origin_alone(
    start_app: StartApp, clients: Path, given: str, location: str
) -> None:
    async with provider_of(clients) as provider, start_app(oidc=provider.setting(), **SETTINGS) as (app, _):
        browser = client_of(app)
        await browser.get("/auth/login", params={"returnTo": given})
        assert app._sign_in._read_login({b"cookie": _cookies(browser)}).return_to == location


async def test_a_provider_that_is_away_is_a_503_and_an_unknown_one_a_404(start_app: StartApp) -> None:
    away = [{"issuer": "http://127.0.0.1:1", "clientId": "x", "roles": ["admin"]}]
    async with start_app(oidc=json.dumps(away), **SETTINGS) as (app, _):
        browser = client_of(app)
        assert (await browser.get("/auth/login")).status_code == 503
        assert (await browser.get("/auth/login", params={"provider": "other"})).status_code == 404
        assert (await browser.get("/auth/callback", params={"code": "x", "state": "y"})).status_code == 401
        assert (await browser.post("/auth/login", json={})).status_code == 405
        assert (await browser.get("/auth/other")).status_code == 404


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"oidc": "{}"}, "FIELDSTONE_OIDC must be a JSON list of providers"),
        ({"oidc": '[{"issuer": "https://a"}]'}, "FIELDSTONE_OIDC [0].clientId must be a text"),
        ({"oidc": '[{"issuer": "https://a", "clientId": "x", "secret": 1}]'}, "must not have the member secret"),
        ({"oidc": '[{"issuer": "http://a", "clientId": "x", "roles": ["admin"]}]'}, "must be an https address"),
        ({"oidc": '[{"issuer": "https://a", "clientId": "x", "scopes": ["a"], "roles": ["admin"]}]'}, '"openid" among'),
        (
            {"oidc": '[{"issuer": "https://a", "clientId": "x", "roles": ["admin"]}]'},
            "FIELDSTONE_OIDC needs FIELDSTONE_PUBLIC_URL and FIELDSTONE_SECRET_KEY.",
        ),
        ({"public_url": "https://a.example/path"}, "FIELDSTONE_PUBLIC_URL must be an http or https address"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(**settings)
    assert message in str(refused.value)
