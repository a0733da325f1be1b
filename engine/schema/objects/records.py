"""An object's types for output: the record, its connection, its edge."""

from collections.abc import Callable, Iterator, Mapping

from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from fieldstone.engine.access.withheld import TOTALS
from fieldstone.engine.schema.objects.aggregates import shorthand_field
from fieldstone.engine.schema.objects.nodes import NODE_ID
from fieldstone.engine.schema.scope import NODE, Members, TypeScope
from fieldstone.engine.schema.values.composites import composite_name
from fieldstone.engine.schema.values.descriptions import (
    describe_field,
    describe_key,
    describe_object,
    describe_relation,
)
from fieldstone.engine.schema.values.enums import enum_value_type
from fieldstone.engine.schema.values.json_paths import path_argument
from fieldstone.engine.schema.values.notation import list_of
from fieldstone.engine.schema.values.paging import PAGE_INFO, connection_arguments, take_paging
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.catalog.api_model.other_names import Constant, Items, Same, find_other_name, is_plain_list
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, Object, RelationEnd, relation_end


def build_record(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of an object's records."""
    members = Members(names=lambda: _names(scope, object_), find=lambda name: _find(scope, object_, name))
    built = scope.build_object(type_name(object_, TypeRole.RECORD), describe_object(object_), members)
    if scope.is_node(object_):
        built.interfaces = (scope.interface_type(NODE),)
    return built


def _names(scope: TypeScope, object_: Object) -> Iterator[str]:
    if scope.is_node(object_):
        yield "nodeId"
    for name, field in object_.by_name.items():
        if field.relation_id is None or relation_end(scope.snapshot, field):
            yield name
        if field.relation_id and field.parts:
            yield field.key_name


def _find(scope: TypeScope, object_: Object, name: str) -> GraphQLField | None:
    if holder := object_.foreign_keys.get(name):
        return GraphQLField(_nullable(holder, scalar_type(holder.parts[0].scalar)), description=describe_key(holder))
    field = object_.by_name.get(name)
    if field is None:
        return NODE_ID if name == "nodeId" and scope.is_node(object_) else _find_other(scope, object_, name)
    if field.relation_id is None:
        arguments = {"path": path_argument()} if field.type is FieldType.RAW_JSON else {}
        return GraphQLField(_value_type(scope, object_, field), args=arguments, description=describe_field(field))
    end = relation_end(scope.snapshot, field)
    if end is None:
        return None
    description = describe_relation(field, end)
    if end.to_one:
        return GraphQLField(scope.output_of(end.target, TypeRole.RECORD), description=description)
    if is_plain_list(object_, name):
        return _list_field(scope, end, description)
    return connection_field(scope, end.target, description)


def _list_field(scope: TypeScope, end: RelationEnd, description: str | None = None) -> GraphQLField:
    record = scope.output_of(end.target, TypeRole.RECORD)
    return GraphQLField(list_of(record), description=description)


def _find_other(scope: TypeScope, object_: Object, name: str) -> GraphQLField | None:
    """Return a field of the catalog by the name that it has for clients of Twenty."""
    match find_other_name(object_, name):
        case Same(field=own):
            return _find(scope, object_, own)
        case Items(relation=relation):
            field = object_.by_name.get(relation)
            end = relation_end(scope.snapshot, field) if field else None
            return _list_field(scope, end) if end else None
        case Constant(value=value, scalar=scalar):
            of_type = scalar_type(scalar)
            return GraphQLField(of_type if value is None else GraphQLNonNull(of_type))
        case None:
            return None


def _value_type(scope: TypeScope, object_: Object, field: Field) -> GraphQLOutputType:
    entry = FIELD_TYPES[field.type]
    if entry.composite:
        return scope.object_type(composite_name(entry, TypeRole.RECORD))
    if entry.has_options:
        return _nullable(field, enum_value_type(scope, object_, field))
    return _nullable(field, scalar_type(field.parts[0].scalar))


def _nullable(field: Field, value: GraphQLOutputType) -> GraphQLOutputType:
    return value if field.can_be_null or isinstance(value, GraphQLNonNull) else GraphQLNonNull(value)


def connection_field(scope: TypeScope, target: Object, description: str) -> GraphQLField:
    """Return a field that holds a connection to an object."""
    field = GraphQLField(
        GraphQLNonNull(scope.output_of(target, TypeRole.CONNECTION)),
        args=connection_arguments(
            scope.input_of(target, TypeRole.FILTER),
            scope.input_of(target, TypeRole.ORDER_BY),
            scope.enum_type(type_name(target, TypeRole.DISTINCT_ON)),
        ),
        description=description,
    )
    return take_paging(field) if scope.mutations is not None else field


def build_connection(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of a page of an object's records.

    It also finds the other names of single aggregates, which it does not list: five and more for each field of each
    object would make an introspection twice as long.
    """

    def names() -> Iterator[str]:
        return (name for name in _CONNECTION_FIELDS if object_.rights.aggregates or name not in TOTALS)

    def find(name: str) -> GraphQLField | None:
        if name in _CONNECTION_FIELDS and name not in TOTALS:
            return _CONNECTION_FIELDS[name](scope, object_)
        if not object_.rights.aggregates:
            return None
        build = _CONNECTION_FIELDS.get(name)
        return build(scope, object_) if build else shorthand_field(scope, object_, name)

    return scope.build_object(
        type_name(object_, TypeRole.CONNECTION),
        f"A page of {object_.label_plural}.",
        Members(names=names, find=find),
    )


_CONNECTION_FIELDS: Mapping[str, Callable[[TypeScope, Object], GraphQLField]] = {
    "edges": lambda scope, object_: GraphQLField(
        list_of(scope.output_of(object_, TypeRole.EDGE)),
        description="The records of this page, in order.",
    ),
    "pageInfo": lambda _, __: GraphQLField(
        GraphQLNonNull(PAGE_INFO), description="The position of this page among all records that match."
    ),
    "totalCount": lambda _, __: GraphQLField(
        GraphQLNonNull(GraphQLInt), description="How many records match, on this page and all others."
    ),
    "aggregate": lambda scope, object_: GraphQLField(
        GraphQLNonNull(scope.output_of(object_, TypeRole.AGGREGATE)),
        description="The aggregates of all records that match, on this page and all others.",
    ),
}


def build_edge(scope: TypeScope, object_: Object) -> GraphQLObjectType:
    """Return the type of a record in a page."""
    return GraphQLObjectType(
        type_name(object_, TypeRole.EDGE),
        lambda: {
            "node": GraphQLField(
                GraphQLNonNull(scope.output_of(object_, TypeRole.RECORD)), description="The record itself."
            ),
            "cursor": GraphQLField(
                GraphQLNonNull(GraphQLString), description="Its place in this order, for `after` and `before`."
            ),
        },
        description=f"A record of {object_.label_plural} and its place in a page.",
    )
