"""The enum of a SELECT field's options, and its filter."""

from graphql import GraphQLEnumType, GraphQLEnumValue, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from engine.schema.descriptions import describe_option
from engine.schema.filters import operator_fields
from engine.schema.scope import TypeScope
from metadata.api_names import FieldTypeRole, enum_name
from metadata.model import Field, Object


def build_enum(thing: Object, field: Field) -> GraphQLEnumType:
    """Return the enum of a field's options, in their order."""
    options = sorted(field.options, key=lambda option: option.position)
    return GraphQLEnumType(
        enum_name(thing, field),
        {option.value: GraphQLEnumValue(option.value, description=describe_option(option)) for option in options},
        description=f"The options of `{field.name}` ({field.label}) of {thing.label_plural}.",
    )


def enum_value_type(
    scope: TypeScope, thing: Object, field: Field
) -> GraphQLEnumType | GraphQLList[GraphQLNonNull[GraphQLEnumType]]:
    """Return the type of the value of a field with options: one of the enum, or a list of them."""
    enum = scope.enum_type(enum_name(thing, field))
    return GraphQLList(GraphQLNonNull(enum)) if field.parts[0].scalar.element else enum


def build_enum_filter(scope: TypeScope, thing: Object, field: Field) -> GraphQLInputObjectType:
    """Return the filter input of a field with options."""
    return GraphQLInputObjectType(
        enum_name(thing, field, FieldTypeRole.ENUM_FILTER),
        lambda: operator_fields(field.parts[0].operators, scope.enum_type(enum_name(thing, field))),
        description=f"Conditions on `{field.name}` of {thing.label_plural}; all of them must hold. Options are"
        " compared by their position.",
    )
