"""The schema of each view of each workspace's current snapshot, made at first use and thrown away with the snapshot."""

from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from graphql import GraphQLSchema

from fieldstone.engine.schema.lazy import built_types
from fieldstone.metadata.model import Snapshot

MOST_SCHEMAS = 500
MOST_TYPES = 100_000
"""Types of all kept schemas together, each of some kilobytes; the shared ones count in each schema."""


class SchemaCache:
    """Schemas by workspace and role; GraphQL types belong to one snapshot and are never carried into the next."""

    def __init__(self, build: Callable[[Snapshot], GraphQLSchema]) -> None:
        self._build = build
        self._schemas: OrderedDict[tuple[UUID, UUID | None], tuple[Snapshot, GraphQLSchema]] = OrderedDict()
        self._latest: tuple[Snapshot, GraphQLSchema] | None = None

    def forget(self, workspace_id: UUID) -> None:
        """Drop the schemas of a workspace."""
        for key in [key for key in self._schemas if key[0] == workspace_id]:
            del self._schemas[key]
        self._latest = None

    def get(self, view: Snapshot) -> GraphQLSchema:
        """Return the schema of a snapshot, or of a role's view of it."""
        latest = self._latest
        if latest is not None and latest[0] is view:
            return latest[1]
        key = (view.workspace.id, None if view.role is None else view.role.id)
        found = self._schemas.get(key)
        if found is not None and found[0] is view:
            self._schemas.move_to_end(key)
            self._latest = found
            return found[1]
        schema = self._build(view)
        if found is None or found[0].version <= view.version:
            self._schemas[key] = (view, schema)
            self._schemas.move_to_end(key)
            self._evict()
        return schema

    def _evict(self) -> None:
        """Drop the least recently used schemas beyond the limits; a schema grows by the types that are asked of it."""
        types = sum(built_types(schema) for _, schema in self._schemas.values())
        while len(self._schemas) > 1 and (len(self._schemas) > MOST_SCHEMAS or types > MOST_TYPES):
            _, (_, dropped) = self._schemas.popitem(last=False)
            types -= built_types(dropped)
