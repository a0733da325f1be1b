"""Fixtures of the webhooks' tests: an app that may send to this machine, and targets on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from fieldstone.engine import create_app
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL
from tests.engine.webhooks.target import TargetServer, target_server

Start = Callable[..., AbstractAsyncContextManager["Sending"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An app that sends events, and its client."""

    services: Services
    principal: Principal = PRINCIPAL

    async def beside(self, name: str = "other") -> "Sending":
        """A client of another workspace of the same app."""
        other = await self.services.foundation.workspaces.create(name, actor="test")
        return replace(self, principal=replace(PRINCIPAL, workspace_id=other.workspace.id))

    async def ask(self, text: str, *, metadata: bool = True, **variables: Any) -> Any:
        """The whole answer to an operation, of the Metadata API unless told otherwise."""
        api = self.services.metadata if metadata else self.services.core
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        return loads((await api.execute(self.principal, request, allow_mutation=True)).body)

    async def data(self, text: str, *, metadata: bool = True, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        answer = await self.ask(text, metadata=metadata, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, text: str, **variables: Any) -> Any:
        """The only error of an operation of the Metadata API that must fail."""
        answer = await self.ask(text, **variables)
        assert answer.get("data") is None
        (error,) = answer["errors"]
        return error

    async def webhook(self, url: str, *operations: str, **values: Any) -> Any:
        """A new webhook, with its secret."""
        created = await self.data(
            "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input)"
            " { id secret targetUrl operations description isActive } }",
            input={"targetUrl": url, "operations": list(operations or ("*.*",)), **values},
        )
        return created["createWebhook"]

    async def person(self, email: str, **values: Any) -> str:
        """The id of a new person."""
        created = await self.data(
            "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }",
            metadata=False,
            data={"email": email, **values},
        )
        return str(created["createPerson"]["id"])

    async def people(self, *emails: str) -> list[str]:
        """The ids of new people."""
        created = await self.data(
            "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }",
            metadata=False,
            data=[{"email": email} for email in emails],
        )
        return [one["id"] for one in created["createPeople"]]

    async def update(self, id_: str, **values: Any) -> None:
        """Change a person."""
        await self.data(
            "mutation ($id: UUID!, $data: PersonInput!) { updatePerson(id: $id, data: $data) { id } }",
            metadata=False,
            id=id_,
            data=values,
        )

    async def deliveries(self, filter: Any = None) -> list[Any]:  # noqa: A002 - as the API has it
        """The deliveries, in the order of the log."""
        found = await self.data(
            "query ($filter: WebhookDeliveryFilterInput)"
            " { webhookDeliveries(filter: $filter, orderBy: { position: ASC })"
            " { edges { node { id event recordId position status attempts nextAttemptAt finishedAt responseStatus"
            " responseBody error durationMs webhookId } } } }",
            filter=filter,
        )
        return [edge["node"] for edge in found["webhookDeliveries"]["edges"]]

    async def shown(self, webhook_id: str) -> Any:
        """A webhook as the API shows it."""
        found = await self.data(
            "query ($id: UUID!) { webhook(id: $id)"
            " { targetUrl operations description isActive failingSince disabledAt disabledReason } }",
            id=webhook_id,
        )
        return found["webhook"]


@pytest.fixture
def start_sending(workspace_dsn: str) -> Start:
    """A function that starts an app with some settings; it tries again soon."""

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator[Sending]:
        app = create_app(
            **{
                "database_url": workspace_dsn,
                "rate_limit": 0,
                # No operation is refused because the machine is busy.
                "max_queue_ms": 0,
                # The tasks of an app's start all ask at once, and have its pool make all its connections: each takes
                # PostgreSQL and the test 6 ms of the processor.
                "pool_size": 4,
                "webhook_allow": "127.0.0.0/8",
                "webhook_retry_delay": 0.02,
                **settings,
            }
        )
        async with app.lifespan_context():
            yield Sending(services=await app.runtime.ready())

    return start


@pytest.fixture
async def sending(start_sending: Start) -> AsyncIterator[Sending]:
    """An app that may send to this machine."""
    async with start_sending() as started:
        yield started


@pytest.fixture
async def target() -> AsyncIterator[TargetServer]:
    """A server that takes whatever it is sent."""
    async with target_server() as serving:
        yield serving
