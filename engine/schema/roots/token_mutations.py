"""The root fields of tokens of identity providers and of sessions, with the types that only they use."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import DATE_TIME, TEXT
from fieldstone.engine.schema.roots.mutation_notation import input_member, mutation
from fieldstone.engine.schema.scope import TypeScope

_INPUT = GraphQLInputObjectType(
    "DenyTokensInput",
    {
        "issuer": input_member(TEXT, "The issuer of the tokens: their claim `iss`."),
        "jwtId": input_member(GraphQLString, "The claim `jti` of one token."),
        "subject": input_member(GraphQLString, "The claim `sub`: all of its tokens up to now are denied."),
        "expiresAt": input_member(
            DATE_TIME, "When the last of these tokens ends, and the denial with it; never where it is left out."
        ),
    },
    description="Tokens to deny: one by its id, or those of a subject.",
)

_ALLOWED_INPUT = GraphQLInputObjectType(
    "AllowTokensInput",
    {
        "issuer": input_member(TEXT, "The issuer of the tokens: their claim `iss`."),
        "jwtId": input_member(GraphQLString, "The claim `jti` of the one token that was denied."),
        "subject": input_member(GraphQLString, "The claim `sub` whose tokens were denied."),
    },
    description="Tokens to allow again: one by its id, or those of a subject.",
)

DENIED_TOKENS: Final = "DeniedTokens"
_DENIED = GraphQLObjectType(
    DENIED_TOKENS,
    {
        "issuer": GraphQLField(TEXT, description="The issuer of the tokens."),
        "jwtId": GraphQLField(GraphQLString, description="The id of the one token; null for those of a subject."),
        "subject": GraphQLField(GraphQLString, description="The subject; null for one token."),
        "deniedAt": GraphQLField(
            GraphQLNonNull(DATE_TIME), description="Tokens of a subject that were issued later are served."
        ),
        "expiresAt": GraphQLField(DATE_TIME, description="When the denial ends, null for never."),
    },
    description="Denied tokens.",
)

TOKEN_TYPES: Mapping[str, Callable[[TypeScope], GraphQLInputObjectType | GraphQLObjectType]] = {
    _INPUT.name: lambda _: _INPUT,
    _ALLOWED_INPUT.name: lambda _: _ALLOWED_INPUT,
    _DENIED.name: lambda _: _DENIED,
}
"""The types that only these root fields use."""

TOKEN_FIELDS: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "denyTokens": mutation(
        _DENIED.name,
        "Denies tokens of an identity provider: no request of this workspace that carries one is served any more.",
        input_name=_INPUT.name,
        input_description="The tokens.",
    ),
    "allowTokens": mutation(
        _DENIED.name,
        "Lifts a denial, and answers with it: the tokens that still hold are served again.",
        input_name=_ALLOWED_INPUT.name,
        input_description="The tokens.",
    ),
    "revokeSession": mutation("Session", "Ends a person's session: its browser must sign in again.", by_id=True),
}
"""The mutations; the snapshot must have the object `session`."""

TOKEN_QUERIES: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "deniedTokens": lambda scope: GraphQLField(
        GraphQLNonNull(GraphQLList(GraphQLNonNull(scope.object_type(_DENIED.name)))),
        args={
            "issuer": GraphQLArgument(GraphQLString, description="An issuer; of all if left out."),
            "subject": GraphQLArgument(GraphQLString, description="A subject; denials of all tokens if left out."),
        },
        description="The denials in force, the newest first, and at most 1,000.",
    ),
}
"""The queries; `sessions` is one of the catalog's objects."""
