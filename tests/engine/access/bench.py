"""The engine under roles that are in no catalog: they are drawn, and put into the model of each request."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL, Served
from tests.eager_schema import eager_schema
from tests.reference import load_rows
from tests.role_strategies import DrawnRole


@dataclass
class OneSnapshot:
    """A source of snapshots that has this one."""

    snapshot: Snapshot

    def find_current(self, _workspace_id: UUID) -> Snapshot:
        return self.snapshot

    async def get(self, _workspace_id: UUID) -> Snapshot:
        return self.snapshot

    async def refresh(self, _workspace_id: UUID) -> Snapshot:
        return self.snapshot


class Bench:
    """The engine, and the records for the oracle."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        self.dsn = dsn
        self.core = served.apis.core
        self.snapshot = served.snapshot()
        self.schema = eager_schema(self.snapshot)
        self.rows = load_rows(dsn, self.snapshot)
        self.ids = sorted(id_ for rows in self.rows.values() for id_ in rows)


def ask_role(bench: Bench, drawn: DrawnRole, snapshot: Snapshot, text: str, variables: Any) -> Answer:
    """The answer of the engine to a query of a role that the snapshot has."""
    return ask(bench, snapshot, replace(PRINCIPAL, role=drawn.role.id, claims=drawn.claims), text, variables)


def ask(bench: Bench, snapshot: Snapshot, principal: Principal, text: str, variables: Any) -> Answer:
    """The answer of the engine to a query of a principal on a model."""
    bench.core.source = OneSnapshot(snapshot)
    request = GraphQLRequest(query=text, operation_name=None, variables=variables)
    return bench.served.run(bench.core.execute(principal, request, allow_mutation=False))
