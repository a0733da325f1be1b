"""An object's aggregates: the count, and a type for each group that has something to compute."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType

from engine.schema.composites import COMPOSITES, composite_name
from engine.schema.descriptions import describe_field
from engine.schema.groups import GROUPS, Group, group_scalar
from engine.schema.scalars import scalar_type
from engine.schema.scope import TypeScope
from metadata.api_names import TypeRole, type_name
from metadata.field_types import FIELD_TYPES
from metadata.model import Field, Object


def build_aggregate(scope: TypeScope, thing: Object) -> GraphQLObjectType:
    """Return the type of the values computed from many records."""

    def fields() -> dict[str, GraphQLField]:
        count = GraphQLField(GraphQLNonNull(GraphQLInt), description="How many records match.")
        groups = {
            group.name: GraphQLField(
                scope.output_of(thing, group.role), description=f"{group.result} of each field, null where none is set."
            )
            for group in GROUPS
            if has_group(thing, group)
        }
        return {"count": count} | groups

    return GraphQLObjectType(
        type_name(thing, TypeRole.AGGREGATE), fields, description=f"What is computed from {thing.label_plural}."
    )


def build_group(thing: Object, group: Group) -> GraphQLObjectType:
    """Return the type of one group of an object's aggregates."""
    return GraphQLObjectType(
        type_name(thing, group.role),
        lambda: {
            field.name: GraphQLField(of_type, description=f"{group.result}. {describe_field(field)}")
            for field, of_type in _computed(thing, group)
        },
        description=f"{group.result} of each field of {thing.label_plural}.",
    )


def has_group(thing: Object, group: Group) -> bool:
    """Whether any field of the object can be computed in this way."""
    return any(_computed(thing, group))


def _computed(thing: Object, group: Group) -> Iterator[tuple[Field, GraphQLOutputType]]:
    for field in thing.by_name.values():
        entry = FIELD_TYPES[field.type]
        if entry.composite:
            composite = COMPOSITES.get(composite_name(entry, group.role))
            if isinstance(composite, GraphQLObjectType):
                yield field, composite
        # The smallest of some options would be the first in the alphabet, not in their order.
        elif field.relation_id is None and not entry.has_options:
            scalar = group_scalar(group, field.parts[0].scalar)
            if scalar:
                yield field, scalar_type(scalar)
