"""Keys of roles that may do a part of everything."""

from dataclasses import replace

from tests.engine.server.console.browsing import Served

_ROLE = "mutation ($input: CreateRoleInput!) { createRole(input: $input) { name } }"
_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"


async def as_role(served: Served, *grants: object, name: str = "partial", **more: object) -> Served:
    """Return the server with a key of a new role that has these grants, and more members."""
    await served.ask("/metadata", _ROLE, input={"name": name, "label": name.capitalize(), "grants": grants, **more})
    made = await served.ask("/metadata", _KEY, input={"name": name, "role": name})
    return replace(served, key=made["createApiKey"]["token"])
