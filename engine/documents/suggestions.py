"""Close names in messages, for short closed lists: arguments, input fields such as operators, enum values.

The number of searches for one document is bounded, because a client chooses the names.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from graphql import GraphQLEnumType, GraphQLInputField, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema
from graphql.pyutils import did_you_mean

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.api_names import Quantifier
from fieldstone.metadata.known_names import find_close

MOST_SEARCHES: Final = 3
"""Messages about one document that get a hint."""
UNKNOWN_MEMBER: Final = re.compile(
    r"Expected value of type '(?P<type>\w+)!?' not to include unknown field '(?P<name>\w+)'"
)
"""The message about a member that an input type does not have."""

_BEGINNING = " Did you mean"

_ENUM = re.compile(r"Value '(?P<name>\w+)' does not exist in '(?P<type>\w+)' enum\.")
_QUOTED = re.compile(r"Enum '(?P<type>\w+)' cannot represent non-enum value: \"(?P<name>\w+)\"\.")
_ARGUMENT = re.compile(r"Unknown argument '(?P<name>\w+)' on field '(?P<type>\w+)\.(?P<field>\w+)'\.")


def suggest(name: str, known: Collection[str], kind: str | None = None) -> str:
    """Return the sentence " Did you mean ..?" with the known names that are close to a name; empty without any."""
    return did_you_mean(find_close(name, known), kind)


def suggest_member(name: str, fields: Mapping[str, GraphQLInputField]) -> str:
    """Return the sentence with the members of an input that are close to a name.

    In a filter of a to-many relation the name may be that of a field of its records, which `some` leads to.
    """
    some = fields[Quantifier.SOME.value].type if {*fields} == {one.value for one in Quantifier} else None
    if isinstance(some, GraphQLInputObjectType) and name in some.fields:
        return did_you_mean([f"{Quantifier.SOME.value}: {{ {name}: .. }}"])
    return suggest(name, fields)


class Suggesting:
    """A block that errors leave without the sentence that suggests names, unless it is allowed.

    It is a class, as the values of each operation's variables are read in one: a generator takes three times as long.
    """

    __slots__ = ("_allowed",)

    def __init__(self, *, allowed: bool) -> None:
        self._allowed = allowed

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Take the sentence out of the error's message."""
        if not self._allowed and isinstance(error, BadUserInput):
            error.message = error.message.partition(_BEGINNING)[0]


def add_suggestions(schema: GraphQLSchema, messages: Iterable[str]) -> list[str]:
    """Return graphql-core's messages about a document, the first ones with suggestions."""
    searches = 0
    found = []
    for message in messages:
        added = ""
        if searches < MOST_SEARCHES and (match := _match(message)):
            searches += 1
            added = _suggest_for(schema, match)
        found.append(message + added)
    return found


def _match(message: str) -> re.Match[str] | None:
    return _ENUM.match(message) or _QUOTED.match(message) or UNKNOWN_MEMBER.match(message) or _ARGUMENT.match(message)


def _suggest_for(schema: GraphQLSchema, match: re.Match[str]) -> str:
    name = match["name"]
    match schema.type_map.get(match["type"]):
        case GraphQLEnumType(values=values):
            return suggest(name, values, "the enum value")
        case GraphQLInputObjectType(fields=fields):
            return suggest_member(name, fields)
        case GraphQLObjectType(fields=fields) if (field := fields.get(match["field"])) is not None:
            return suggest(name, field.args)
        case _:
            return ""
