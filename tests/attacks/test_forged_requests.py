"""Requests that another site's page has the browser of a signed-in person send."""

from typing import Any

import httpx
import pytest

from tests.attacks.owasp import codes
from tests.engine.server.conftest import StartApp

QUERY = {"query": "{ companies { totalCount } }"}
FORGED = 'mutation { createCompany(data: { name: "forged" }) { id } }'
FOREIGN = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://fieldstone.test.evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
)


async def sign_in(client: httpx.AsyncClient) -> str:
    """Sign in by the client's key, leave the client with the cookie alone, and return that."""
    key = client.headers.pop("Authorization").removeprefix("Bearer ")
    answer = await client.post("/auth/sign-in", json={"key": key}, headers={"Origin": "http://fieldstone.test"})
    assert answer.status_code == 200, answer.text
    assert list(client.cookies) != []
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite" in answer.headers["set-cookie"].lower()
    return str(answer.headers["set-cookie"].split(";")[0])


async def test_a_page_of_this_origin_is_served_by_the_cookie(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        await sign_in(client)
        own = {"Origin": "http://fieldstone.test"}
        assert (await client.post("/graphql", json=QUERY, headers=own)).json()["data"] == {
            "companies": {"totalCount": 0}
        }
        asked = await client.get("/graphql", params=QUERY, headers={"Sec-Fetch-Site": "same-origin"})
        assert asked.json()["data"] == {"companies": {"totalCount": 0}}


async def test_a_page_of_another_site_is_answered_as_nobody(start_app: StartApp) -> None:
    async with start_app(cors_origins="https://app.example.com") as (_, client):
        await sign_in(client)
        for headers in FOREIGN:
            for path in ("/graphql", "/metadata"):
                answer = await client.post(path, json=QUERY, headers=headers)
                assert answer.status_code == 401, headers
                assert codes(answer.json()) == {"UNAUTHENTICATED"}
                assert "access-control-allow-origin" not in answer.headers
            for path in ("/graphql", "/graphql/stream"):
                assert (await client.get(path, params=QUERY, headers=headers)).status_code == 401, headers
        # Listed origins may call, and send no cookie unless the settings say so.
        listed = {"Origin": "https://app.example.com"}
        assert (await client.post("/graphql", json=QUERY, headers=listed)).status_code == 401


async def test_a_simple_request_with_a_cookie_runs_no_operation(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        await sign_in(client)
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "application/json"}
        for headers in ({}, link, {"Sec-Fetch-Site": "none"}):
            refused = await client.get("/graphql", params=QUERY, headers=headers)
            assert (refused.status_code, codes(refused.json())) == (403, {"FORBIDDEN"}), headers
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            body = '{"query": "' + FORGED.replace('"', '\\"') + '"}'
            assert (await client.post("/graphql", content=body, headers={"Content-Type": kind})).status_code == 415
            assert (await client.post("/auth/sign-in", content="{}", headers={"Content-Type": kind})).status_code == 415
        found = await client.post("/graphql", json=QUERY)
        assert found.json()["data"] == {"companies": {"totalCount": 0}}


async def test_a_listed_origin_sends_its_cookie_with_credentials(start_app: StartApp) -> None:
    async with start_app(cors_origins="https://app.example.com", cors_credentials=True) as (_, client):
        await sign_in(client)
        listed = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}
        answer = await client.post("/graphql", json=QUERY, headers=listed)
        assert answer.json()["data"] == {"companies": {"totalCount": 0}}
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert (await client.post("/graphql", json=QUERY, headers=FOREIGN[0])).status_code == 401


@pytest.mark.parametrize(("origin", "is_served"), [("http://fieldstone.test", True), ("https://evil.example", False)])
async def test_a_socket_of_another_site_has_no_cookie(start_app: StartApp, origin: str, is_served: bool) -> None:
    async with start_app() as (app, client):
        cookie = await sign_in(client)
        sent: list[Any] = []
        messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": '{"type":"connection_init"}'}]

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "websocket.disconnect", "code": 1000}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [("host", "fieldstone.test"), ("origin", origin), ("cookie", cookie)]
        await app(
            {
                "type": "websocket",
                "path": "/graphql",
                "headers": [(key.encode(), text.encode()) for key, text in headers],
                "subprotocols": ["graphql-transport-ws"],
                "client": ("127.0.0.1", 1),
            },
            receive,
            send,
        )
        assert ("connection_ack" in str(sent)) is is_served, sent
