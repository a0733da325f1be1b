"""An object's types for input: its filters, its order, its data."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

from fieldstone.engine.access.withheld import WITHHELD, withheld_members
from fieldstone.engine.documents.suggestions import SERVER_WRITTEN
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.composites import composite_name
from fieldstone.engine.schema.values.descriptions import (
    describe_field,
    describe_key,
    describe_relation,
    describe_totals,
)
from fieldstone.engine.schema.values.enums import enum_value_type
from fieldstone.engine.schema.values.filters import operator_field
from fieldstone.engine.schema.values.groupings import grouping_type
from fieldstone.engine.schema.values.json_paths import JSON_ORDER_BY
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION
from fieldstone.engine.schema.values.presence import PRESENCE
from fieldstone.engine.schema.values.scalars import scalar_type
from fieldstone.metadata.api_names import AGGREGATE_ENDING, FieldTypeRole, Quantifier, TypeRole, enum_name, type_name
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Access, Field, Object, relation_end
from fieldstone.metadata.operators import IS, IS_NOT

Fields = dict[str, GraphQLInputField]


class _Types(NamedTuple):
    """The types of an input's members for each kind of field; None leaves the field out."""

    scalar: Callable[[Field], GraphQLInputType | None]
    options: Callable[[Field], GraphQLInputType]
    composite: TypeRole
    relation: TypeRole | None
    to_many: TypeRole | None = None
    aggregate: TypeRole | None = None


def _fields(
    scope: TypeScope, object_: Object, types: _Types, fields: Mapping[str, Field] | None = None
) -> Iterator[tuple[Field, str, GraphQLInputField]]:
    """Yield an input's members for fields, those that may be read by default: each with its field and its name."""
    for name, field in (object_.by_name if fields is None else fields).items():
        entry = FIELD_TYPES[field.type]
        of_type: GraphQLInputType | None
        if field.relation_id is not None:
            end = relation_end(scope.snapshot, field)
            role = types.relation if end and end.to_one else types.to_many
            if end and role and has_members(end.target, role):
                of_type = scope.input_of(end.target, role)
                yield field, name, GraphQLInputField(of_type, description=describe_relation(field, end))
            totals = types.aggregate if end and not end.to_one and end.target.rights.aggregates else None
            if end and totals and name + AGGREGATE_ENDING not in object_.by_name:
                of_type = scope.input_of(end.target, totals)
                yield (
                    field,
                    name + AGGREGATE_ENDING,
                    GraphQLInputField(of_type, description=describe_totals(field, end)),
                )
            if field.parts and (of_type := types.scalar(field)):
                yield field, field.key_name, GraphQLInputField(of_type, description=describe_key(field))
            continue
        if entry.composite:
            of_type = scope.input_type(composite_name(entry, types.composite))
        elif entry.has_options:
            of_type = types.options(field)
        else:
            of_type = types.scalar(field)
        if of_type:
            yield field, name, GraphQLInputField(of_type, description=describe_field(field))


def _filter_fields(scope: TypeScope, object_: Object) -> Fields:
    types = _Types(
        scalar=lambda field: scope.input_type(field.parts[0].scalar.filter_name),
        options=lambda field: scope.input_type(enum_name(object_, field, FieldTypeRole.ENUM_FILTER)),
        composite=TypeRole.FILTER,
        relation=TypeRole.RELATION_FILTER,
        to_many=TypeRole.CONNECTION_FILTER,
        aggregate=TypeRole.AGGREGATE_FILTER,
    )
    whole = scope.input_of(object_, TypeRole.FILTER)
    several = GraphQLList(GraphQLNonNull(whole))
    return {name: member for _, name, member in _fields(scope, object_, types)} | {
        "and": GraphQLInputField(several, description="All of these hold."),
        "or": GraphQLInputField(several, description="At least one of these holds."),
        "not": GraphQLInputField(whole, description="This does not hold."),
    }


def build_filter(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the filter of an object's records."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.FILTER),
        lambda: _filter_fields(scope, object_),
        description=f"Conditions on a record of {object_.label_plural}; all of them must hold.",
    )


def build_relation_filter(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the filter of a record that a relation leads to: the object's own, and whether there is one."""
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.RELATION_FILTER),
        lambda: (
            _filter_fields(scope, object_)
            | {
                IS.name: operator_field(PRESENCE, "Whether there is such a record; null means NULL."),
                IS_NOT.name: operator_field(PRESENCE, "The opposite of `is`."),
            }
        ),
        description=f"Conditions on the record of {object_.label_plural} that a relation leads to; all of them must"
        " hold.",
    )


_QUANTIFIERS = {
    Quantifier.SOME: "At least one of the records fulfils this; `{}` is fulfilled by every record.",
    Quantifier.EVERY: "All of the records fulfil this, which holds where there are none; `{}` says nothing.",
    Quantifier.NONE: "None of the records fulfils this; `{}` is fulfilled by every record.",
    Quantifier.IS_EMPTY: "Whether there are no records.",
}


def build_connection_filter(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the filter of the records that a to-many relation leads to."""

    def argument(quantifier: Quantifier) -> GraphQLInputType:
        return GraphQLBoolean if quantifier is Quantifier.IS_EMPTY else scope.input_of(object_, TypeRole.FILTER)

    return GraphQLInputObjectType(
        type_name(object_, TypeRole.CONNECTION_FILTER),
        lambda: {
            quantifier.value: operator_field(argument(quantifier), description)
            for quantifier, description in _QUANTIFIERS.items()
        },
        description=f"Conditions on the records of {object_.label_plural} that a relation leads to; all of them must"
        " hold. A deleted record counts only in a filter that names its `deletedAt`.",
    )


def _order_type(field: Field) -> GraphQLInputType | None:
    if field.type is FieldType.RAW_JSON:
        return JSON_ORDER_BY
    return ORDER_BY_DIRECTION if field.parts[0].scalar.is_comparable else None


def build_order_by(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return an object's order: one key of it."""
    types = _Types(
        scalar=_order_type,
        options=lambda _: ORDER_BY_DIRECTION,
        composite=TypeRole.ORDER_BY,
        relation=TypeRole.ORDER_BY,
        aggregate=TypeRole.AGGREGATE_ORDER_BY,
    )
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.ORDER_BY),
        lambda: {name: member for _, name, member in _fields(scope, object_, types)},
        description=f"An order of {object_.label_plural}: one key, since the keys of an object have no order.",
    )


def _data_types(scope: TypeScope, object_: Object) -> _Types:
    return _Types(
        scalar=lambda field: scalar_type(field.parts[0].scalar),
        options=lambda field: enum_value_type(scope, object_, field),
        composite=TypeRole.INPUT,
        relation=TypeRole.RELATION_INPUT,
        to_many=TypeRole.RELATION_LIST_INPUT,
    )


def data_members(
    scope: TypeScope, object_: Object, fields: Mapping[str, Field]
) -> Iterator[tuple[Field, str, GraphQLInputField]]:
    """Yield the members of an input that has values of these fields of an object: each with its field and its name."""
    return _fields(scope, object_, _data_types(scope, object_), fields)


def key_members(scope: TypeScope, object_: Object) -> Iterator[tuple[Field, str, GraphQLInputField]]:
    """Yield the members of an input that has values of an object's fields, without the verbs of relations."""
    return _fields(scope, object_, _data_types(scope, object_)._replace(relation=None, to_many=None))


def has_members(target: Object, role: TypeRole) -> bool:
    """Return whether the role has the right that an input of a relation to an object is for."""
    return role is not TypeRole.GROUP_BY or target.rights.aggregates


def build_group_by(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return a value to group an object's records by: one key."""
    types = _Types(
        scalar=lambda field: grouping_type(field.parts[0].scalar),
        options=lambda _: GraphQLBoolean,
        composite=TypeRole.GROUP_BY,
        relation=TypeRole.GROUP_BY,
    )
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.GROUP_BY),
        lambda: {name: member for _, name, member in _fields(scope, object_, types)},
        description=f"A value to group {object_.label_plural} by: one key.",
    )


def build_input(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the data of a record to create or update; which fields are required is said when it is written."""
    withheld = withheld_members(scope.snapshot.role, object_)
    server_written = [name for name, field in object_.by_name.items() if field.access is Access.READ_ONLY]
    return GraphQLInputObjectType(
        type_name(object_, TypeRole.INPUT),
        lambda: {
            name: member
            for field, name, member in data_members(scope, object_, object_.givable)
            if field.access is not Access.READ_ONLY
        },
        description=f"A record of {object_.label_plural} to create, or the changes of one.",
        extensions={SERVER_WRITTEN: server_written, **({WITHHELD: withheld} if withheld else {})},
    )
