"""Sign-in at an OpenID provider, oidc-provider from npm, and its real tokens."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from joserfc.jwk import RSAKey

from fieldstone.engine.identity.fetching import Fetcher, Unreachable
from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.identity.browsers import no_session_free
from tests.engine.identity.openid_provider import HERE, SETTINGS, provider_of, visit
from tests.engine.identity.provider import sign_with_text, unsigned
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until_true

pytestmark = pytest.mark.long

READ = {"query": "{ __typename }"}


async def test_a_person_signs_in_at_a_provider(start_app: StartApp, clients: Path) -> None:
    async with (
        provider_of(clients) as provider,
        start_app(oidc=provider.setting(), session_rate_limit=2, **SETTINGS) as (app, client),
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
        # The sign-in was an operation of the person's sessions: another one fills no audit log.
        begun = await client_of(app).get("/auth/login")
        login_cookie = {"cookie": begun.headers["set-cookie"].partition(";")[0]}
        again = await client_of(app).get(await visit(begun.headers["location"], "ada"), headers=login_cookie)
        assert (again.status_code, "set-cookie" in again.headers, "retry-after" in again.headers) == (429, False, True)
        query = {"query": "{ sessions { edges { node { kind name role } } } }"}
        (edge,) = (await client.post("/metadata", json=query)).json()["data"]["sessions"]["edges"]
        assert edge["node"] == {"kind": "USER", "name": "Person ada", "role": "admin"}
        denial = f'mutation {{ denyTokens(input: {{ issuer: "{provider.issuer}", subject: "ada" }}) {{ subject }} }}'
        assert (await client.post("/metadata", json={"query": denial})).status_code == 200
        assert (await browser.post("/graphql", json=READ)).status_code == 401


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


async def test_a_role_that_the_workspace_lacks_is_named_and_begins_no_session(
    start_app: StartApp, clients: Path, app_database: str
) -> None:
    async with provider_of(clients) as provider:
        oidc = provider.setting(claims={"role": "sub"}, roles=["admin", "rep"])
        async with start_app(oidc=oidc, session_pool_size=1, **SETTINGS) as (app, client):
            browser = client_of(app)
            begun = await browser.get("/auth/login")
            answer = await browser.get(await visit(begun.headers["location"], "rep"))
            (error,) = answer.json()["errors"]
            assert (answer.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
            assert error["message"] == (
                'The workspace "default" has no role "rep", which the identity provider gives: create it, or change'
                " 'roles' in FIELDSTONE_OIDC."
            )
            await (await app.runtime.ready()).audit.flush()
            with psycopg.connect(app_database) as connection:
                rows = connection.execute(
                    "SELECT actor_name, (SELECT count(*) FROM fieldstone.session) FROM fieldstone.audit_log"
                    " WHERE action = 'SIGN_IN_FAILED'"
                ).fetchall()
            assert rows == [("Person rep", 0)]
            made = {"query": 'mutation { createRole(input: { name: "rep" label: "Rep" }) { id } }'}
            assert "errors" not in (await client.post("/metadata", json=made)).json()
            begun = await browser.get("/auth/login")
            assert (await browser.get(await visit(begun.headers["location"], "rep"))).status_code == 302
            begun = await browser.get("/auth/login")
            back = await visit(begun.headers["location"], "rep")
            async with no_session_free(app):
                answer = await browser.get(back)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "OVERLOADED")


async def id_token_of(app: Any, login: str) -> str:
    """Return the ID token that the provider gives for a person."""
    browser = client_of(app)
    begun = await browser.get("/auth/login")
    back = urlsplit(await visit(begun.headers["location"], login))
    (opened,) = (await app.runtime.ready()).identity.providers.values()
    kept = app._sign_in._providers._read_login({b"cookie": _cookies(browser)}, "")
    discovered = await opened._discover()
    answer = await opened._exchange(discovered, kept, parse_qs(back.query)["code"][0], f"{HERE}/auth/callback")
    return str(answer["id_token"])


async def bear(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/graphql", json=READ, headers={"authorization": f"Bearer {token}"})


@pytest.mark.long
@pytest.mark.parametrize(("audience", "status"), [("fieldstone", 200), ("another", 401)])
async def test_a_real_token_is_for_its_audience_until_it_ends(
    start_app: StartApp, clients: Path, audience: str, status: int
) -> None:
    async with provider_of(clients, seconds=4) as provider:
        jwks = f"{provider.issuer}/jwks"
        issuer = {"issuer": provider.issuer, "audience": audience, "jwksUrl": jwks, "roles": ["admin"]}
        async with start_app(oidc=provider.setting(), jwt=json.dumps([issuer]), **SETTINGS) as (app, client):
            token = await id_token_of(app, "ada")
            answer = await bear(client, token)
            assert (answer.status_code, "audience" in answer.text) == (status, status == 401)
            if status == 200:
                await until_true(lambda: _has_expired(client, token))


async def _has_expired(client: httpx.AsyncClient, token: str) -> bool:
    answer = await bear(client, token)
    return answer.status_code == 401 and "The token has expired." in answer.text


@pytest.mark.long
async def test_a_real_tokens_algorithm_cannot_be_changed(start_app: StartApp, clients: Path) -> None:
    async with provider_of(clients) as provider:
        jwks = f"{provider.issuer}/jwks"
        issuer = {"issuer": provider.issuer, "audience": "fieldstone", "jwksUrl": jwks, "roles": ["admin"]}
        async with start_app(oidc=provider.setting(), jwt=json.dumps([issuer]), **SETTINGS) as (app, client):
            token = await id_token_of(app, "ada")
            assert (await bear(client, token)).status_code == 200
            async with httpx.AsyncClient() as stranger:
                (public,) = (await stranger.get(jwks)).json()["keys"]
            header, given, signature = token.split(".")
            claims = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
            pem = RSAKey.import_key(public).as_pem(private=False).decode()
            none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            for forged in (
                sign_with_text(claims, pem, kid=public["kid"]),
                sign_with_text(claims, public["n"], kid=public["kid"]),
                f"{none}.{given}.",
                f"{none}.{given}.{signature}",
                f"{header}.{given}.",
                unsigned({**claims, "sub": "eve"}, {"alg": "RS256", "kid": public["kid"]}, b"x" * 256),
            ):
                assert (await bear(client, forged)).status_code == 401


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
        ("/" + "x" * 1_999, "/" + "x" * 1_999),
        ("/" + "x" * 2_000, "/"),
    ],
)
async def test_a_person_comes_back_to_this_origin_alone(
    start_app: StartApp, clients: Path, given: str, location: str
) -> None:
    async with provider_of(clients) as provider, start_app(oidc=provider.setting(), **SETTINGS) as (app, _):
        browser = client_of(app)
        await browser.get("/auth/login", params={"returnTo": given})
        assert app._sign_in._providers._read_login({b"cookie": _cookies(browser)}, "").return_to == location


async def test_a_provider_that_is_away_is_a_503_and_an_unknown_one_a_404(start_app: StartApp) -> None:
    away = [{"issuer": "http://127.0.0.1:1", "clientId": "x", "roles": ["admin"]}]
    async with start_app(oidc=json.dumps(away), **SETTINGS) as (app, _):
        browser = client_of(app)
        assert (await browser.get("/auth/login")).status_code == 503
        assert (await browser.get("/auth/login", params={"provider": "other"})).status_code == 404
        assert (await browser.get("/auth/callback", params={"code": "x", "state": "y"})).status_code == 401
        assert (await browser.post("/auth/login", json={})).status_code == 405
        assert (await browser.get("/auth/other")).status_code == 404


async def test_all_that_wait_for_a_provider_which_is_away_are_told_at_once(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = 0

    async def fetch(*_: object, **_options: object) -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0.05)
        raise Unreachable("it is away")

    monkeypatch.setattr(Fetcher, "fetch", fetch)
    away = [{"issuer": "http://127.0.0.1:1", "clientId": "x", "roles": ["admin"]}]
    async with start_app(oidc=json.dumps(away), **SETTINGS) as (app, _):
        answers = await asyncio.gather(*(client_of(app).get("/auth/login") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {503}
        assert fetched <= 2
        # Anybody can ask for a sign-in: a provider that is away is not asked for each.
        for _ in range(10):
            assert (await client_of(app).get("/auth/login")).status_code == 503
        assert fetched <= 4


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
