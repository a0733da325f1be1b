"""The pages beside the APIs, unknown paths, and CORS."""

import re

import httpx
import pytest

from fieldstone.engine import create_app
from tests.engine.server.conftest import StartApp, client_of


async def test_before_the_start_it_is_alive_and_not_ready(app_database: str) -> None:
    app = create_app(database_url=app_database, log_level="error", environment="development")
    async with client_of(app) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        waiting = await client.get("/readyz")
        assert (waiting.status_code, waiting.json()) == (503, {"status": "starting"})
        assert "fieldstone_ready 0.0" in (await client.get("/metrics")).text
        async with app.lifespan_context():
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert (await client.get("/readyz")).status_code == 503


async def test_metrics_count_requests_plans_connections_and_versions(start_app: StartApp) -> None:
    async with start_app(pool_size=8, environment="development") as (_, client):
        await _count(client)


async def _count(client: httpx.AsyncClient) -> None:
    for query in ("{ companies { totalCount } }", "{ companies { totalCount } }", "{"):
        await client.post("/graphql", json={"query": query}, headers={"accept": "application/graphql-response+json"})
    await client.get("/nothing-here")
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(re.findall(r"^([^#\s]+) (\S+)$", response.text, re.MULTILINE))
    assert lines['fieldstone_requests_total{endpoint="/graphql",status="200"}'] == "2.0"
    assert lines['fieldstone_requests_total{endpoint="/graphql",status="400"}'] == "1.0"
    assert lines['fieldstone_requests_total{endpoint="other",status="404"}'] == "1.0"
    assert lines['fieldstone_request_seconds_count{endpoint="/graphql"}'] == "3.0"
    assert lines['fieldstone_plans_total{event="hit"}'] == "1.0"
    assert lines['fieldstone_plans_total{event="miss"}'] == "1.0"
    assert lines["fieldstone_pool_limit"] == "8.0"
    assert lines['fieldstone_builds{of="index",status="building"}'] == "0.0"
    assert lines['fieldstone_model_version{workspace="default"}'] == "1.0"
    await client.post(
        "/metadata",
        json={
            "query": 'mutation { createObject(input: { nameSingular: "a" namePlural: "b" labelSingular: "A"'
            ' labelPlural: "B" }) { id } }'
        },
    )
    assert 'fieldstone_model_version{workspace="default"} 2.0' in (await client.get("/metrics")).text


async def test_two_apps_in_one_process_count_apart(start_app: StartApp) -> None:
    async with start_app() as (_, one), start_app() as (_, other):
        await one.get("/healthz")
        assert 'endpoint="/healthz"' in (await one.get("/metrics")).text
        assert 'endpoint="/healthz"' not in (await other.get("/metrics")).text


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics"])
async def test_pages_take_get_head_and_options_alone(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert (await client.options(path)).headers["allow"] == "GET, HEAD, OPTIONS"
    refused = await client.post(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_the_root_points_to_the_apis(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "/graphql" in response.text
    assert "/metadata" in response.text


@pytest.mark.parametrize(
    "path", ["/nothing", "/graphql/", "/metadata/", "/metrics/", "/graphql/x", "/a//b", "/%00", "/console2", "/ü"]
)
async def test_elsewhere_there_is_a_404_in_json(client: httpx.AsyncClient, path: str) -> None:
    for response in (await client.get(path), await client.post(path)):
        assert response.status_code == 404
        assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_browsers_get_the_page_in_development_only(start_app: StartApp) -> None:
    accept = {"accept": "text/html,*/*;q=0.8"}
    async with start_app(environment="development") as (_, client):
        for path in ("/graphql", "/metadata"):
            moved = await client.get(f"{path}?query=%7Ba%7D", headers=accept)
            assert (moved.status_code, moved.headers["vary"]) == (307, "Accept")
            assert moved.headers["location"] == f"/console{path}?query=%7Ba%7D"
            page = await client.get(moved.headers["location"], headers=accept)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert (await client.post(path, json={"query": "{ __typename }"}, headers=accept)).json()["data"]
    async with start_app() as (_, client):
        assert (await client.get("/graphql", headers=accept)).headers["content-type"].startswith("application/json")
        page = await client.get("/console/graphql", headers=accept)
        assert "data-endpoint" not in page.text
        assert page.headers["content-security-policy"].endswith("require-trusted-types-for 'script'")


async def test_a_browser_is_told_in_production_how_to_see_graphiql(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        del client.headers["authorization"]
        for path in ("/graphql", "/metadata", "/graphql?query={__typename}"):
            hint = await client.get(path, headers={"accept": "text/html,*/*;q=0.8"})
            assert (hint.status_code, hint.headers["content-type"]) == (401, "text/plain; charset=utf-8")
            assert hint.headers["www-authenticate"].startswith("Bearer")
            assert "FIELDSTONE_ENV=development" in hint.text
            plain = await client.get(path)
            assert (plain.status_code, plain.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert "FIELDSTONE_ENV=development" in (await client.get("/")).text


async def test_cors_lets_named_origins_call_and_read_the_limits(start_app: StartApp) -> None:
    async with start_app(cors_origins="https://app.example", rate_limit=9) as (_, client):
        preflight = await client.options(
            "/graphql",
            headers={
                "origin": "https://app.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        for body in ({"query": "{ __typename }"}, {"query": 5}):
            answer = await client.post("/graphql", json=body, headers={"origin": "https://app.example"})
            assert answer.headers["access-control-allow-origin"] == "https://app.example"
            assert "X-RateLimit-Remaining" in answer.headers["access-control-expose-headers"]
        foreign = await client.post("/graphql", json={"query": "{ a }"}, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers


async def test_cors_is_closed_in_production_and_open_in_development(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        answer = await client.get("/healthz", headers={"origin": "https://app.example"})
        assert "access-control-allow-origin" not in answer.headers
    async with start_app(environment="development") as (_, client):
        answer = await client.get("/healthz", headers={"origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
