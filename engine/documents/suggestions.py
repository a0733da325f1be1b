"""Names that messages about unknown ones suggest: close ones of the list, and ours for the names of other APIs.

The number of searches for one document is bounded, because a client chooses the names.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from graphql.pyutils import did_you_mean

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.api_names import Quantifier
from fieldstone.metadata.known_names import LONGEST_NAME, MOST_NAMES, Indexed, find_close

MOST_SEARCHES: Final = 3
"""Messages about one document that get a hint."""
SERVER_WRITTEN: Final = "server_written"
"""The extension of an input type: the names of fields that a client may read and only the server writes."""
UNKNOWN_MEMBER: Final = re.compile(
    r"Expected value of type '(?P<type>\w+)!?' not to include unknown field '(?P<name>\w+)'"
)
"""The message about a member that an input type does not have."""

_BEGINNING = " Did you mean"

_ARGUMENTS_ELSEWHERE: Final = MappingProxyType(
    {
        "filter": ("where", "condition"),
        "data": ("input", "object", "objects", "patch", "set", "_set"),
        "id": ("pk_columns",),
        "increment": ("_inc",),
        "append": ("_append",),
        "deletePath": ("_delete_at_path", "_delete_key"),
        "first": ("take", "pageSize", "per_page"),
        "offset": ("skip",),
        "query": ("searchInput",),
        "objects": ("includedObjectNameSingulars",),
    }
)
"""The names that other APIs have for our arguments: those of Hasura, PostGraphile, Prisma and Twenty's search."""

_OPERATORS_ELSEWHERE: Final = MappingProxyType(
    {
        "eq": ("equalTo", "equals"),
        "neq": ("notEqualTo", "ne"),
        "is: NULL": ("isNull", "_is_null", "is_null"),
        "gt": ("greaterThan",),
        "gte": ("greaterThanOrEqualTo",),
        "lt": ("lessThan",),
        "lte": ("lessThanOrEqualTo",),
        "contains": ("includes", "includesInsensitive"),
        "ilike": ("likeInsensitive",),
        "ieq": ("equalToInsensitive",),
    }
)
"""The names that they have for our operators."""

_PAYLOAD_ELSEWHERE: Final = "returning"
"""Hasura's field of the records that a mutation wrote; PostGraphile's has the name of the object."""

_ENUM = re.compile(r"Value '(?P<name>\w+)' does not exist in '(?P<type>\w+)' enum\.")
_QUOTED = re.compile(r"Enum '(?P<type>\w+)' cannot represent non-enum value: \"(?P<name>\w+)\"\.")
_ARGUMENT = re.compile(r"Unknown argument '(?P<name>\w+)' on field '(?P<type>\w+)\.(?P<field>\w+)'\.")
_FIELD = re.compile(r"Cannot query field '(?P<name>\w+)' on type '(?P<type>\w+)'\.")


def suggest(name: str, known: Collection[str], kind: str | None = None) -> str:
    """Return the sentence " Did you mean ..?" with the known names that are close to a name; empty without any."""
    return did_you_mean(find_close(name, known), kind)


def suggest_member(name: str, declared: GraphQLInputObjectType) -> str:
    """Return the sentence with the members of an input that are close to a name.

    In a filter of a to-many relation the name may be that of a field of its records, which `some` leads to, among
    operators it may be that of another API, and in the data of a record as it was read that of a field which only the
    server writes.
    """
    server_written = declared.extensions.get(SERVER_WRITTEN, ())
    if name in server_written:
        return f"{_BEGINNING} to leave it out? Only the server writes {' and '.join(server_written)}."
    fields = declared.fields
    some = fields[Quantifier.SOME.value].type if {*fields} == {one.value for one in Quantifier} else None
    if isinstance(some, GraphQLInputObjectType) and name in some.fields:
        return did_you_mean([f"{Quantifier.SOME.value}: {{ {name}: .. }}"])
    ours = _ours(name, _OPERATORS_ELSEWHERE, fields) if "isNot" in fields else None
    return suggest(name, fields) if ours is None else did_you_mean([ours])


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
    patterns = (_ENUM, _QUOTED, UNKNOWN_MEMBER, _ARGUMENT, _FIELD)
    return next((found for pattern in patterns if (found := pattern.match(message))), None)


def _suggest_for(schema: GraphQLSchema, match: re.Match[str]) -> str:
    name = match["name"]
    match schema.type_map.get(match["type"]):
        case GraphQLEnumType(values=values):
            return suggest(name, values, "the enum value")
        case GraphQLInputObjectType() as declared:
            return suggest_member(name, declared)
        case GraphQLObjectType(fields=fields) if "field" not in match.groupdict():
            return _suggest_own(name, match["type"]) or _suggest_field(name, fields)
        case GraphQLObjectType(fields=fields) if (field := fields.get(match["field"])) is not None:
            ours = _ours(name, _ARGUMENTS_ELSEWHERE, field.args)
            return suggest(name, field.args) if ours is None else did_you_mean([ours])
        case _:
            return ""


def _suggest_own(name: str, type_: str) -> str:
    """Return the sentence about a field in which other APIs have the record that a mutation wrote; empty for others."""
    is_payload = name == _PAYLOAD_ELSEWHERE or name[:1].upper() + name[1:] == type_
    return f"{_BEGINNING} the fields of '{type_}' themselves, without '{name} {{ .. }}'?" if is_payload else ""


def _suggest_field(name: str, fields: Mapping[str, GraphQLField]) -> str:
    """Return the sentence with the fields of a type that are close to a name.

    On a connection the name may be that of a field of its records, or `nodes`, as other APIs call them.
    """
    edge = get_named_type(fields["edges"].type) if {"edges", "pageInfo"} <= {*islice(fields, MOST_NAMES)} else None
    # A record, too, may have fields of these names.
    node = edge.fields.get("node") if isinstance(edge, GraphQLObjectType) else None
    if node is not None:
        if name == "nodes":
            return did_you_mean(["edges { node { .. } }"])
        record = get_named_type(node.type)
        if isinstance(record, GraphQLObjectType) and name in record.fields:
            return did_you_mean([f"edges {{ node {{ {name} }} }}"])
    # The names of the roots of a large model are not even counted: their index is made once for all searches.
    names: Collection[str] = [*islice(fields, MOST_NAMES + 1)]
    if len(names) > MOST_NAMES and isinstance(fields, Indexed) and len(name) <= LONGEST_NAME:
        names = fields.index.near(name)
    return suggest(name, names)


def _ours(name: str, elsewhere: Mapping[str, Collection[str]], known: Collection[str]) -> str | None:
    """Return our name in the place of that of another API, if it is one of the known ones; None: there is none."""
    return next((ours for ours, names in elsewhere.items() if name in names and ours.partition(":")[0] in known), None)
