"""The root fields of tokens of identity providers and of sessions, with the types that only they use."""

from typing import Final

from graphql import GraphQLBoolean, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.roots.mutation_notation import mutation
from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import DATE_TIME, TEXT, fixed, input_type_of, list_of, root_field, type_of

_INPUT = input_type_of(
    "DenyTokensInput",
    "Tokens to deny: one by its id, or those of a subject.",
    {
        "issuer": (TEXT, "The issuer of the tokens: their claim `iss`."),
        "jwtId": (GraphQLString, "The claim `jti` of one token."),
        "subject": (GraphQLString, "The claim `sub`: all of its tokens up to now are denied."),
        "withKeys": (
            GraphQLBoolean,
            "Also revoke the API keys that the subject has made, and those that these have made.",
        ),
        "expiresAt": (
            DATE_TIME,
            "When the last of these tokens ends, and the denial with it; never where it is left out.",
        ),
    },
)

_ALLOWED_INPUT = input_type_of(
    "AllowTokensInput",
    "Tokens to allow again: one by its id, or those of a subject.",
    {
        "issuer": (TEXT, "The issuer of the tokens: their claim `iss`."),
        "jwtId": (GraphQLString, "The claim `jti` of the one token that was denied."),
        "subject": (GraphQLString, "The claim `sub` whose tokens were denied."),
    },
)

DENIED_TOKENS: Final = "DeniedTokens"
_DENIED = type_of(
    DENIED_TOKENS,
    "Denied tokens.",
    {
        "issuer": (TEXT, "The issuer of the tokens."),
        "jwtId": (GraphQLString, "The id of the one token; null for those of a subject."),
        "subject": (GraphQLString, "The subject; null for one token."),
        "deniedAt": (GraphQLNonNull(DATE_TIME), "Tokens of a subject that were issued later are served."),
        "expiresAt": (DATE_TIME, "When the denial ends, null for never."),
    },
)

TOKEN_TYPES: Final = fixed(_INPUT, _ALLOWED_INPUT, _DENIED)
"""The types that only these root fields use."""

TOKEN_FIELDS: FieldBuilders = {
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

TOKEN_QUERIES: Final[FieldBuilders] = {
    "deniedTokens": root_field(
        list_of(_DENIED),
        "The denials in force, the newest first, and at most 1,000.",
        {
            "issuer": (GraphQLString, "An issuer; of all if left out."),
            "subject": (GraphQLString, "A subject; denials of all tokens if left out."),
        },
    ),
}
"""The queries; `sessions` is one of the catalog's objects."""
