"""The selected members of values that no statement answers, such as the plan of a change."""

from collections.abc import Mapping

from graphql import FieldNode, GraphQLObjectType, GraphQLOutputType, GraphQLSchema, get_named_type

from fieldstone.engine.documents.document import Operation, Selected, collect_fields
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.trees import Bindings, arguments_of, value_of
from fieldstone.metadata.json_text import JsonValue


def select_members(
    schema: GraphQLSchema,
    operation: Operation,
    selected: Selected,
    whole: JsonValue,
    variables: Mapping[str, JsonValue],
    type_name: str,
) -> JsonValue:
    """Return the selected members of a value of this type; all of them if there is no selection.

    Raises:
        BadUserInput: an argument `first` or `offset` is negative.
    """

    def select(of: Selected, value: JsonValue, type_: GraphQLOutputType) -> JsonValue:
        if isinstance(value, list):
            return [select(of, item, type_) for item in _page(of.nodes[0], value, variables)]
        named = get_named_type(type_)
        if not of.selection_sets or not isinstance(named, GraphQLObjectType) or value is None:
            return value
        below = collect_fields(operation, of.selection_sets, variables)
        return {
            field.key: named.name
            if field.name == "__typename"
            else select(field, value.get(field.name), named.fields[field.name].type)
            for field in below
        }

    kind = schema.type_map[type_name]
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(type_name)
    return select(selected, whole, kind)


def _page(field: FieldNode, items: list[JsonValue], variables: Mapping[str, JsonValue]) -> list[JsonValue]:
    """Return the part of a list that the arguments `first` and `offset` ask for."""
    if not field.arguments:
        return items
    bindings = Bindings(variables=variables, actor="")
    given = {name: value_of(tree, bindings) for name, tree in arguments_of(field, variables).items()}
    first, offset = _bound(given.get("first"), "first"), _bound(given.get("offset"), "offset") or 0
    return items[offset:] if first is None else items[offset : offset + first]


def _bound(value: JsonValue, argument: str) -> int | None:
    if value is None:
        return None
    number = int(value)
    if number < 0:
        raise BadUserInput(f"{argument} must be 0 or more, not {number}.", field=argument)
    return number
