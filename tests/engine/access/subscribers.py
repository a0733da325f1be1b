"""Subscribers whose roles have restrictions."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL
from tests.engine.events.desk import Desk, Listener
from tests.engine.metadata_api.roles import CREATE, UPDATE

SEALED = 44
"""Characters of a sealed position."""


@dataclass(slots=True, eq=False)
class SealedListener(Listener):
    """A subscriber that must be told sealed positions alone."""

    sealed: list[str] = field(default_factory=list)

    def offer(self, position: str, payload: str) -> bool:
        result = loads(payload)
        assert result["extensions"] == {"position": position}
        assert len(position) == SEALED
        self.sealed.append(position)
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

    async def refusal(self, text: str, **variables: Any) -> Any:
        with pytest.raises((Refused, ApiError)) as caught:  # the plan refuses, or the hub
            await self.subscribe(text, **variables)
        refused = caught.value
        error = refused.errors[0] if isinstance(refused, Refused) else refused
        assert isinstance(error, ApiError)
        return error.formatted()

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
