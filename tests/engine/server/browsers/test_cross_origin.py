"""Requests of other sites' pages: which are refused, which lose their cookies, and the origins that are let in."""

from typing import Any

import pytest

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.server.browsers.cross_origin import drop_foreign_cookies, require_preflight
from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.server.conftest import StartApp

APP = "https://app.example.com"
QUERY = {"query": "{ companies { totalCount } }"}


@pytest.mark.parametrize(
    "header",
    [
        ("authorization", "Bearer fs_x"),
        ("apollo-require-preflight", "true"),
        ("x-apollo-operation-name", "Companies"),
        ("x-graphql-yoga-csrf", "1"),
        ("x-requested-with", "XMLHttpRequest"),
        ("x-fieldstone-cost", "1"),
        ("content-type", "application/json; charset=utf-8"),
        ("sec-fetch-site", "same-origin"),
    ],
)
def test_a_request_with_this_header_cannot_come_from_another_site_unasked(header: tuple[str, str]) -> None:
    require_preflight([(b"accept", b"*/*"), (header[0].encode(), header[1].encode())])


@pytest.mark.parametrize(
    "header",
    [
        ("accept", "application/json"),
        ("authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        ("apollo-require-preflight", ""),
        ("content-type", "text/plain"),
        ("content-type", "text/plain; application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "multipart/form-data; boundary=x"),
        ("cookie", "session=x"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ],
)
def test_a_simple_request_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(Forbidden, match="Apollo-Require-Preflight"):
        require_preflight([(header[0].encode(), header[1].encode())])


def _keeps_cookie(headers: dict[str, str], *, trusted: tuple[str, ...] = (), method: str = "POST") -> bool:
    given = {"host": "crm.example.com", "cookie": "session=x", **headers}
    sent = [(name.encode(), value.encode()) for name, value in given.items()]
    scope: dict[str, Any] = {"method": method, "headers": sent}
    drop_foreign_cookies(scope, trusted)
    left = [name for name, _ in scope["headers"]]
    assert [name.decode() for name in left if name != b"cookie"] == [name for name in given if name != "cookie"]
    return b"cookie" in left


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://crm.example.com"},
        {"origin": "https://crm.example.com:443"},
        {"origin": "http://crm.example.com:80"},
        {"origin": "https://CRM.example.com"},
        {"origin": "http://crm.example.com:3000", "host": "crm.example.com:3000"},
        {"origin": "http://[::1]:3000", "host": "[::1]:3000"},
        # A proxy has changed the Host header.
        {"origin": "https://public.example.com", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_page_of_this_origin_sends_its_cookies(headers: dict[str, str]) -> None:
    assert _keeps_cookie(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://crm.example.com.evil.example"},
        {"origin": "https://crm.example.com@evil.example"},
        {"origin": "https://crm.example.com:8443"},
        {"origin": "https://[crm.example.com"},
        {"origin": "https://crm.example.com:port"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"origin": APP},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        # A form of another site.
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_a_page_of_another_origin_sends_no_cookie(headers: dict[str, str]) -> None:
    assert not _keeps_cookie(headers)


def test_a_listed_origin_sends_its_cookies_and_a_link_keeps_those_of_its_reader() -> None:
    assert _keeps_cookie({"origin": APP, "sec-fetch-site": "cross-site"}, trusted=(APP,))
    assert not _keeps_cookie({"origin": "https://other.example.com"}, trusted=(APP,))
    assert _keeps_cookie({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, method="GET")
    # The handshake of a socket has no method, and is never a link.
    scope: dict[str, Any] = {
        "headers": [(b"cookie", b"x"), (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate")]
    }
    drop_foreign_cookies(scope, ())
    assert (b"cookie", b"x") not in scope["headers"]


async def test_an_origin_is_let_in_by_name_with_credentials_where_they_are_asked_for(start_app: StartApp) -> None:
    for credentials in (False, True):
        async with start_app(cors_origins=f"{APP},http://localhost:5173", cors_credentials=credentials) as (_, client):
            told = "true" if credentials else None
            for origin in (APP, "http://localhost:5173"):
                answer = await client.post("/graphql", json=QUERY, headers={"Origin": origin})
                assert answer.json() == {"data": {"companies": {"totalCount": 0}}}
                assert answer.headers["access-control-allow-origin"] == origin
                assert answer.headers.get("access-control-allow-credentials") == told
                assert "Origin" in answer.headers["vary"]
                asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
                preflight = await client.options(
                    "/graphql", headers={**asked, "Access-Control-Request-Headers": "authorization,content-type"}
                )
                assert preflight.status_code == 200
                assert preflight.headers["access-control-allow-origin"] == origin
                assert preflight.headers.get("access-control-allow-credentials") == told
                assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
            for origin in ("https://evil.example", "null", f"{APP}.evil.example"):
                answer = await client.post("/graphql", json=QUERY, headers={"Origin": origin})
                assert "access-control-allow-origin" not in answer.headers
                refused = await client.options("/graphql", headers={**asked, "Origin": origin})
                assert refused.status_code == 400
                assert "access-control-allow-origin" not in refused.headers


async def test_all_origins_in_development_send_no_credentials(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        answer = await client.post("/graphql", json=QUERY, headers={"Origin": APP, "Cookie": "session=x"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"cors_origins": "*", "cors_credentials": True}, "FIELDSTONE_CORS_CREDENTIALS needs the origins"),
        ({"cors_credentials": True}, "FIELDSTONE_CORS_CREDENTIALS needs the origins"),
        ({"environment": "development", "cors_credentials": True}, "FIELDSTONE_CORS_CREDENTIALS needs the origins"),
        ({"cors_origins": f"{APP},*"}, "FIELDSTONE_CORS_ORIGINS must be"),
        ({"cors_origins": "null"}, "FIELDSTONE_CORS_ORIGINS must be"),
        ({"cors_origins": f"{APP}/"}, "FIELDSTONE_CORS_ORIGINS must be"),
        ({"cors_origins": "app.example.com"}, "FIELDSTONE_CORS_ORIGINS must be"),
    ],
)
def test_origins_that_cannot_be_meant_end_the_start(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        load_settings(**settings)


def test_the_public_address_and_listed_origins_send_cookies() -> None:
    assert load_settings(public_url="https://CRM.example.com").cookie_origins == ("https://crm.example.com",)
    assert load_settings(cors_origins=APP).cookie_origins == ()
    listed = load_settings(public_url="https://crm.example.com", cors_origins=APP, cors_credentials=True)
    assert listed.cookie_origins == ("https://crm.example.com", APP)
    assert _keeps_cookie({"origin": "https://public.example.com"}, trusted=("https://public.example.com",))
