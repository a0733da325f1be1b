"""Exports in small pages, and keys for them."""

from typing import Any

import httpx

from fieldstone.engine.rest.api import ObjectSight, RestApi
from fieldstone.metadata.roles.principal import Principal
from tests.engine.metadata_api.roles import CREATE


class SmallPages(RestApi):
    """REST with pages of three records at most."""

    async def see_object(self, principal: Principal, plural: str) -> ObjectSight:
        return (await super().see_object(principal, plural))._replace(largest_page=3)


async def key_of_role(client: httpx.AsyncClient, **role: Any) -> dict[str, str]:
    """The headers with a key of a new role."""
    given = {"name": "clerk", "label": "Clerk", **role}
    answer = await client.post("/metadata", json={"query": CREATE, "variables": {"input": given}})
    assert "errors" not in answer.json()
    key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
    sent = {"query": key, "variables": {"input": {"name": "k", "role": "clerk"}}}
    token = (await client.post("/metadata", json=sent)).json()["data"]["createApiKey"]["token"]
    return {"authorization": f"Bearer {token}"}


async def add_field(client: httpx.AsyncClient, object_: str, name: str, type_: str, **more: Any) -> None:
    objects = await client.post("/metadata", json={"query": "{ objects { edges { node { id nameSingular } } } }"})
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects.json()["data"]["objects"]["edges"]}
    query = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": ids[object_], "name": name, "label": name.title(), "type": type_, **more}
    made = await client.post("/metadata", json={"query": query, "variables": {"input": given}})
    assert "errors" not in made.json()
