"""The metrics and the details of the state, for requests that may see them."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.metadata_api.roles import CREATE
from tests.engine.server.conftest import StartApp, client_of

MAKE_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
TOKEN = "-".join(("prometheus", "7f3a"))
UNSERVED = {"query": "{ people(orderBy: { city: ASC }) { edges { node { id } } } }"}
NAMES = ('workspace="default"', "fieldstone_model_version", "fieldstone_unserved_orders", "person", "city")
DETAILS = {"version", "database", "connections", "broadcast"}


async def _seen(client: httpx.AsyncClient, authorization: str | None) -> tuple[httpx.Response, dict[str, Any]]:
    headers = {} if authorization is None else {"Authorization": authorization}
    client.headers.pop("Authorization", None)
    return await client.get("/metrics", headers=headers), (await client.get("/readyz", headers=headers)).json()


async def test_without_a_setting_the_metrics_are_closed_and_say_how_to_open_them(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        for authorization in (None, "Bearer x", "Bearer "):
            metrics, state = await _seen(client, authorization)
            assert (metrics.status_code, state) == (401, {"status": "ready"})
            for name in ("FIELDSTONE_METRICS_TOKEN", "FIELDSTONE_METRICS_PORT", "METRICS"):
                assert name in metrics.json()["errors"][0]["message"]


async def test_a_development_server_shows_everything(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        assert "errors" not in (await client.post("/graphql", json=UNSERVED)).json()
        metrics, state = await _seen(client, None)
        assert [name for name in NAMES if name not in metrics.text] == []
        assert state["status"] == "ready"
        assert set(state["details"]) == DETAILS


@pytest.mark.parametrize("environment", ["production", "development"])
async def test_a_token_opens_everything_and_closes_the_metrics_without_it(
    start_app: StartApp, environment: str
) -> None:
    async with start_app(metrics_token=TOKEN, environment=environment) as (_, client):
        for authorization in (None, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer", TOKEN):
            metrics, state = await _seen(client, authorization)
            assert metrics.status_code == 401
            assert metrics.headers["www-authenticate"].startswith("Bearer")
            assert metrics.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert TOKEN not in metrics.text
            assert state == {"status": "ready"}
        for authorization in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
            metrics, state = await _seen(client, authorization)
            assert 'fieldstone_model_version{workspace="default"} 1.0' in metrics.text
            assert set(state["details"]) == DETAILS
        # The token opens nothing else.
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert (await client.post("/graphql", json=UNSERVED)).status_code == 401


async def test_a_second_port_shows_everything_and_the_first_no_metrics(start_app: StartApp) -> None:
    async with start_app(metrics_port=0) as (app, client), client_of(app.state_pages) as inner:
        metrics, state = await _seen(client, None)
        assert (metrics.status_code, state) == (404, {"status": "ready"})
        # Where no `fieldstone serve` opens that port, an application has them at the pages.
        assert "FIELDSTONE_METRICS_PORT, or where an application that embeds Fieldstone mounts" in metrics.text
        metrics, state = await _seen(inner, None)
        assert 'fieldstone_model_version{workspace="default"} 1.0' in metrics.text
        assert set(state["details"]) == DETAILS
        assert metrics.headers["x-content-type-options"] == "nosniff"
        assert (await inner.get("/healthz")).json() == {"status": "ok"}
        mounted = client_of(Starlette(routes=[Mount("/state", app.state_pages)]))
        for pages, root in ((inner, ""), (mounted, "/state")):
            for path in ("/graphql", "/metadata", "/"):
                answer = await pages.post(f"{root}{path}", json=UNSERVED)
                assert answer.status_code == 404
                addresses = f"the pages are {root}/healthz, {root}/readyz and {root}/metrics."
                assert answer.json()["errors"][0]["message"].endswith(addresses)


async def test_with_a_token_and_a_port_both_show_everything(start_app: StartApp) -> None:
    async with start_app(metrics_port=0, metrics_token=TOKEN) as (app, client), client_of(app.state_pages) as inner:
        assert (await _seen(client, None))[0].status_code == 401
        for one, authorization in ((client, f"Bearer {TOKEN}"), (inner, None)):
            metrics, state = await _seen(one, authorization)
            assert "fieldstone_model_version{" in metrics.text
            assert set(state["details"]) == DETAILS


@pytest.mark.parametrize("settings", [{}, {"metrics_token": TOKEN}, {"metrics_port": 0}])
async def test_a_role_with_the_setting_sees_the_state_and_no_names(
    start_app: StartApp, settings: dict[str, Any]
) -> None:
    async with start_app(**settings) as (_, client):
        made = {}
        for name, granted in (("watcher", ["METRICS"]), ("keeper", ["API_KEYS", "AUDIT"])):
            role = {"name": name, "label": name, "grants": [], "settings": granted}
            for text, given in ((CREATE, role), (MAKE_KEY, {"name": name, "role": name})):
                answer = await client.post("/metadata", json={"query": text, "variables": {"input": given}})
            made[name] = f"Bearer {answer.json()['data']['createApiKey']['token']}"
        assert "errors" not in (await client.post("/graphql", json=UNSERVED)).json()
        metrics, state = await _seen(client, made["watcher"])
        assert (metrics.status_code, set(state["details"])) == (200, DETAILS)
        assert "fieldstone_model_bytes" in metrics.text
        assert [name for name in NAMES if name in metrics.text] == [], "the names are of all workspaces"
        expected = (await _seen(client, None))[0].status_code
        metrics, state = await _seen(client, made["keeper"])
        assert (metrics.status_code, state) == (expected, {"status": "ready"})
        assert (await _seen(client, "Bearer fs_" + "x" * 43))[1] == {"status": "ready"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"metrics_port": 3000}, "FIELDSTONE_METRICS_PORT must be another port than FIELDSTONE_PORT"),
        ({"metrics_port": 70_000}, "FIELDSTONE_METRICS_PORT must be a whole number from 0 to 65535"),
        ({"metrics_token": "a b"}, "FIELDSTONE_METRICS_TOKEN must be visible ASCII characters without spaces.$"),
        ({"metrics_token": "ü"}, "FIELDSTONE_METRICS_TOKEN must be visible ASCII characters without spaces.$"),
    ],
)
def test_a_port_or_a_token_that_cannot_be_meant_ends_the_start(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        load_settings(**settings)


def test_the_token_is_in_no_text_of_the_settings() -> None:
    assert TOKEN not in repr(load_settings(metrics_token=TOKEN))
