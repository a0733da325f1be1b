"""A client of the whole path whose principal has a role."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL, Apis


class Client:
    """A client whose principal has a role."""

    def __init__(self, apis: Apis, role: Any, claims: Mapping[str, Any] | None = None) -> None:
        self.apis = apis
        self.principal: Principal = replace(PRINCIPAL, subject_id=uuid4(), role=role, claims=claims or {})

    async def send(self, text: str, api: Any = None, **variables: Any) -> tuple[int, Any]:
        """The status and the whole answer."""
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        answer = await (api or self.apis.core).execute(self.principal, request, allow_mutation=True)
        return answer.status, loads(answer.body)

    async def data(self, text: str, **variables: Any) -> Any:
        _, answer = await self.send(text, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def refused(self, text: str, **variables: Any) -> tuple[int, str, str]:
        """The status, code and message of the first error."""
        status, answer = await self.send(text, **variables)
        error = answer["errors"][0]
        return status, error["extensions"]["code"], error["message"]

    def is_warm(self, text: str) -> bool:
        """Whether the fast path answers it."""
        request = GraphQLRequest(query=text, operation_name=None, variables={})
        return self.apis.core.ready.find(self.principal, request, request.variables) is not None
