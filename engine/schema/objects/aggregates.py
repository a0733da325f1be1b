"""An object's aggregates: the count, and a type for each group that has something to compute."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.composites import COMPOSITES, composite_name
from fieldstone.engine.schema.values.descriptions import describe_field
from fieldstone.engine.schema.values.groups import GROUPS, AggregateGroup, group_scalar
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object


def build_aggregate(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of the values computed from many records."""

    def fields() -> dict[str, GraphQLField]:
        count = GraphQLField(GraphQLNonNull(GraphQLInt), description="How many records match.")
        groups = {
            group.name: GraphQLField(
                scope.output_of(object_, group.role),
                description=f"{group.result} of each field, null where none is set.",
            )
            for group in GROUPS
            if has_group(object_, group)
        }
        return {"count": count} | groups

    return GraphQLObjectType(
        type_name(object_, TypeRole.AGGREGATE), fields, description=f"The aggregates of {object_.label_plural}."
    )


def build_group(object_: Object, group: AggregateGroup) -> GraphQLObjectType:
    """Return the type of one group of an object's aggregates."""
    return GraphQLObjectType(
        type_name(object_, group.role),
        lambda: {
            field.name: GraphQLField(of_type, description=f"{group.result}. {describe_field(field)}")
            for field, of_type in _computed(object_, group)
        },
        description=f"{group.result} of each field of {object_.label_plural}.",
    )


def has_group(object_: Object, group: AggregateGroup) -> bool:
    """Whether any field of the object can be computed in this way."""
    return any(_computed(object_, group))


def _computed(object_: Object, group: AggregateGroup) -> Iterator[tuple[Field, GraphQLOutputType]]:
    for field in object_.by_name.values():
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
