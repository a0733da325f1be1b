"""The selections of an ordinary introspection: one `__schema`, whose types are described without nesting."""

from collections.abc import Hashable, Mapping

from graphql import GraphQLObjectType, SchemaMetaFieldDef, get_named_type

from fieldstone.engine.documents.document import Operation, Selected, collect_fields
from fieldstone.engine.schema.introspection import argument_values
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen

TYPES = "types"
MEMBERS = frozenset({"fields", "inputFields", "enumValues"})
"""The lists that a type has one of, by its kind."""

_SCHEMA = "__Schema"
_TYPE = "__Type"
_REFERENCE = frozenset({"kind", "name", "ofType"})
"""The members of a type that follow from its name and kind alone."""


@frozen
class SchemaRequest:
    """An operation that asks for the schema and nothing else, in the ordinary way.

    Attributes:
        key: equal for all operations that have the same answer.
        root: the field `__schema`.
    """

    key: Hashable
    operation: Operation
    variables: Mapping[str, JsonValue]
    root: Selected

    def below(self, selected: Selected) -> list[Selected]:
        """Return the fields selected below a field."""
        return collect_fields(self.operation, selected.selection_sets, self.variables)


class _Unusual(Exception):
    """The operation selects a member that depends on more than one type."""


def read_request(operation: Operation, variables: Mapping[str, JsonValue]) -> SchemaRequest | None:
    """Return the introspection that an operation asks for; None if it asks in another way, or for more.

    Raises:
        BadUserInput: a directive's condition is no Boolean.
    """
    roots = collect_fields(operation, (operation.definition.selection_set,), variables)
    if len(roots) != 1 or roots[0].name != "__schema":
        return None
    request = SchemaRequest(key=None, operation=operation, variables=variables, root=roots[0])
    schema = get_named_type(SchemaMetaFieldDef.type)
    try:
        key = (roots[0].key, _shape(request, roots[0], schema))
    except _Unusual:
        return None
    return SchemaRequest(key=key, operation=operation, variables=variables, root=roots[0])


def _shape(request: SchemaRequest, selected: Selected, type_: object, *, is_reference: bool = False) -> Hashable:
    """Return the selection below a field, as plain data.

    Raises:
        _Unusual: a type is described within another's description, or a list of members is there twice.
    """
    if not isinstance(type_, GraphQLObjectType):
        return None
    parts: list[Hashable] = []
    names: list[str] = []
    for below in request.below(selected):
        names.append(below.name)
        if below.name == "__typename":
            parts.append((below.key, below.name))
            continue
        if is_reference and below.name not in _REFERENCE:
            raise _Unusual
        arguments = argument_values(below, request.variables)
        inner = get_named_type(type_.fields[below.name].type)
        refers = inner.name == _TYPE and not (type_.name == _SCHEMA and below.name == TYPES)
        shape = _shape(request, below, inner, is_reference=refers)
        parts.append((below.key, below.name, tuple(sorted(arguments.items())), shape))
    lists = [name for name in names if name in MEMBERS] if type_.name == _TYPE else []
    if len(lists) != len(set(lists)) or (type_.name == _SCHEMA and names.count(TYPES) != 1):
        raise _Unusual
    return tuple(parts)
