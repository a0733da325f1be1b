"""The enum of a SELECT field's options, and its filter."""

from graphql import GraphQLEnumType, GraphQLEnumValue, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.descriptions import describe_option
from fieldstone.engine.schema.values.filters import operator_fields
from fieldstone.metadata.api_names import FieldTypeRole, enum_name
from fieldstone.metadata.model import Field, Object


def build_enum(object_: Object, field: Field) -> GraphQLEnumType:
    """Return the enum of a field's options, in their order."""
    options = sorted(field.options, key=lambda option: option.position)
    return GraphQLEnumType(
        enum_name(object_, field),
        {option.value: GraphQLEnumValue(option.value, description=describe_option(option)) for option in options},
        description=f"The options of `{field.name}` ({field.label}) of {object_.label_plural}.",
    )


def enum_value_type(
    scope: TypeScope, object_: Object, field: Field
) -> GraphQLEnumType | GraphQLList[GraphQLNonNull[GraphQLEnumType]]:
    """Return the type of the value of a field with options: one of the enum, or a list of them."""
    enum = scope.enum_type(enum_name(object_, field))
    return GraphQLList(GraphQLNonNull(enum)) if field.parts[0].scalar.element else enum


def build_enum_filter(scope: TypeScope, object_: Object, field: Field) -> GraphQLInputObjectType:
    """Return the filter input of a field with options."""
    return GraphQLInputObjectType(
        enum_name(object_, field, FieldTypeRole.ENUM_FILTER),
        lambda: operator_fields(field.parts[0].operators, scope.enum_type(enum_name(object_, field))),
        description=f"Conditions on `{field.name}` of {object_.label_plural}; all of them must hold. Options are"
        " compared by their position.",
    )
