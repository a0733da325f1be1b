"""The root fields of saved views and preferences, with the types that only they use."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import FLAG, JSON, TEXT, list_of
from fieldstone.engine.schema.roots.mutation_notation import input_member, mutation
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.saved_views.saved_view import ViewKind

VIEW: Final = "View"

_TIME = GraphQLNonNull(SCALARS[scalars.DATE_TIME.name])

_KIND = GraphQLEnumType(
    "ViewKind",
    {
        ViewKind.TABLE.value: GraphQLEnumValue(ViewKind.TABLE.value, description="Records as rows."),
        ViewKind.KANBAN.value: GraphQLEnumValue(
            ViewKind.KANBAN.value, description="Records as cards, in a column for each option of a SELECT."
        ),
    },
    description="The kind of a saved view.",
)
_SCOPE = GraphQLEnumType(
    "PreferenceScope",
    {
        "PRINCIPAL": GraphQLEnumValue("PRINCIPAL", description="Those of the key or the user."),
        "WORKSPACE": GraphQLEnumValue("WORKSPACE", description="Those of all in the workspace."),
    },
    description="The owner of preferences.",
)
_COLUMN = GraphQLObjectType(
    "ViewColumn",
    {
        "field": GraphQLField(TEXT, description="The name of the field."),
        "width": GraphQLField(GraphQLInt, description="Its width in pixels; null: as the client likes."),
        "visible": GraphQLField(FLAG, description="Whether it is shown."),
    },
    description="A column of a saved view.",
)
_VIEW = GraphQLObjectType(
    VIEW,
    {
        "id": GraphQLField(GraphQLNonNull(SCALARS[scalars.UUID.name]), description="The view's id."),
        "object": GraphQLField(TEXT, description="The nameSingular of its object."),
        "kind": GraphQLField(GraphQLNonNull(_KIND), description="Its kind."),
        "name": GraphQLField(TEXT, description="Its name."),
        "columns": GraphQLField(list_of(_COLUMN), description="Its columns, in their order."),
        "filter": GraphQLField(JSON, description="Its filter in the language of the API; null: all records."),
        "orderBy": GraphQLField(JSON, description="Its order, a list for the argument orderBy; null: none."),
        "boardField": GraphQLField(GraphQLString, description="The SELECT whose options are the columns of a board."),
        "shared": GraphQLField(FLAG, description="Whether others see it, those that read its object."),
        "isMine": GraphQLField(FLAG, description="Whether it belongs to the key or the user of the request."),
        "ownerName": GraphQLField(TEXT, description="The name of the key or the user that it belongs to."),
        "missing": GraphQLField(
            GraphQLNonNull(GraphQLList(TEXT)),
            description="The names of deleted fields, which have left columns, filter and order.",
        ),
        "createdAt": GraphQLField(_TIME, description="When it was made."),
        "updatedAt": GraphQLField(_TIME, description="The time of its last change."),
    },
    description="The columns, the filter and the order under which somebody looks at the records of an object.",
)

_COLUMN_INPUT = GraphQLInputObjectType(
    "ViewColumnInput",
    {
        "field": input_member(TEXT, "The name of the field."),
        "width": input_member(GraphQLInt, "Its width in pixels."),
        "visible": input_member(GraphQLBoolean, "Whether it is shown; true where it is left out."),
    },
    description="A column of a saved view.",
)


def _members(*, required: bool) -> dict[str, GraphQLInputField]:
    return {
        "name": input_member(TEXT if required else GraphQLString, "Its name."),
        "kind": input_member(_KIND, "Its kind; TABLE where it is left out." if required else "Its kind."),
        "columns": input_member(GraphQLList(GraphQLNonNull(_COLUMN_INPUT)), "Its columns, in their order."),
        "filter": input_member(JSON, 'Its filter, as `{ city: { eq: "Berlin" } }`; null: all records.'),
        "orderBy": input_member(JSON, 'Its order, as `[{ createdAt: "DESC" }]`; null: none.'),
        "boardField": input_member(GraphQLString, "The SELECT whose options are the columns of a KANBAN view."),
        "shared": input_member(GraphQLBoolean, "Whether others see it."),
    }


_CREATE = GraphQLInputObjectType(
    "CreateViewInput",
    {"object": input_member(TEXT, "The nameSingular of its object."), **_members(required=True)},
    description="A view to save.",
)
_UPDATE = GraphQLInputObjectType(
    "UpdateViewInput", _members(required=False), description="The members of a view to change; others stay."
)

VIEW_TYPES: Final[Mapping[str, Callable[[TypeScope], GraphQLNamedType]]] = {
    type_.name: lambda _scope, type_=type_: type_  # type: ignore[misc]  # its own
    for type_ in (_KIND, _SCOPE, _COLUMN, _VIEW, _COLUMN_INPUT, _CREATE, _UPDATE)
}
"""The types that only these root fields use."""

_SCOPE_ARGUMENT = GraphQLArgument(_SCOPE, default_value="PRINCIPAL", description="Whose preferences.")

VIEW_QUERIES: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "views": lambda _scope: GraphQLField(
        list_of(_VIEW),
        args={
            "object": GraphQLArgument(GraphQLString, description="The nameSingular of an object; of all if left out.")
        },
        description="The saved views of the key or the user and the shared ones, in the order in which they were made.",
    ),
    "preferences": lambda _scope: GraphQLField(
        GraphQLNonNull(JSON),
        args={"scope": _SCOPE_ARGUMENT},
        description="The preferences, `{}` where there are none.",
    ),
}
VIEW_FIELDS: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "createView": mutation(VIEW, "Saves a view.", input_name=_CREATE.name, input_description="The view."),
    "updateView": mutation(
        VIEW,
        "Changes a view: one's own, or with the setting ROLES a shared one.",
        by_id=True,
        input_name=_UPDATE.name,
        input_description="The members to change.",
    ),
    "deleteView": mutation(VIEW, "Deletes a view and answers with it as it was.", by_id=True),
    "setPreferences": lambda _scope: GraphQLField(
        GraphQLNonNull(JSON),
        args={
            "patch": GraphQLArgument(
                GraphQLNonNull(JSON), description="A JSON merge patch: null removes a member (RFC 7396)."
            ),
            "scope": _SCOPE_ARGUMENT,
        },
        description="Merges a patch into preferences and answers with them; 64 KiB at most.",
    ),
}
"""The root fields. Every role may ask for them; the preferences of the workspace are changed with DATA_MODEL."""
