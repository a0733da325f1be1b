"""Browsers that have signed in by a key, and a database that is too busy to let others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from fieldstone.engine.server.app import Fieldstone
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


@asynccontextmanager
async def no_session_free(app: Fieldstone) -> AsyncIterator[None]:
    """Hold the only connection that changes something, for which nobody waits long."""
    database = (await app.runtime.ready()).foundation.database
    sessions = database._sessions
    sessions._settings = replace(sessions._settings, acquire_timeout=0.05)
    async with database.session():
        yield
