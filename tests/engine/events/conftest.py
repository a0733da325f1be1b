"""Fixtures of the events' tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine import create_app
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.streams.websocket.socket import SocketLimits
from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.events.desk import Desk, open_desk


@pytest.fixture
async def desk(workspace_dsn: str) -> AsyncIterator[Desk]:
    """One process over a workspace without records."""
    async with open_desk(workspace_dsn) as opened:
        yield opened


StartApp = Callable[..., AbstractAsyncContextManager["Running"]]


@dataclass(slots=True, kw_only=True)
class Running:
    """An app that serves a workspace, and a key for it."""

    app: Fieldstone
    key: str
    key_id: UUID
    services: Services

    async def create(self, *emails: str) -> None:
        """Create people."""
        request = GraphQLRequest(
            query="mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }",
            operation_name=None,
            variables={"data": [{"email": email} for email in emails]},
        )
        answer = await self.services.core.execute(PRINCIPAL, request, allow_mutation=True)
        assert b'"errors"' not in answer.body, answer.body


@pytest.fixture
def start_app(workspace_dsn: str) -> StartApp:
    """A function that starts an app with some settings."""

    @asynccontextmanager
    async def start(limits: SocketLimits | None = None, **settings: Any) -> AsyncIterator[Running]:
        # No operation is refused because the machine is busy.
        given = {"database_url": workspace_dsn, "rate_limit": 0, "log_level": "error", "max_queue_ms": 0, **settings}
        app = create_app(**given)
        for socket in app._sockets.values():
            socket._limits = limits or SocketLimits()
        async with app.lifespan_context():
            services = await app.runtime.ready()
            made = await services.keys.create(WORKSPACE_ID, "test")
            yield Running(app=app, key=made.token, key_id=made.key.id, services=services)

    return start


@pytest.fixture
async def running(start_app: StartApp) -> AsyncIterator[Running]:
    """An app without a rate limit."""
    async with start_app() as started:
        yield started
