"""The schema of each workspace's current snapshot, made at first use and thrown away with the snapshot."""

from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from graphql import GraphQLSchema

from fieldstone.metadata.model import Snapshot

MOST_SCHEMAS = 100


class SchemaCache:
    """Schemas by workspace; GraphQL types belong to one snapshot and are never carried into the next."""

    def __init__(self, build: Callable[[Snapshot], GraphQLSchema]) -> None:
        self._build = build
        self._schemas: OrderedDict[UUID, tuple[Snapshot, GraphQLSchema]] = OrderedDict()
        self._latest: tuple[Snapshot, GraphQLSchema] | None = None

    def forget(self, workspace_id: UUID) -> None:
        """Drop the schema of a workspace."""
        self._schemas.pop(workspace_id, None)
        self._latest = None

    def get(self, snapshot: Snapshot) -> GraphQLSchema:
        """Return the schema of this snapshot."""
        latest = self._latest
        if latest is not None and latest[0] is snapshot:
            return latest[1]
        key = snapshot.workspace.id
        found = self._schemas.get(key)
        if found is not None and found[0] is snapshot:
            self._schemas.move_to_end(key)
            self._latest = found
            return found[1]
        schema = self._build(snapshot)
        if found is None or found[0].version <= snapshot.version:
            self._schemas[key] = (snapshot, schema)
            if len(self._schemas) > MOST_SCHEMAS:
                self._schemas.popitem(last=False)
        return schema
