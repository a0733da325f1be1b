"""An object's groups: the values that a group has in common, and its aggregates and records."""

from collections.abc import Callable, Iterator, Mapping

from graphql import GraphQLField, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString

from fieldstone.engine.schema.objects.aggregates import aggregate_field, aggregate_fields, shorthand_field
from fieldstone.engine.schema.scope import Members, TypeScope
from fieldstone.engine.schema.values.composites import composite_name
from fieldstone.engine.schema.values.descriptions import describe_field, describe_key, describe_relation
from fieldstone.engine.schema.values.enums import enum_value_type
from fieldstone.engine.schema.values.groupings import BUCKET_ARGUMENT, DATE_GROUP, DATE_GROUPING, grouping_type
from fieldstone.engine.schema.values.notation import field_of, list_of
from fieldstone.engine.schema.values.paging import filter_argument
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Object, relation_end


def group_by_field(scope: TypeScope, object_: Object) -> GraphQLField:
    """Return the root field of an object's groups."""
    one = GraphQLNonNull(scope.input_of(object_, TypeRole.GROUP_BY))
    order = (
        "The order: a list of objects with one key each, or one such object; by the values that the records are grouped"
        " by unless given."
    )
    return field_of(
        list_of(scope.output_of(object_, TypeRole.GROUP_RESULT)),
        f"Groups of {object_.label_plural} that have the same values, with the aggregates of each group.",
        {
            "groupBy": (GraphQLNonNull(GraphQLList(one)), "The values to group by: objects with one key each."),
            "filter": filter_argument(scope.input_of(object_, TypeRole.FILTER)),
            "having": (scope.input_of(object_, TypeRole.HAVING), "Only groups whose aggregates match."),
            "orderBy": (GraphQLList(scope.input_of(object_, TypeRole.GROUP_ORDER)), order),
            "first": (GraphQLInt, "At most so many groups; 1,000 unless given."),
            "after": (GraphQLString, "Only groups that follow the one with this cursor."),
            "limit": (GraphQLInt, "Another name of `first`."),
        },
    )


def build_group_key(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of the values that a group has in common, in the shape of a record."""
    return GraphQLObjectType(
        type_name(object_, TypeRole.GROUP_KEY),
        lambda: dict(_key_fields(scope, object_)),
        description=f"The values that a group of {object_.label_plural} has in common: those that were grouped by.",
    )


def _key_fields(scope: TypeScope, object_: Object) -> Iterator[tuple[str, GraphQLField]]:
    for name, field in object_.by_name.items():
        entry = FIELD_TYPES[field.type]
        if field.relation_id is not None:
            end = relation_end(scope.snapshot, field)
            if end and end.to_one and end.target.rights.aggregates:
                target = scope.output_of(end.target, TypeRole.GROUP_KEY)
                yield name, GraphQLField(GraphQLNonNull(target), description=describe_relation(field, end))
            if field.parts:
                yield field.key_name, GraphQLField(scalar_type(field.parts[0].scalar), description=describe_key(field))
            continue
        description = describe_field(field)
        if entry.composite:
            composite = scope.object_type(composite_name(entry, TypeRole.RECORD))
            yield name, GraphQLField(GraphQLNonNull(composite), description=description)
        elif entry.has_options:
            yield name, GraphQLField(enum_value_type(scope, object_, field), description=description)
        elif (grouping := grouping_type(field.parts[0].scalar)) is DATE_GROUPING:
            yield name, GraphQLField(GraphQLNonNull(DATE_GROUP), args=BUCKET_ARGUMENT, description=description)
        elif grouping is not None:
            yield name, GraphQLField(scalar_type(field.parts[0].scalar), description=description)


def build_group_result(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of a group.

    As in a connection, the other names of aggregates are found, but not listed: `totalCount` is one of the count.
    """

    def names() -> Iterator[str]:
        yield from _OWN
        yield from aggregate_fields(scope, object_)

    def find(name: str) -> GraphQLField | None:
        build = _OWN.get(name)
        if build is not None:
            return build(scope, object_)
        found = aggregate_field(scope, object_, "count" if name == "totalCount" else name)
        return found or shorthand_field(scope, object_, name)

    return scope.build_object(
        type_name(object_, TypeRole.GROUP_RESULT),
        f"A group of {object_.label_plural}.",
        Members(names=names, find=find),
    )


def _records(scope: TypeScope, object_: Object) -> GraphQLField:
    return field_of(
        GraphQLNonNull(scope.output_of(object_, TypeRole.CONNECTION)),
        "The first records of the group.",
        {
            "first": (GraphQLInt, "At most so many records."),
            "orderBy": (GraphQLList(scope.input_of(object_, TypeRole.ORDER_BY)), "The order of the records."),
        },
    )


_OWN: Mapping[str, Callable[[TypeScope, Object], GraphQLField]] = {
    "key": lambda scope, object_: GraphQLField(
        GraphQLNonNull(scope.output_of(object_, TypeRole.GROUP_KEY)),
        description="The values that the records of the group have in common.",
    ),
    "groupByDimensionValues": lambda _, __: GraphQLField(
        GraphQLNonNull(GraphQLList(GraphQLString)),
        description="The same values as texts, in the order of the argument `groupBy`.",
    ),
    "cursor": lambda _, __: GraphQLField(
        GraphQLNonNull(GraphQLString), description="The group's place in this order, for `after`."
    ),
    "records": _records,
}
