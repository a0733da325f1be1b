"""The inputs of roles, and the types that only they use."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from fieldstone.engine.schema.values.notation import JSON, TEXT, InputMember, enum_of, fixed, input_type_of
from fieldstone.metadata.access.role_reader import WAY_MEMBERS
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES
from fieldstone.metadata.roles.role import Action, Setting

NullableInput = GraphQLScalarType | GraphQLEnumType | GraphQLInputObjectType | GraphQLList[Any]


def _list(item: NullableInput) -> GraphQLList[Any]:
    return GraphQLList(GraphQLNonNull(item))


_SETTINGS = {
    Setting.DATA_MODEL: "Objects, fields and indexes; needs unconditional read of all objects.",
    Setting.ROLES: "Roles, and their binding to keys and webhooks.",
    Setting.API_KEYS: "API keys.",
    Setting.WEBHOOKS: "Webhooks and their deliveries.",
    Setting.HISTORY: "The history of the model.",
    Setting.METRICS: "The metrics of the server, and its slow operations.",
    Setting.AUDIT: "The audit log.",
    Setting.IMPERSONATE: "Requests in another role, with other principal's values.",
    Setting.DOCUMENTS: "Trusted documents.",
    Setting.EXPLAIN: "The plans of operations, with PostgreSQL's estimates.",
}
SETTING = enum_of(
    "RoleSetting",
    "A part of the administration of a workspace.",
    {setting.value: meaning for setting, meaning in _SETTINGS.items()},
)
_CLAIM_TYPE = enum_of(
    "RoleClaimType",
    "The type of a principal's value.",
    {name: scalar.description for name, scalar in CLAIM_TYPES.items()},
)

_CLAIM = input_type_of(
    "RoleClaimInput",
    "A principal's value that the rules of a role name; a principal without it may do nothing.",
    {
        "name": (TEXT, "The name after `$principal.`."),
        "type": (GraphQLNonNull(_CLAIM_TYPE), "The type of the value, or of each item of a list."),
        "isList": (GraphQLBoolean, "True: the value is a list."),
        "mayLack": (GraphQLBoolean, "True: a principal without this list has an empty one."),
    },
)
_LIMITS = input_type_of(
    "RoleLimitsInput",
    "The limits of a role's requests; those of the server hold where they are lower.",
    {
        "maxPage": (GraphQLInt, "The largest page."),
        "maxCost": (GraphQLInt, "The highest price of an operation."),
        "rateLimit": (GraphQLInt, "Operations in a window of the rate limit."),
    },
)
_FIELDS = input_type_of(
    "RoleFieldsInput",
    "Fields of an object by their names; one of the two members.",
    {
        "only": (_list(GraphQLString), "These fields, and none that comes later."),
        "allBut": (_list(GraphQLString), "All fields but these, those that come later among them."),
    },
)
_CHECK = (
    "A filter that the record fulfils as it is written. Without one the result of an update fulfils the rule;"
    " `{}` lifts that."
)
_WAY_TYPES: Mapping[str, InputMember] = {
    "rule": (JSON, "The records: a filter of the object, which may name `$principal.` values. Left out: all."),
    "fields": (_FIELDS, "The fields that may be read, or given; all where it is left out."),
    "check": (JSON, _CHECK),
    "preset": (JSON, "Data of the object that is written whatever the client gives."),
}
_WAYS = {
    action: input_type_of(
        f"Role{action.value.title()}Input",
        f"A way to {action.value} records; `{{}}` is without a restriction.",
        {name: _WAY_TYPES[name] for name in WAY_MEMBERS[action]},
    )
    for action in Action
}
_DONE = {
    Action.READ: "read",
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.RESTORE: "restored",
    Action.DESTROY: "destroyed",
}
_GRANT = input_type_of(
    "RoleGrantInput",
    "The rights on an object. A grant for one object replaces the one for all, in every action.",
    {
        "object": (TEXT, "The nameSingular of an object; `*` for all that have no grant of their own."),
        "aggregates": (GraphQLBoolean, "False: the records may be read, and not be counted, aggregated or grouped."),
        **{
            action.value: (
                _list(_WAYS[action]),
                f"How records may be {done}, in one way or several. Left out or null: not at all.",
            )
            for action, done in _DONE.items()
        },
    },
)

ROLE_SHAPES: Final[Mapping[Shape, NullableInput]] = {
    Shape.ROLE_NAME: GraphQLString,
    Shape.ROLES: _list(GraphQLString),
    Shape.CLAIMS: _list(_CLAIM),
    Shape.LIMITS: _LIMITS,
    Shape.SETTINGS: _list(SETTING),
    Shape.GRANTS: _list(_GRANT),
}
"""The types of a role's members by their shapes."""

ROLE_TYPES: Final = fixed(SETTING, _CLAIM_TYPE, _CLAIM, _LIMITS, _FIELDS, *_WAYS.values(), _GRANT)
"""The types that only the inputs of roles use."""
