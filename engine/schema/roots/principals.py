"""The root fields of the Metadata API about rights: those of the principal itself, and those of a role."""

from typing import Final

from graphql import GraphQLList, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.roots.role_types import SETTING
from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import (
    BIG_INT,
    DATE_TIME,
    FLAG,
    JSON,
    TEXT,
    UUID,
    enum_of,
    fixed,
    input_type_of,
    list_of,
    root_field,
    type_of,
)
from fieldstone.metadata.roles.principal import SubjectKind
from fieldstone.metadata.roles.role import Action

ME: Final = "Me"
FIELD_RIGHTS: Final = "FieldRights"
EXPLANATION: Final = "AccessExplanation"

_KINDS = {
    SubjectKind.API_KEY: "An API key.",
    SubjectKind.USER: "A user, known by the token of an identity provider or by a session.",
    SubjectKind.ANONYMOUS: "A visitor without a key or a token.",
}
_KIND = enum_of("PrincipalKind", "The kind of an identity.", {kind.value: meaning for kind, meaning in _KINDS.items()})
_MAY = (
    'The actions that it may do on some records, as `{ "*": ["read"] person: ["read", "create"] }`:'
    " `*` is all objects that are not named. `aggregate` stands where it may count, aggregate and group them."
)
_ME = type_of(
    ME,
    "The identity behind a request.",
    {
        "kind": (GraphQLNonNull(_KIND), "The kind of the identity."),
        "id": (GraphQLNonNull(UUID), "The id of the key or the user."),
        "name": (TEXT, "The name of the key or the user, which records and events carry."),
        "role": (TEXT, "The name of its role."),
        "workspace": (TEXT, "The name of its workspace."),
        "settings": (list_of(SETTING), "The parts of the administration that it may see and change."),
        "may": (GraphQLNonNull(JSON), _MAY),
        "modelVersion": (GraphQLNonNull(BIG_INT), "The version of the model that says so."),
        "principal": (GraphQLNonNull(JSON), "Its values that rules name as `$principal.NAME`, as `{ userId: .. }`."),
        "key": (GraphQLString, "The first characters of its API key, by which keys are told apart."),
        "limits": (
            GraphQLNonNull(JSON),
            "The limits that hold for it, as `{ maxPage maxCost rateLimit }`; null is no limit.",
        ),
        "version": (GraphQLString, "The version of the server; null for visitors."),
        "environment": (TEXT, "`production` or `development`."),
        "session": (UUID, "The id of its session; null for a request without a cookie."),
        "expiresAt": (DATE_TIME, "When its session or token ends; null where no end is known."),
    },
)

_FIELD_RIGHTS = type_of(
    FIELD_RIGHTS,
    "The fields of an object by the actions that the identity may do with them, on some records at least.",
    {
        "object": (TEXT, "The object's nameSingular."),
        "objectMetadataId": (GraphQLNonNull(UUID), "The object's id."),
        "read": (list_of(GraphQLString), "The names of the fields that it reads."),
        "readInSome": (list_of(GraphQLString), "The names of those that it reads in some records, null in the others."),
        "create": (list_of(GraphQLString), "The names of those that it may give at a create."),
        "update": (list_of(GraphQLString), "The names of those that it may give at an update."),
    },
)

_ACTION = enum_of(
    "RoleAction", "An action on records.", {action.name: f"To {action.value} records." for action in Action}
)
_QUESTION = input_type_of(
    "ExplainAccessInput",
    "A question about the rights of a role.",
    {
        "role": (TEXT, "The name of the role."),
        "object": (TEXT, "The nameSingular of the object."),
        "action": (GraphQLNonNull(_ACTION), "The action."),
        "field": (GraphQLString, "The field that is to be read or given; none: the whole record."),
        "recordId": (UUID, "The record; any where it is left out."),
        "principal": (JSON, 'The principal\'s values, as `{ userId: ".." }`.'),
    },
)
_EXPLANATION = type_of(
    EXPLANATION,
    "The answer to a question about the rights of a role.",
    {
        "allowed": (FLAG, "Whether the role may do it."),
        "reason": (TEXT, "The reason, with the terms of the rule that hold or do not."),
        "way": (JSON, "The way that allows it, or the first one that does not, with the role that grants it."),
    },
)

PRINCIPAL_TYPES: Final = fixed(_KIND, _ME, _FIELD_RIGHTS, _ACTION, _QUESTION, _EXPLANATION)
"""The types that only these root fields use."""

PRINCIPAL_QUERIES: FieldBuilders = {
    "me": root_field(GraphQLNonNull(_ME), "The identity behind this request."),
    "fieldRights": root_field(
        list_of(_FIELD_RIGHTS),
        "The fields of objects that the identity behind this request may read and give, for forms.",
        {
            "objects": (
                GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString))),
                "The nameSingulars or ids of up to 200 objects.",
            )
        },
    ),
    "explainAccess": root_field(
        GraphQLNonNull(_EXPLANATION),
        "Answers whether a role may act on records or fields, with the way that decides it.",
        {"input": (GraphQLNonNull(_QUESTION), "The question.")},
    ),
}
"""The root fields. Every role may ask for `me` and `fieldRights`."""
