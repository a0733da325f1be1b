"""The ordinary GraphQLSchema, fully built from the same definitions: the lazy one is compared with it."""

from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType, GraphQLSchema

from fieldstone.engine.schema.definitions import absent_roots, build_type, describe_schema, has_root, type_names
from fieldstone.engine.schema.roots.records import MUTATION, QUERY
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION
from fieldstone.engine.schema.scope import Members, MutationSet, TypeScope
from fieldstone.metadata.model import Snapshot


def eager_schema(snapshot: Snapshot, mutations: MutationSet | None = None, *, relay: bool = False) -> GraphQLSchema:
    """Return the schema of a snapshot with every type built; the arguments are those of `lazy_schema`."""
    types: dict[str, GraphQLNamedType] = {}

    def named(name: str) -> GraphQLNamedType:
        if name not in types:
            built = build_type(scope, name)
            if built is None:
                raise KeyError(name)
            types[name] = built
        return types[name]

    scope = TypeScope(
        snapshot=snapshot,
        mutations=mutations,
        named=named,
        build_object=_build_object,
        relay=relay,
        absent=absent_roots(snapshot),
    )
    everything = [named(name) for name in type_names(scope)]
    return GraphQLSchema(
        query=scope.object_type(QUERY),
        mutation=scope.object_type(MUTATION) if has_root(scope, MUTATION) else None,
        subscription=scope.object_type(SUBSCRIPTION) if has_root(scope, SUBSCRIPTION) else None,
        types=everything,
        description=describe_schema(scope),
        assume_valid=True,
    )


def _build_object(name: str, description: str, members: Members) -> GraphQLObjectType:
    def fields() -> dict[str, GraphQLField]:
        return {field: found for field in members.names() if (found := members.find(field)) is not None}

    return GraphQLObjectType(name, fields, description=description)
