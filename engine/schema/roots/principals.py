"""The root field of the Metadata API that tells a principal about itself."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.roots.role_types import SETTING
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.roles.principal import SubjectKind

ME: Final = "Me"

_TEXT = GraphQLNonNull(GraphQLString)
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
        "name": GraphQLField(_TEXT, description="The name of the key or the user, which records and events carry."),
        "role": GraphQLField(_TEXT, description="The name of its role."),
        "workspace": GraphQLField(_TEXT, description="The name of its workspace."),
        "settings": GraphQLField(
            GraphQLNonNull(GraphQLList(GraphQLNonNull(SETTING))),
            description="The parts of the administration that it may see and change.",
        ),
    },
    description="The identity behind a request.",
)

PRINCIPAL_TYPES: Final = {type_.name: type_ for type_ in (_KIND, _ME)}
"""The types that only this root field uses."""

PRINCIPAL_QUERIES: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "me": lambda _scope: GraphQLField(GraphQLNonNull(_ME), description="The identity behind this request."),
}
"""The root field; every role may ask for it."""
