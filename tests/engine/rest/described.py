"""OpenAPI documents of this process, and their operations."""

from collections.abc import Iterator
from typing import Any

import httpx

from tests.engine.metadata_api.roles import CREATE
from tests.engine.rest.asking import ask


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method.upper(), operation


async def document_for(client: httpx.AsyncClient, *grants: Any) -> tuple[Any, dict[str, Any]]:
    """The document for a role with these rights, and the options of a request with its key."""
    role = {"name": "clerk", "label": "Clerk", "grants": [*grants]}
    made = await client.post("/metadata", json={"query": CREATE, "variables": {"input": role}})
    assert "errors" not in made.json(), made.text
    key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
    sent = {"query": key, "variables": {"input": {"name": "k", "role": "clerk"}}}
    token = (await client.post("/metadata", json=sent)).json()["data"]["createApiKey"]["token"]
    options: dict[str, Any] = {"headers": {"authorization": f"Bearer {token}"}}
    return await ask(client, "GET", "open-api/core", **options), options
