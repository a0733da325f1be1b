"""Introspection: the root fields that ask for the schema itself, answered as text.

A selection is compiled once into functions that write JSON text, by the resolvers of graphql-core's own introspection
types; executing it by graphql-core takes an awaitable, a path and a completed value for each of its million fields.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    VariableNode,
    is_leaf_type,
    value_from_ast_untyped,
)

from fieldstone.engine.documents.document import Operation, Selected, collect_fields
from fieldstone.engine.errors import Forbidden, QueryTooComplex
from fieldstone.engine.schema.unlisted import UNLISTED
from fieldstone.metadata.json_text import JsonValue, dumps


def _find_type(_: object, info: "Info", name: str) -> GraphQLNamedType | None:
    """Return a type by its own name: the other names that variables may declare it by are no part of the schema."""
    found = info.schema.get_type(name)
    return found if found is not None and found.name == name and not found.extensions.get(UNLISTED) else None


INTROSPECTION_FIELDS: Mapping[str, GraphQLField] = {
    "__schema": SchemaMetaFieldDef,
    "__type": GraphQLField(TypeMetaFieldDef.type, args=TypeMetaFieldDef.args, resolve=_find_type),
}

MOST_ROOTS = 20
"""How often an operation may ask for the schema or a type: each answer may be megabytes."""

Write = Callable[[Any], str]
"""Writes a value of an introspection type as JSON text."""


def is_introspection_field(name: str) -> bool:
    """Return whether a root field of Query asks for the schema."""
    return name in INTROSPECTION_FIELDS


@dataclass(frozen=True, slots=True)
class Info:
    """As much of graphql-core's resolve info as the introspection resolvers look at."""

    schema: GraphQLSchema


@dataclass(slots=True, kw_only=True)
class Compiler:
    """Compiles the selections of one operation on one schema, which must live as long as the results.

    Attributes:
        limit: characters of a text that is written: types within types multiply it at each level.
    """

    operation: Operation
    variables: Mapping[str, JsonValue]
    info: Info
    limit: int
    known: dict[tuple[str, tuple[int, ...]], Write] = field(default_factory=dict)

    def write_field(self, selected: Selected, definition: GraphQLField) -> Write:
        """Return the writer of a field of the value at hand."""
        resolve = self.resolver(selected, definition)
        write = self.write_value(definition.type, selected)
        return lambda value: write(resolve(value))

    def resolver(self, selected: Selected, definition: GraphQLField) -> Callable[[Any], Any]:
        """Return the function that gives a field's value for its parent's.

        Raises:
            TypeError: it is not of introspection.
        """
        resolve, info = definition.resolve, self.info
        arguments = argument_values(selected, self.variables)
        if resolve is None:
            msg = f"the introspection field {selected.name} has no resolver"
            raise TypeError(msg)
        if not arguments:
            return lambda value: resolve(value, info)
        return lambda value: resolve(value, info, **arguments)

    def write_value(self, type_: GraphQLOutputType, selected: Selected) -> Write:
        """Return the writer of a value of this type."""
        match type_:
            case GraphQLNonNull():
                return self.write_value(type_.of_type, selected)
            case GraphQLList():
                item = self.write_value(type_.of_type, selected)
                return lambda value: "null" if value is None else f"[{','.join(self.within_limit(map(item, value)))}]"
            case GraphQLObjectType():
                return self._write_object(type_, selected)
        return _write_leaf(type_.serialize if is_leaf_type(type_) else str)

    def within_limit(self, texts: Iterable[str]) -> list[str]:
        """Return texts that are to be joined.

        Raises:
            QueryTooComplex: together they are longer than the limit.
        """
        found: list[str] = []
        size = 0
        for text in texts:
            size += len(text)
            if size > self.limit:
                raise too_large(self.limit)
            found.append(text)
        return found

    def _write_parts(self, parts: list[tuple[str, Write]], value: Any) -> str:
        return "{" + "".join(self.within_limit(opening + write(value) for opening, write in parts)) + "}"

    def _write_object(self, type_: GraphQLObjectType, selected: Selected) -> Write:
        key = (type_.name, tuple(map(id, selected.selection_sets)))
        if key in self.known:
            return self.known[key]
        parts: list[tuple[str, Write]] = []
        for below in collect_fields(self.operation, selected.selection_sets, self.variables):
            opening = f"{',' if parts else ''}{dumps(below.key)}:"
            if below.name == "__typename":
                parts.append((opening + dumps(type_.name), lambda _: ""))
            else:
                parts.append((opening, self.write_field(below, type_.fields[below.name])))
        if type_.name != "__Type":
            return self._keep(key, lambda value: "null" if value is None else self._write_parts(parts, value))
        memo: dict[Any, str] = {}

        def write(value: Any) -> str:
            # Many fields are of few types.
            if value is None:
                return "null"
            place = _identity(value)
            if (known := memo.get(place)) is None:
                known = memo[place] = self._write_parts(parts, value)
            return known

        return self._keep(key, write)

    def _keep(self, key: tuple[str, tuple[int, ...]], write: Write) -> Write:
        self.known[key] = write
        return write


def argument_values(selected: Selected, variables: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the arguments that are given to a field of introspection."""
    return {
        node.name.value: value_from_ast_untyped(node.value, dict(variables))
        for node in selected.nodes[0].arguments or ()
        if not isinstance(node.value, VariableNode) or node.value.name.value in variables
    }


def switched_off() -> Forbidden:
    """Return the error of a client that asks for the schema where the operator lets no client ask for it."""
    return Forbidden("Introspection is off at this server (FIELDSTONE_INTROSPECTION).")


def too_large(limit: int) -> QueryTooComplex:
    """Return the refusal of an answer that has more than `limit` bytes."""
    return QueryTooComplex(f"The answer is too large: the answer has more than {limit} bytes.")


def _identity(type_: Any) -> Any:
    """Return a value that is equal for the same type: each place has its own list, or type that is not null."""
    match type_:
        case GraphQLNonNull(of_type=inner):
            return ("!", _identity(inner))
        case GraphQLList(of_type=inner):
            return ("[", _identity(inner))
        case _:
            return id(type_)


def _write_leaf(serialize: Callable[[Any], Any]) -> Write:
    def write(value: Any) -> str:
        match value:
            case None:
                return "null"
            case str():
                return encode_basestring(value)
            case bool():
                return "true" if value else "false"
        return dumps(serialize(value))

    return write


def introspect(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, JsonValue], *, limit: int
) -> dict[str, str]:
    """Return the answers of an operation's introspection root fields by response key, as JSON text.

    Raises:
        QueryTooComplex: they are more than `MOST_ROOTS`, or have more than `limit` characters.
    """
    compiler = Compiler(operation=operation, variables=variables, info=Info(schema), limit=limit)
    answers: dict[str, str] = {}
    for selected in collect_fields(operation, (operation.definition.selection_set,), variables):
        definition = INTROSPECTION_FIELDS.get(selected.name)
        if definition is None:
            continue
        if len(answers) == MOST_ROOTS:
            raise QueryTooComplex(f"An operation may ask for the schema {MOST_ROOTS} times at most.")
        write = compiler.write_field(selected, definition)
        answers[selected.key] = write(None)
        compiler.within_limit(answers.values())
    return answers
