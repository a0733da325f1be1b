"""Where a variable may be used: the specification's rule (section 5.8.5), with allowances.

A variable declared as `ID` may stand where the id of a record is expected, one declared as `Int` where a `BigInt` is,
and the items of a declared list may be nullable where those of the expected one are not: `[UUID]` for `[UUID!]`. In
return the variable's value is checked against the expected type, too. The values in the place of a type that states
which others it accepts (`allowances.py`) are checked by their reader.
"""

from collections.abc import MutableMapping

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    ValidationContext,
    ValidationRule,
    VariableDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_input_type,
    is_nullable_type,
    type_from_ast,
)
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from fieldstone.engine.documents.allowances import accepted

Places = MutableMapping[str, set[str]]
"""By the name of a variable: the types, as GraphQL writes them, that its values must be of beside the declared one."""

_ALLOWED = {
    "UUID": {"ID"},
    "BigInt": {"Int"},
    "ConnectTarget": {"ID", "UUID"},
    "JSON": {"String", "Int", "Float", "Boolean"},
}
"""By the name of an expected type: those of the types that a variable may be declared to have in its place."""


class VariablePositions(ValidationRule):
    """Checks that each variable of each operation fits the places where it is used.

    Args:
        context: graphql-core's.
        executed: the operation that is to be executed.
        places: gets the types that its variables were allowed to stand for.
    """

    def __init__(self, context: ValidationContext, *, executed: OperationDefinitionNode, places: Places) -> None:
        super().__init__(context)
        self._executed = executed
        self._places = places

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: object) -> None:
        """Check the variables that an operation and its fragments use."""
        definitions = {one.variable.name.value: one for one in operation.variable_definitions or ()}
        for usage in self.context.get_recursive_variable_usages(operation):
            name = usage.node.name.value
            definition = definitions.get(name)
            declared = type_from_ast(self.context.schema, definition.type) if definition else None
            expected = usage.type
            if definition is None or expected is None or not is_input_type(declared):
                continue
            read = read_as(self.context.schema, definition, declared, expected, usage.default_value)
            if read is None:
                message = f"Variable '${name}' of type '{declared}' used in position expecting type '{expected}'."
                self.report_error(GraphQLError(message, [definition, usage.node]))
            elif read is not declared and operation is self._executed:
                note_place(self._places, name, expected)
            parent = usage.parent_type
            if isinstance(parent, GraphQLInputObjectType) and parent.is_one_of and is_nullable_type(declared):
                message = (
                    f"Variable '${name}' is of type '{declared}' but must be non-nullable to be used for OneOf Input"
                    f" Object '{parent}'."
                )
                self.report_error(GraphQLError(message, [definition, usage.node]))


def read_as(
    schema: GraphQLSchema,
    definition: VariableDefinitionNode,
    declared: GraphQLInputType,
    expected: GraphQLInputType,
    default: object,
) -> GraphQLInputType | None:
    """Return the type that a variable counts as in a place; the same instance if it counts as itself.

    Args:
        schema: the one of the types.
        definition: the variable's.
        declared: the variable's type.
        expected: the type of the place.
        default: the value of the place without one; Undefined if there is none.

    Returns:
        None if the variable may not stand there.
    """
    found = _read_as(declared, expected)
    return found if allowed_variable_usage(schema, found, definition.default_value, expected, default) else None


def note_place(places: Places, name: str, expected: GraphQLInputType) -> None:
    """Note the type that a variable stands for, unless the reader of such values checks them."""
    if not accepted(get_named_type(expected)):
        places.setdefault(name, set()).add(str(get_nullable_type(expected)))


def _read_as(declared: GraphQLInputType, expected: GraphQLInputType) -> GraphQLInputType:
    """Return the type that a declared one counts as in a place; the same instance where it counts as itself."""
    wanted = expected.of_type if isinstance(expected, GraphQLNonNull) else expected
    if isinstance(declared, GraphQLNonNull):
        inner = _read_as(declared.of_type, wanted)
        return declared if inner is declared.of_type else _non_null(inner)
    if isinstance(declared, GraphQLList) and isinstance(wanted, GraphQLList):
        item = _read_as(declared.of_type, wanted.of_type)
        if isinstance(wanted.of_type, GraphQLNonNull):
            item = _non_null(item)
        return declared if item is declared.of_type else GraphQLList(item)
    return wanted if str(declared) in (*_ALLOWED.get(str(wanted), ()), *accepted(wanted)) else declared


def _non_null(type_: GraphQLInputType) -> GraphQLInputType:
    return type_ if isinstance(type_, GraphQLNonNull) else GraphQLNonNull(type_)
