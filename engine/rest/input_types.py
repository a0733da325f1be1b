"""Inputs from texts: paths of names are followed through the input types of the schema, whose leaves type the value."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.engine.documents.suggestions import suggest
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.json_text import JsonValue, dumps, loads

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")
_NUMBERS = frozenset({scalar.name for scalar in (scalars.INT, scalars.DECIMAL, scalars.BIG_INT, scalars.BIG_FLOAT)})
_JSON = SCALARS[scalars.JSON.name]
BOOLEANS = {"true": True, "false": False}


class Text(NamedTuple):
    """A text of a parameter.

    Attributes:
        is_quoted: whether quotes say that it is a text, whatever it looks like.
    """

    text: str
    is_quoted: bool


Token = Text | Sequence["Token"] | Mapping[str, JsonValue]


def read_json(text: str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is not JSON, or nested too deeply, or holds a lone surrogate, which an escape can bring in.
    """
    try:
        value = loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if "\\u" in text:
        dumps(value).encode()
    return value


class Input(NamedTuple):
    """An input type of the schema, and the parameter that gives its value."""

    type: GraphQLInputObjectType
    parameter: str

    def build(self, names: Sequence[str], value: Token) -> dict[str, JsonValue]:
        """Return the input in which the members of these names, one in the other, lead to a value.

        Raises:
            BadUserInput: there are no such members, or the value is not of the last one's type.
        """
        found = self._convert(value, self.find(names), names)
        for name in reversed(names):
            found = {name: found}
        built: dict[str, JsonValue] = found
        return built

    def find(self, names: Sequence[str]) -> GraphQLInputType:
        """Return the type of the member that these names lead to; raises BadUserInput if there is none."""
        here: GraphQLInputType = self.type
        for place, name in enumerate(names):
            holder = _named(here)
            member = holder.fields.get(name) if isinstance(holder, GraphQLInputObjectType) else None
            if member is None:
                before = ".".join(names[:place])
                where = f"in '{before}'" if before else "here"
                raise BadUserInput(
                    f"'{self.parameter}' has '{_shown(names)}', and there is no '{name[:80]}' {where[:80]}."
                    f"{_suggest(name, holder)}",
                    field=self.parameter,
                )
            here = member.type
        return here

    def _convert(self, value: Token, type_: GraphQLInputType, names: Sequence[str]) -> JsonValue:
        if isinstance(type_, GraphQLNonNull):
            return self._convert(value, type_.of_type, names)
        if isinstance(type_, GraphQLList):
            if isinstance(value, Text | Mapping):
                return self._convert(value, type_.of_type, names)  # One value is a list of it, as in GraphQL.
            return [self._convert(item, type_.of_type, names) for item in value]
        if isinstance(value, Text):
            return self._leaf(value, type_, names)
        if isinstance(value, Mapping):
            return value
        if type_ is _JSON:
            return [self._convert(item, type_, names) for item in value]
        raise self._error(names, "one value, not a list")

    def _leaf(self, value: Text, type_: GraphQLInputType, names: Sequence[str]) -> JsonValue:
        if isinstance(type_, GraphQLInputObjectType):
            if "unit" in type_.fields:
                raise self._error(names, 'a JSON object such as {"last":7,"unit":"DAY"}')
            raise self._error(names, f"one of its members, such as {_shown([*names, next(iter(type_.fields))])}")
        return read_leaf(value, type_)

    def _error(self, names: Sequence[str], expected: str) -> BadUserInput:
        return BadUserInput(f"'{self.parameter}' has '{_shown(names)}', which takes {expected}.", field=self.parameter)


def read_leaf(value: Text, type_: GraphQLInputType) -> JsonValue:
    """Return the value that a text has as a scalar or an enum."""
    text = value.text
    if type_ is GraphQLString or isinstance(type_, GraphQLEnumType):
        return text
    if not value.is_quoted and text == "null":
        return None
    if type_ is GraphQLBoolean:
        return BOOLEANS.get(text.lower(), text)
    name = getattr(type_, "name", "")
    if name in _NUMBERS:
        return loads(text) if _NUMBER.fullmatch(text) else text
    if type_ is _JSON and not value.is_quoted:
        try:
            return read_json(text)
        except ValueError:
            return text
    return text


def _suggest(name: str, holder: GraphQLInputType) -> str:
    return suggest(name, holder.fields) if isinstance(holder, GraphQLInputObjectType) else ""


def _shown(names: Sequence[str]) -> str:
    return ".".join(names)[:200]


def _named(type_: GraphQLInputType) -> GraphQLInputType:
    """Return a type without the lists and the requirement around it."""
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        type_ = type_.of_type
    return type_
