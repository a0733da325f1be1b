"""The root fields of the Metadata API about rights: those of the principal itself, and those of a role."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import BIG_INT, JSON, TEXT, list_of
from fieldstone.engine.schema.roots.mutation_notation import input_member
from fieldstone.engine.schema.roots.role_types import SETTING
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.roles.principal import SubjectKind
from fieldstone.metadata.roles.role import Action

ME: Final = "Me"
EXPLANATION: Final = "AccessExplanation"

_KINDS = {
    SubjectKind.API_KEY: "An API key.",
    SubjectKind.USER: "A user, known by the token of an identity provider or by a session.",
    SubjectKind.ANONYMOUS: "A visitor without a key or a token.",
}
_KIND = GraphQLEnumType(
    "PrincipalKind",
    {kind.value: GraphQLEnumValue(kind.value, description=meaning) for kind, meaning in _KINDS.items()},
    description="The kind of an identity.",
)
_ME = GraphQLObjectType(
    ME,
    {
        "kind": GraphQLField(GraphQLNonNull(_KIND), description="The kind of the identity."),
        "id": GraphQLField(GraphQLNonNull(SCALARS[scalars.UUID.name]), description="The id of the key or the user."),
        "name": GraphQLField(TEXT, description="The name of the key or the user, which records and events carry."),
        "role": GraphQLField(TEXT, description="The name of its role."),
        "workspace": GraphQLField(TEXT, description="The name of its workspace."),
        "settings": GraphQLField(
            list_of(SETTING),
            description="The parts of the administration that it may see and change.",
        ),
        "may": GraphQLField(
            GraphQLNonNull(JSON),
            description='The actions that it may do on some records, as `{ "*": ["read"] person: ["read", "create"] }`:'
            " `*` is all objects that are not named.",
        ),
        "modelVersion": GraphQLField(GraphQLNonNull(BIG_INT), description="The version of the model that says so."),
        "principal": GraphQLField(
            GraphQLNonNull(JSON), description="Its values that rules name as `$principal.NAME`, as `{ userId: .. }`."
        ),
        "key": GraphQLField(
            GraphQLString, description="The first characters of its API key, by which keys are told apart."
        ),
        "limits": GraphQLField(
            GraphQLNonNull(JSON),
            description="The limits that hold for it, as `{ maxPage maxCost rateLimit }`; null is no limit.",
        ),
        "version": GraphQLField(GraphQLString, description="The version of the server; null for visitors."),
        "environment": GraphQLField(TEXT, description="`production` or `development`."),
        "session": GraphQLField(
            SCALARS[scalars.UUID.name], description="The id of its session; null for a request without a cookie."
        ),
        "expiresAt": GraphQLField(
            SCALARS[scalars.DATE_TIME.name], description="When its session or token ends; null where no end is known."
        ),
    },
    description="The identity behind a request.",
)

_ACTION = GraphQLEnumType(
    "RoleAction",
    {action.name: GraphQLEnumValue(action.name, description=f"To {action.value} records.") for action in Action},
    description="An action on records.",
)
_QUESTION = GraphQLInputObjectType(
    "ExplainAccessInput",
    {
        "role": input_member(TEXT, "The name of the role."),
        "object": input_member(TEXT, "The nameSingular of the object."),
        "action": input_member(GraphQLNonNull(_ACTION), "The action."),
        "field": input_member(GraphQLString, "The field that is to be read or given; none: the whole record."),
        "recordId": input_member(SCALARS[scalars.UUID.name], "The record; any where it is left out."),
        "principal": input_member(SCALARS[scalars.JSON.name], 'The principal\'s values, as `{ userId: ".." }`.'),
    },
    description="A question about the rights of a role.",
)
_EXPLANATION = GraphQLObjectType(
    EXPLANATION,
    {
        "allowed": GraphQLField(GraphQLNonNull(GraphQLBoolean), description="Whether the role may do it."),
        "reason": GraphQLField(TEXT, description="The reason, with the terms of the rule that hold or do not."),
        "way": GraphQLField(
            SCALARS[scalars.JSON.name],
            description="The way that allows it, or the first one that does not, with the role that grants it.",
        ),
    },
    description="The answer to a question about the rights of a role.",
)

PRINCIPAL_TYPES: Final[Mapping[str, GraphQLNamedType]] = {
    type_.name: type_ for type_ in (_KIND, _ME, _ACTION, _QUESTION, _EXPLANATION)
}
"""The types that only these root fields use."""

PRINCIPAL_QUERIES: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "me": lambda _scope: GraphQLField(GraphQLNonNull(_ME), description="The identity behind this request."),
    "explainAccess": lambda _scope: GraphQLField(
        GraphQLNonNull(_EXPLANATION),
        args={"input": GraphQLArgument(GraphQLNonNull(_QUESTION), description="The question.")},
        description="Answers whether a role may act on records or fields, with the way that decides it.",
    ),
}
"""The root fields. Every role may ask for `me`."""
