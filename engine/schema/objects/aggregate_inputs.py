"""The inputs that take aggregates: conditions on them, and orders by them."""

from typing import Final

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull

from fieldstone.engine.schema.objects.aggregates import has_results
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.unlisted import Found, OpenInput
from fieldstone.engine.schema.values.composites import composite_name
from fieldstone.engine.schema.values.descriptions import describe_field, describe_key
from fieldstone.engine.schema.values.filters import scalar_filter
from fieldstone.engine.schema.values.groupings import DATE_DIRECTION
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION
from fieldstone.metadata.aggregates import (
    AGGREGATIONS,
    BY_NAME,
    FILTERS,
    ORDERS,
    RESULTS_OF,
    aggregated,
    find_shorthand,
    result_scalar,
)
from fieldstone.metadata.api_names import FieldTypeRole, TypeRole, enum_name, type_name
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import INT

_DATES = frozenset({FieldType.DATE, FieldType.DATE_TIME})

AGGREGATE: Final = "aggregate"
"""Twenty's member of an order of groups that has the order by an aggregate."""


def aggregate_filters(scope: TypeScope, object_: Object) -> dict[str, GraphQLInputField]:
    """Return the members of a filter that are conditions on the aggregates of an object's records."""
    count = GraphQLInputField(scalar_filter(INT), description="Conditions on the number of records.")
    return {"count": count} | {
        one.name: GraphQLInputField(
            scope.input_of(object_, FILTERS[one.role]), description=f"Conditions on an aggregate. {one.description}."
        )
        for one in AGGREGATIONS
        if has_results(object_, one.role)
    }


def aggregate_orders(scope: TypeScope, object_: Object) -> dict[str, GraphQLInputField]:
    """Return the members of an order that are the aggregates of an object's records."""
    count = GraphQLInputField(ORDER_BY_DIRECTION, description="By the number of records.")
    return {"count": count} | {
        one.name: GraphQLInputField(
            scope.input_of(object_, ORDERS[one.role]), description=f"By an aggregate. {one.description}."
        )
        for one in AGGREGATIONS
        if has_results(object_, one.role)
    }


def is_measure(object_: Object, name: str) -> bool:
    """Return whether an order has a member of this name for an aggregate of an object's records."""
    return name == "count" or (name in BY_NAME and has_results(object_, BY_NAME[name].role))


def build_aggregate_filter(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the conditions on the aggregates of the records that a to-many relation leads to."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.AGGREGATE_FILTER),
        lambda: _of_records(scope, object_) | aggregate_filters(scope, object_),
        description=f"Conditions on the aggregates of related {object_.label_plural}; all of them must hold.",
    )


def build_aggregate_order_by(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the order by an aggregate of the records that a to-many relation leads to."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.AGGREGATE_ORDER_BY),
        lambda: _of_records(scope, object_) | aggregate_orders(scope, object_),
        description=f"An order by one aggregate of related {object_.label_plural}, beside their `filter`.",
    )


def _of_records(scope: TypeScope, object_: Object) -> dict[str, GraphQLInputField]:
    of_type = scope.input_of(object_, TypeRole.FILTER)
    return {"filter": GraphQLInputField(of_type, description="The records that the aggregates are of.")}


def build_having(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the conditions on a group of records."""

    def fields() -> dict[str, GraphQLInputField]:
        whole = scope.input_of(object_, TypeRole.HAVING)
        several = GraphQLList(GraphQLNonNull(whole))
        return aggregate_filters(scope, object_) | {
            "and": GraphQLInputField(several, description="All of these hold."),
            "or": GraphQLInputField(several, description="At least one of these holds."),
            "not": GraphQLInputField(whole, description="This does not hold."),
        }

    return GraphQLInputObjectType(
        type_name(object_, TypeRole.HAVING),
        fields,
        description=f"Conditions on a group of {object_.label_plural}; all of them must hold.",
    )


def build_group_order(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return an order of groups: one key of it.

    Twenty's spellings are found, but not listed: an aggregate below `aggregate`, and a value without `key` above it.
    """
    name = type_name(object_, TypeRole.GROUP_ORDER)

    def fields() -> dict[str, GraphQLInputField]:
        key = scope.input_of(object_, TypeRole.ORDER_BY)
        by_key = GraphQLInputField(key, description="By a value that the records are grouped by.")
        return {"key": by_key, **aggregate_orders(scope, object_)}

    def find_short(short: str) -> GraphQLInputField | None:
        is_known = short == "totalCount" or find_shorthand(object_, short) is not None
        return GraphQLInputField(ORDER_BY_DIRECTION) if is_known else None

    by_aggregate = OpenInput(
        f"{name}Aggregate",
        lambda: aggregate_orders(scope, object_),
        Found(find_short),
        description=f"An order of groups of {object_.label_plural} by one aggregate, as clients of Twenty name it.",
    )

    def find_by_twentys_name(given: str) -> GraphQLInputField | None:
        if given == AGGREGATE:
            return GraphQLInputField(by_aggregate)
        by_value = scope.input_of(object_, TypeRole.ORDER_BY).fields.get(given)
        is_date = by_value is not None and given in object_.by_name and object_.by_name[given].type in _DATES
        return GraphQLInputField(DATE_DIRECTION) if is_date else by_value

    return OpenInput(
        name,
        fields,
        Found(find_by_twentys_name),
        description=f"An order of groups of {object_.label_plural}: one key, as the keys of an object have no order.",
    )


def build_results_input(scope: TypeScope, object_: Object, role: TypeRole) -> GraphQLInputObjectType:
    """Return the conditions on the members of a type of results, or the order by one of them."""
    is_filter = role in FILTERS.values()
    return GraphQLInputObjectType(
        type_name(object_, role),
        lambda: {
            name: GraphQLInputField(
                _member_type(scope, object_, field, role),
                description=describe_field(field) if field.relation_id is None else describe_key(field),
            )
            for name, field, _ in aggregated(object_, RESULTS_OF[role])
        },
        description=f"Conditions on an aggregate of each field of {object_.label_plural}; all of them must hold."
        if is_filter
        else f"An order by an aggregate of one field of {object_.label_plural}.",
    )


def _member_type(scope: TypeScope, object_: Object, field: Field, role: TypeRole) -> GraphQLInputType:
    entry = FIELD_TYPES[field.type]
    if entry.composite:
        return scope.input_type(composite_name(entry, role))
    if role not in FILTERS.values():
        return ORDER_BY_DIRECTION
    if entry.has_options and role is TypeRole.EXTREMES_FILTER:
        return scope.input_type(enum_name(object_, field, FieldTypeRole.ENUM_FILTER))
    scalar = result_scalar(RESULTS_OF[role], field.parts[0].scalar, entry)
    if scalar is None:
        msg = f"{field.name} has no {role.value}"
        raise LookupError(msg)
    return scalar_filter(scalar)
