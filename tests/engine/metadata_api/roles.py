"""Roles as the tests ask the Metadata API for them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL, Apis

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
READ_ALL = {"object": "*", "read": {}}

KEY = 'mutation { createApiKey(input: { name: "k" }) { id role } }'
HOOK = """mutation { createWebhook(input: { targetUrl: "https://example.com/x" operations: ["*.*"] }) { id role } }"""


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


async def ask(apis: Apis, principal: Principal, text: str, variables: Mapping[str, Any] | None = None) -> Any:
    """Return the whole answer of the Metadata API to a principal."""
    request = GraphQLRequest(query=text, operation_name=None, variables=variables or {})
    return loads((await apis.metadata.execute(principal, request, allow_mutation=True)).body)


async def data(apis: Apis, principal: Principal, text: str, **variables: Any) -> Any:
    """Return the data of an answer that has no errors."""
    answer = await ask(apis, principal, text, variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def forbidden(apis: Apis, principal: Principal, text: str, **variables: Any) -> str:
    """Return the message with which an operation is refused as FORBIDDEN."""
    answer = await ask(apis, principal, text, variables)
    assert answer.get("data") is None, answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN", error
    return str(error["message"])


async def of_role(apis: Apis, name: str = "clerk", *settings: str, grants: Any = (READ_ALL,), **more: Any) -> Principal:
    """Create a role and return a principal that has it."""
    await create_role(apis, name=name, settings=list(settings), grants=list(grants), **more)
    return replace(PRINCIPAL, role=name)
