"""Browsers that have signed in by a key."""

from typing import Any

import httpx

from tests.engine.server.conftest import client_of

READ = {"query": "{ __typename }"}


def key_of(client: httpx.AsyncClient) -> str:
    """Return the key that a client sends."""
    return client.headers["authorization"].removeprefix("Bearer ")


async def signed_in(app: Any, key: str) -> httpx.AsyncClient:
    """Return a browser that has signed in by a key."""
    browser = client_of(app)
    answer = await browser.post("/auth/sign-in", json={"key": key})
    assert answer.status_code == 200, answer.text
    return browser
