"""The types of composite fields, shared by all objects: a value, its inputs, its aggregates."""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
)

from fieldstone.engine.schema.values.aggregates import describe_results, result_type
from fieldstone.engine.schema.values.filters import scalar_filter
from fieldstone.engine.schema.values.groupings import grouping_type
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.aggregates import FILTERS, RESULTS_OF, ROLES, result_scalar
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.field_types import FIELD_TYPES, FieldTypeEntry


def composite_name(entry: FieldTypeEntry, role: TypeRole) -> str:
    """Return the name of a composite's GraphQL type."""
    return f"{entry.composite}{role.value}"


def _build(entry: FieldTypeEntry) -> Iterator[GraphQLNamedType]:
    subfields = [(sub.name or "", sub) for sub in entry.subfields]
    yield GraphQLObjectType(
        composite_name(entry, TypeRole.RECORD),
        {name: GraphQLField(scalar_type(sub.scalar), description=sub.description) for name, sub in subfields},
        description=entry.description,
    )
    yield GraphQLInputObjectType(
        composite_name(entry, TypeRole.INPUT),
        {name: GraphQLInputField(scalar_type(sub.scalar), description=sub.description) for name, sub in subfields},
        description=entry.description,
    )
    yield GraphQLInputObjectType(
        composite_name(entry, TypeRole.FILTER),
        {name: GraphQLInputField(scalar_filter(sub.scalar), description=sub.description) for name, sub in subfields},
        description=f"Conditions on the parts of a value; all of them must hold. The value: {entry.description}",
    )
    yield GraphQLInputObjectType(
        composite_name(entry, TypeRole.ORDER_BY),
        {
            name: GraphQLInputField(ORDER_BY_DIRECTION, description=sub.description)
            for name, sub in subfields
            if sub.scalar.is_comparable
        },
        description=f"An order by one part of a value. The value: {entry.description}",
    )
    for role in ROLES:
        results = {name: (sub, scalar) for name, sub in subfields if (scalar := result_scalar(role, sub.scalar))}
        if results:
            yield GraphQLObjectType(
                composite_name(entry, role),
                {
                    name: GraphQLField(result_type(role, scalar_type(scalar)), description=sub.description)
                    for name, (sub, scalar) in results.items()
                },
                description=f"{describe_results(role)} of each part. The value: {entry.description}",
            )
    yield GraphQLInputObjectType(
        composite_name(entry, TypeRole.GROUP_BY),
        {
            name: GraphQLInputField(grouping, description=sub.description)
            for name, sub in subfields
            if (grouping := grouping_type(sub.scalar))
        },
        description=f"A group by one part of a value. The value: {entry.description}",
    )
    for role, results_role in RESULTS_OF.items():
        members = {
            name: (sub, scalar) for name, sub in subfields if (scalar := result_scalar(results_role, sub.scalar))
        }
        if members:
            is_filter = role in FILTERS.values()
            yield GraphQLInputObjectType(
                composite_name(entry, role),
                {
                    name: GraphQLInputField(
                        scalar_filter(scalar) if is_filter else ORDER_BY_DIRECTION, description=sub.description
                    )
                    for name, (sub, scalar) in members.items()
                },
                description=f"{'Conditions on' if is_filter else 'An order by'} an aggregate of each part. The value:"
                f" {entry.description}",
            )


COMPOSITES: Mapping[str, GraphQLNamedType] = {
    built.name: built for entry in FIELD_TYPES.values() if entry.composite for built in _build(entry)
}
"""The types of all composites by their names."""
