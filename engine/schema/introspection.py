"""Introspection: the root fields that ask for the schema itself, answered by graphql-core."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    execute_sync,
)

from engine.errors import BadUserInput
from engine.operation import Operation, collect_fields
from metadata.json_text import JsonValue

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


def is_introspection_field(name: str) -> bool:
    """Whether a root field of Query asks for the schema."""
    return name in INTROSPECTION_FIELDS


def introspect(schema: GraphQLSchema, operation: Operation, variables: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the answers of an operation's introspection root fields by response key, as JSON values.

    Args:
        schema: the schema that is asked for.
        operation: a valid query operation; its other root fields are left out.
        variables: the coerced values of its variables.

    Raises:
        BadUserInput: a value of a variable is refused.
    """
    definition = operation.definition
    selected = collect_fields(operation, (definition.selection_set,), variables)
    roots = tuple(node for field in selected if is_introspection_field(field.name) for node in field.nodes)
    used = frozenset(_used_variables(operation, roots))
    reduced = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=tuple(
            variable for variable in definition.variable_definitions or () if variable.variable.name.value in used
        ),
        selection_set=SelectionSetNode(selections=roots),
    )
    document = DocumentNode(definitions=(reduced, *operation.fragments.values()))
    values = {name: value for name, value in variables.items() if name in used}
    result = execute_sync(schema, document, variable_values=values, hide_suggestions=True)
    for error in result.errors or ():
        raise BadUserInput(error.message, path=error.path)
    return result.data or {}


def _used_variables(operation: Operation, roots: tuple[Node, ...]) -> Iterator[str]:
    """Yield the variables below these nodes, in the fragments that they spread too."""
    pending: list[Node] = list(roots)
    spread: set[str] = set()
    while pending:
        node = pending.pop()
        match node:
            case VariableNode(name=name):
                yield name.value
            case FragmentSpreadNode(name=name) if name.value not in spread:
                spread.add(name.value)
                pending.append(operation.fragments[name.value])
        for key in node.keys:
            child = getattr(node, key, None)
            pending += [
                item for item in (child if isinstance(child, tuple | list) else (child,)) if isinstance(item, Node)
            ]
