"""A slow operation as it is noted: its document and the types of its variables, and no value of theirs."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from graphql import print_ast

from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import MutationPlan, QueryPlan, ValidOperation
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import find_role
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Statement

_MOST_VARIABLES = 50


@frozen
class SlowOperation:
    """A slow operation as a row of the database counts it: those of one row are equal.

    Attributes:
        api: the API that was asked, as `slowOperations` spells it.
        hash: the SHA-256 of the document.
        variables: the types of the variables as JSON text.
        statement: the SQL of a read or of the only write; None for others.
    """

    workspace_id: UUID
    api: str
    type: str
    name: str | None
    roots: str
    hash: str
    role: str | None
    variables: str
    statement: Statement | None

    @property
    def digest(self) -> str:
        """The key of its row."""
        parts = (self.api, self.name or "", self.hash, self.role or "", self.variables)
        return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def describe_slow(
    principal: Principal,
    view: Snapshot,
    request: GraphQLRequest,
    operation: ValidOperation[Any],
    statement: Statement | None,
    *,
    is_metadata: bool,
) -> SlowOperation:
    """Return an operation as it is noted; `view` is the model as its principal sees it."""
    role = None if is_metadata else find_role(view.roles, principal.role)
    types = {one.name: print_ast(one.type) for one in operation.declarations[:_MOST_VARIABLES]}
    return SlowOperation(
        workspace_id=principal.workspace_id,
        api="REST" if request.is_rest else "METADATA" if is_metadata else "GRAPHQL",
        type=operation.outline.type,
        name=operation.outline.name,
        roots=operation.outline.roots,
        hash=sha256(request.query.encode("utf-8", "replace")).hexdigest(),
        role=None if role is None else role.name,
        variables=dumps(describe_variables(types, request.variables)),
        statement=statement,
    )


def describe_variables(types: Mapping[str, str], given: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return the declared type of each variable, and the type of its value: the members of an object are data, too."""
    return {
        name: {"type": type_, "given": _kind(given[name]) if name in given else "absent"}
        for name, type_ in types.items()
    }


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "list" if value else "empty list"
        case dict():
            return "object" if value else "empty object"
        case _:
            return "number"


def statement_of(plan: QueryPlan | MutationPlan | None) -> Statement | None:
    """Return the statement of a plan that has one."""
    match plan:
        case QueryPlan(statement=bound) if bound is not None:
            return bound.statement
        case MutationPlan(writes=(PlannedWrite() as only,)):
            return only.write.statement
        case _:
            return None
