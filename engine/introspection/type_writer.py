"""Writes a type as a request asks for it, its members apart from the rest."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type, introspection_types

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.introspection.request import MEMBERS, TYPES, SchemaRequest
from fieldstone.engine.schema.introspection import Compiler, Info, Write
from fieldstone.metadata.json_text import dumps


class TypeText(NamedTuple):
    """A type's text around its members, and the members by their names: none where they are not asked for."""

    head: str
    members: list[tuple[str, str]]
    tail: str

    @property
    def text(self) -> str:
        """The whole."""
        return self.head + ",".join(text for _, text in self.members) + self.tail


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list of members: `read` gives them, by name, or None for a type of another kind."""

    read: Callable[[GraphQLNamedType], list[tuple[str, Any]] | None]
    write: Write


class TypeWriter:
    """Writes the types of one schema, and the other members of `__schema` that a request selects."""

    def __init__(self, request: SchemaRequest, schema: GraphQLSchema) -> None:
        self._request = request
        self._schema = schema
        # A type is written alone, with the names of others: the size of all is measured when they are joined.
        self._compiler = Compiler(
            operation=request.operation, variables=request.variables, info=Info(schema), limit=sys.maxsize
        )
        self._before: list[tuple[str, Write]] = []
        self._after: list[tuple[str, Write]] = []
        self._opening = ""
        self._parts: list[tuple[str, Write | _Listed]] = []
        self._read_schema()

    def around(self) -> tuple[str, str]:
        """Return the texts before and behind the types in the response."""
        before = "".join(opening + write(self._schema) for opening, write in self._before)
        after = "".join(opening + write(self._schema) for opening, write in self._after)
        opening = f'{{"data":{{{dumps(self._request.root.key)}:{before}{self._opening}['
        return opening, f"]{after}}}}}}}"

    def write(self, type_: GraphQLNamedType) -> TypeText:
        """Return a type's text."""
        head = "{"
        tail = ""
        members: list[tuple[str, str]] | None = None
        for opening, part in self._parts:
            text = opening
            if not isinstance(part, _Listed):
                text += part(type_)
            elif (found := part.read(type_)) is None:
                text += "null"
            else:
                members = [(name, part.write((name, value))) for name, value in found]
                head += tail + text + "["
                tail = "]"
                continue
            tail += text
        return TypeText(head, members, tail + "}") if members is not None else TypeText(head + tail + "}", [], "")

    def _read_schema(self) -> None:
        fields = _introspection_type("__Schema").fields
        is_behind = False
        for place, below in enumerate(self._request.below(self._request.root)):
            opening = f"{',' if place else '{'}{dumps(below.key)}:"
            if below.name == TYPES:
                self._opening = opening
                self._read_type(below)
                is_behind = True
                continue
            write = (
                _constant("__Schema")
                if below.name == "__typename"
                else self._compiler.write_field(below, fields[below.name])
            )
            (self._after if is_behind else self._before).append((opening, write))

    def _read_type(self, selected: Selected) -> None:
        fields = _introspection_type("__Type").fields
        for place, below in enumerate(self._request.below(selected)):
            opening = f"{',' if place else ''}{dumps(below.key)}:"
            if below.name == "__typename":
                self._parts.append((opening, _constant("__Type")))
            elif below.name in MEMBERS:
                definition = fields[below.name]
                item = self._compiler.write_value(get_named_type(definition.type), below)
                self._parts.append((opening, _Listed(self._compiler.resolver(below, definition), item)))
            else:
                self._parts.append((opening, self._compiler.write_field(below, fields[below.name])))


def _introspection_type(name: str) -> GraphQLObjectType:
    found = introspection_types[name]
    if not isinstance(found, GraphQLObjectType):
        msg = f"{name} is no object type"
        raise TypeError(msg)
    return found


def _constant(text: str) -> Write:
    written = dumps(text)
    return lambda _: written
