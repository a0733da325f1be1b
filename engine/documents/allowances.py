"""Allowances of the schema's definitions, and the specification's rules that heed them.

A definition states an allowance in its `extensions`, which the schema does not show.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from graphql import (
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLType,
    ObjectFieldNode,
    StringValueNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    specified_rules,
)
from graphql.language import ListValueNode, ObjectValueNode
from graphql.language.visitor import VisitorAction
from graphql.validation import (
    ASTValidationRule,
    OverlappingFieldsCanBeMergedRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
)

ACCEPTS = "accepts"
"""Of an input type: the names of the types that a variable in its place may be declared to have.

With `JSON` among them, its enum values may be quoted, as in JSON."""

IS_OPEN = "isOpen"
"""Of an input type: True if it has members that it does not list, whose values graphql-core does not check."""

IS_ALSO_WHOLE = "isAlsoWhole"
"""Of a field that answers with an object: True if it may be asked for without a selection, and answers with it all."""

JSON = "JSON"


def accepted(type_: GraphQLType) -> tuple[str, ...]:
    """Return the names of the types that a variable in the place of this type may be declared to have."""
    found: tuple[str, ...] = getattr(type_, "extensions", {}).get(ACCEPTS, ())
    return found


class Leafs(ScalarLeafsRule):
    """The specification's rule (section 5.3.3), except for fields that may be asked for as a whole."""

    def enter_field(self, node: FieldNode, *args: object) -> None:
        """Check a field's selection."""
        definition = self.context.get_field_def()
        if node.selection_set is None and definition is not None and definition.extensions.get(IS_ALSO_WHOLE):
            return
        super().enter_field(node, *args)


class Values(ValuesOfCorrectTypeRule):
    """The specification's rule (section 5.6.1), except for inputs that may be JSON or do not list all their members."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check a literal."""
        if input_type is not None and JSON in accepted(get_named_type(input_type)):
            node = _unquoted(node, input_type)
        if input_type is not None and get_named_type(input_type).extensions.get(IS_OPEN):
            for value, type_ in _unlisted(node, input_type):
                super().is_valid_value_node(value, type_)
        return super().is_valid_value_node(node, input_type)


def _unlisted(node: ValueNode, type_: GraphQLInputType) -> Iterator[tuple[ValueNode, GraphQLInputType]]:
    """Yield the values of the members that input types do not list, which graphql-core passes over."""
    inner = get_nullable_type(type_)
    match node, inner:
        case ListValueNode(), GraphQLList():
            for item in node.values:
                yield from _unlisted(item, inner.of_type)
        case _, GraphQLList():
            yield from _unlisted(node, inner.of_type)
        case ObjectValueNode(), GraphQLInputObjectType(extensions=extensions) if extensions.get(IS_OPEN):
            listed = {*inner.fields}
            for field in node.fields:
                defined = None if field.name.value in listed else inner.fields.get(field.name.value)
                if defined is not None:
                    yield field.value, defined.type
                    yield from _unlisted(field.value, defined.type)
        case _:
            pass


def _unquoted(node: ValueNode, type_: GraphQLInputType) -> ValueNode:
    """Return a literal with enum values in the place of the texts that name them."""
    inner = get_nullable_type(type_)
    match node, inner:
        case StringValueNode(), GraphQLEnumType():
            return EnumValueNode(value=node.value, loc=node.loc)
        case ListValueNode(), GraphQLList():
            return ListValueNode(values=tuple(_unquoted(item, inner.of_type) for item in node.values), loc=node.loc)
        case _, GraphQLList():
            return _unquoted(node, inner.of_type)
        case ObjectValueNode(), GraphQLInputObjectType():
            return ObjectValueNode(fields=tuple(_unquoted_field(field, inner) for field in node.fields), loc=node.loc)
        case _:
            return node


def _unquoted_field(field: ObjectFieldNode, parent: GraphQLInputObjectType) -> ObjectFieldNode:
    defined = parent.fields.get(field.name.value)
    if defined is None:
        return field
    return ObjectFieldNode(name=field.name, value=_unquoted(field.value, defined.type), loc=field.loc)


_DONE_ELSEWHERE = {OverlappingFieldsCanBeMergedRule, VariablesInAllowedPositionRule}
_REPLACED: Mapping[type[ASTValidationRule], type[ASTValidationRule]] = {
    ScalarLeafsRule: Leafs,
    ValuesOfCorrectTypeRule: Values,
}
RULES: Final = tuple(_REPLACED.get(rule, rule) for rule in specified_rules if rule not in _DONE_ELSEWHERE)
"""The rules that apply; `field_merging.py` and `variable_positions.py` stand in for graphql-core's others."""
