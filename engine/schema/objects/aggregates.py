"""An object's aggregates: the count, and a type for each kind of result that any of its fields has."""

from collections.abc import Mapping, Sequence
from functools import cache

from graphql import GraphQLField, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType

from fieldstone.engine.schema.scope import Members, TypeScope
from fieldstone.engine.schema.values.aggregates import describe_results, result_type
from fieldstone.engine.schema.values.composites import composite_name
from fieldstone.engine.schema.values.descriptions import describe_field, describe_key
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.aggregates import (
    ALWAYS,
    BY_NAME,
    Aggregation,
    aggregated,
    find_shorthand,
    result_scalar,
)
from fieldstone.metadata.api_names import TypeRole, enum_name, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, Part

_COUNT = "count"


def aggregate_field(scope: TypeScope, object_: Object, name: str) -> GraphQLField | None:
    """Return a field of the type that holds an object's aggregates, None if none has this name."""
    if name == _COUNT:
        return GraphQLField(GraphQLNonNull(GraphQLInt), description="How many records match.")
    one = BY_NAME.get(name)
    if one is None or not has_results(object_, one.role):
        return None
    return GraphQLField(scope.output_of(object_, one.role), description=_describe(one))


def aggregate_fields(scope: TypeScope, object_: Object) -> dict[str, GraphQLField]:
    """Return the fields of the type that holds an object's aggregates."""
    names = (_COUNT, *BY_NAME)
    return {name: field for name in names if (field := aggregate_field(scope, object_, name)) is not None}


def build_aggregate(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of the values computed from many records."""
    return GraphQLObjectType(
        type_name(object_, TypeRole.AGGREGATE),
        lambda: aggregate_fields(scope, object_),
        description=f"The aggregates of {object_.label_plural}.",
    )


def build_results(scope: TypeScope, object_: Object, role: TypeRole) -> GraphQLObjectType:
    """Return the type that holds the results of an aggregate, one for each field that has it."""

    @cache
    def measured() -> Mapping[str, Field]:
        return {name: field for name, field, _ in aggregated(object_, role)}

    def find(name: str) -> GraphQLField | None:
        field = measured().get(name)
        if field is None:
            return None
        return GraphQLField(
            _member_type(scope, object_, field, role),
            description=describe_field(field) if field.relation_id is None else describe_key(field),
        )

    return scope.build_object(
        type_name(object_, role),
        f"{describe_results(role)} of each field of {object_.label_plural}.",
        Members(names=lambda: listed_results(object_, role), find=find),
    )


def listed_results(object_: Object, role: TypeRole) -> Sequence[str]:
    """Return the results that the schema lists: that of `id` only where there is no other.

    The caches of clients keep objects by their `id`, and would take it for that of a record.
    """
    names = [name for name, _, _ in aggregated(object_, role)]
    return [name for name in names if name != "id"] or names


def has_results(object_: Object, role: TypeRole) -> bool:
    """Return whether any field of the object has the aggregates whose results are of this type."""
    return any(True for _ in aggregated(object_, role))


def shorthand_field(scope: TypeScope, object_: Object, name: str) -> GraphQLField | None:
    """Return the field that stands for one aggregate in a connection under its other name."""
    found = find_shorthand(object_, name)
    if found is None:
        return None
    aggregation, field, parts = found
    return GraphQLField(
        _value_type(scope, object_, field, parts[0], aggregation.role), description=_describe(aggregation)
    )


def _describe(aggregation: Aggregation) -> str:
    ending = "." if aggregation.role in ALWAYS else "; null where there is none."
    return f"{aggregation.description}{ending}"


def _member_type(scope: TypeScope, object_: Object, field: Field, role: TypeRole) -> GraphQLOutputType:
    entry = FIELD_TYPES[field.type]
    if entry.composite:
        return scope.object_type(composite_name(entry, role))
    return _value_type(scope, object_, field, field.parts[0], role)


def _value_type(scope: TypeScope, object_: Object, field: Field, part: Part, role: TypeRole) -> GraphQLOutputType:
    entry = FIELD_TYPES[field.type]
    if entry.has_options and role in {TypeRole.MIN, TypeRole.MAX}:
        return scope.enum_type(enum_name(object_, field))
    scalar = result_scalar(role, part.scalar, entry)
    if scalar is None:
        msg = f"{field.name} has no {role.value}"
        raise LookupError(msg)
    return result_type(role, scalar_type(scalar))
