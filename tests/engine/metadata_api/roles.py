"""Roles as the tests ask the Metadata API for them."""

from typing import Any

from tests.apis import Apis

CREATE = "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id name } }"
UPDATE = "mutation ($id: UUID!, $input: UpdateRoleInput!) { updateRole(id: $id, input: $input) { id name } }"
DELETE = "mutation ($id: UUID!) { deleteRole(id: $id) { id name label } }"
ROLE = """query ($name: String!) { role(name: $name) {
    id name label description parents claims limits settings grants isSystem } }"""

OWN = {"ownerId": {"eq": "$principal.userId"}}
REP: dict[str, Any] = {
    "name": "rep",
    "label": "Sales rep",
    "parents": ["viewer"],
    "claims": [{"name": "userId", "type": "UUID"}],
    "limits": {"maxPage": 100, "maxCost": 100_000, "rateLimit": 600},
    "settings": ["API_KEYS"],
    "grants": [
        {"object": "*", "read": {"fields": {"allBut": []}}},
        {
            "object": "opportunity",
            "aggregates": True,
            "read": {"rule": OWN, "fields": {"allBut": ["closeDate"]}},
            "create": {"fields": {"only": ["name", "amount"]}, "preset": {"ownerId": "$principal.userId"}},
            "update": {"rule": OWN, "check": {"amount": {"lte": 1_000_000}}, "fields": {"only": ["amount", "stage"]}},
            "delete": None,
            "restore": None,
            "destroy": None,
        },
    ],
}


async def add_owner(apis: Apis) -> None:
    """Give opportunities an `owner`, which is a person."""
    await apis.change(
        """mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }""",
        changes=[
            {
                "createField": {
                    "objectMetadataId": "opportunity",
                    "name": "owner",
                    "label": "Owner",
                    "type": "RELATION",
                    "relationCreationPayload": {"targetObjectMetadataId": "person", "targetFieldLabel": "Owned"},
                }
            }
        ],
    )


async def create_role(apis: Apis, **values: Any) -> str:
    """Create a role and return its id."""
    return str((await apis.change(CREATE, input=values))["createRole"]["id"])


async def show(apis: Apis, name: str) -> Any:
    return (await apis.change(ROLE, name=name))["role"]
