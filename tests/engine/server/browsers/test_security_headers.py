"""The security headers, on every answer of a server that listens."""

import httpx
import pytest

from fieldstone.engine.server.browsers.security_headers import SECURITY_HEADERS
from tests.engine.server.conftest import StartApp
from tests.engine.server.listening import listening

pytestmark = pytest.mark.long

QUERY = {"query": "{ companies { totalCount } }"}


def _check(answer: httpx.Response, *, is_page: bool = False) -> None:
    for name, value in SECURITY_HEADERS:
        found = answer.headers.get_list(name.decode())
        assert len(found) == 1, (answer.url, name)
        if not is_page or name != b"content-security-policy":
            assert found == [value.decode()], answer.url
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("environment", ["production", "development"])
async def test_every_answer_has_them_once(start_app: StartApp, environment: str) -> None:
    async with start_app(environment=environment) as (app, inner):
        key = {"Authorization": inner.headers["Authorization"]}
        async with listening(app) as address, httpx.AsyncClient(base_url=address) as client:
            for path in ("/", "/healthz", "/readyz", "/metrics", "/nothing", "/graphql", "/graphql/stream"):
                for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
                    _check(await client.request(method, path))
            for headers in (key, {**key, "Origin": "https://evil.example"}):
                _check(await client.get("/graphql", params=QUERY, headers=headers))
                _check(await client.options("/graphql", headers={**headers, "Access-Control-Request-Method": "POST"}))
                for path in ("/graphql", "/graphql/stream"):
                    _check(await client.post(path, json=QUERY, headers={**headers, "Accept": "*/*"}))
            malformed = await client.post("/graphql", content=b"x", headers={**key, "Content-Type": "application/json"})
            assert malformed.status_code == 400
            _check(malformed)
            page = await client.get("/console/graphql", headers={"Accept": "text/html"})
            _check(page, is_page=True)


async def test_a_page_has_a_nonce_of_its_own_answer(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        pages = [await client.get("/console/graphql", headers={"Accept": "text/html"}) for _ in range(2)]
    policies = {page.headers["content-security-policy"] for page in pages}
    assert len(policies) == 2
    for page in pages:
        policy = page.headers["content-security-policy"]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert page.text.count(f'nonce="{nonce}"') == 1
        assert page.headers["cache-control"] == "no-store"
        assert "script-src 'self'" not in policy
