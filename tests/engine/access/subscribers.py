"""Subscribers whose roles have restrictions."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL
from tests.engine.events.desk import Desk, Listener
from tests.engine.metadata_api.roles import CREATE, UPDATE


@dataclass(slots=True, eq=False)
class SealedListener(Listener):
    """A subscriber that must not be told a position."""

    def offer(self, _position: int, payload: str) -> bool:
        result = loads(payload)
        assert set(result) == {"data"}
        self.results.append(next(iter(result["data"].values())))
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A subscriber's principal."""

    desk: Desk
    principal: Principal
    role_id: str

    async def subscribe(self, text: str, **variables: Any) -> SealedListener:
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        listener = SealedListener()
        subscription = await self.desk.core.subscribe(self.principal, request)
        listener.member = await self.desk.events.hub.subscribe(subscription, listener)
        return listener

    async def refusal(self, text: str) -> Any:
        with pytest.raises(Refused) as caught:
            await self.subscribe(text)
        return caught.value.errors[0].formatted()

    async def change(self, grants: list[dict[str, Any]]) -> None:
        """Give the role other grants."""
        await self.desk.data(UPDATE, api=self.desk.metadata, id=self.role_id, input={"grants": grants})

    def of(self, city: str) -> "Rep":
        """Another principal of the role."""
        return replace(self, principal=replace(self.principal, subject_id=uuid4(), claims={"city": city}))


async def rep(desk: Desk, *grants: dict[str, Any], name: str = "rep") -> Rep:
    """A principal in Berlin whose role has these grants."""
    given = {"name": name, "label": "Rep", "claims": [{"name": "city", "type": "TEXT"}], "grants": list(grants)}
    made = await desk.data(CREATE, api=desk.metadata, input=given)
    principal = replace(PRINCIPAL, subject_id=uuid4(), role=name, claims={"city": "Berlin"})
    return Rep(desk=desk, principal=principal, role_id=made["createRole"]["id"])
