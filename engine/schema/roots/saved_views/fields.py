"""The root fields of saved views and preferences, with the types that only they use."""

from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.engine.schema.roots.mutation_notation import mutation
from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import (
    DATE_TIME,
    FLAG,
    JSON,
    TEXT,
    UUID,
    InputMember,
    enum_of,
    fixed,
    input_type_of,
    list_of,
    root_field,
    type_of,
)
from fieldstone.metadata.saved_views.saved_view import ViewKind

VIEW: Final = "View"

_TIME = GraphQLNonNull(DATE_TIME)

_KIND = enum_of(
    "ViewKind",
    "The kind of a saved view.",
    {
        ViewKind.TABLE.value: "Records as rows.",
        ViewKind.KANBAN.value: "Records as cards, in a column for each option of a SELECT.",
    },
)
_SCOPE = enum_of(
    "PreferenceScope",
    "The owner of preferences.",
    {
        "PRINCIPAL": "Those of the key or the user.",
        "WORKSPACE": "Those of all in the workspace.",
    },
)
_COLUMN = type_of(
    "ViewColumn",
    "A column of a saved view.",
    {
        "field": (TEXT, "The name of the field."),
        "width": (GraphQLInt, "Its width in pixels; null: as the client likes."),
        "visible": (FLAG, "Whether it is shown."),
    },
)
_VIEW = type_of(
    VIEW,
    "The columns, the filter and the order under which somebody looks at the records of an object.",
    {
        "id": (GraphQLNonNull(UUID), "The view's id."),
        "object": (TEXT, "The nameSingular of its object."),
        "kind": (GraphQLNonNull(_KIND), "Its kind."),
        "name": (TEXT, "Its name."),
        "columns": (list_of(_COLUMN), "Its columns, in their order."),
        "filter": (JSON, "Its filter in the language of the API; null: all records."),
        "orderBy": (JSON, "Its order, a list for the argument orderBy; null: none."),
        "boardField": (GraphQLString, "The SELECT whose options are the columns of a board."),
        "shared": (FLAG, "Whether others see it, those that read its object."),
        "isMine": (FLAG, "Whether it belongs to the key or the user of the request."),
        "ownerName": (TEXT, "The name of the key or the user that it belongs to."),
        "missing": (
            GraphQLNonNull(GraphQLList(TEXT)),
            "The names of deleted fields, which have left columns, filter and order.",
        ),
        "createdAt": (_TIME, "When it was made."),
        "updatedAt": (_TIME, "The time of its last change."),
    },
)

_COLUMN_INPUT = input_type_of(
    "ViewColumnInput",
    "A column of a saved view.",
    {
        "field": (TEXT, "The name of the field."),
        "width": (GraphQLInt, "Its width in pixels."),
        "visible": (GraphQLBoolean, "Whether it is shown; true where it is left out."),
    },
)


def _members(*, required: bool) -> dict[str, InputMember]:
    return {
        "name": (TEXT if required else GraphQLString, "Its name."),
        "kind": (_KIND, "Its kind; TABLE where it is left out." if required else "Its kind."),
        "columns": (GraphQLList(GraphQLNonNull(_COLUMN_INPUT)), "Its columns, in their order."),
        "filter": (JSON, 'Its filter, as `{ city: { eq: "Berlin" } }`; null: all records.'),
        "orderBy": (JSON, 'Its order, as `[{ createdAt: "DESC" }]`; null: none.'),
        "boardField": (GraphQLString, "The SELECT whose options are the columns of a KANBAN view."),
        "shared": (GraphQLBoolean, "Whether others see it."),
    }


_CREATE = input_type_of(
    "CreateViewInput",
    "A view to save.",
    {"object": (TEXT, "The nameSingular of its object."), **_members(required=True)},
)
_UPDATE = input_type_of("UpdateViewInput", "The members of a view to change; others stay.", _members(required=False))

VIEW_TYPES: Final = fixed(_KIND, _SCOPE, _COLUMN, _VIEW, _COLUMN_INPUT, _CREATE, _UPDATE)
"""The types that only these root fields use."""

_SCOPE_ARGUMENT = GraphQLArgument(_SCOPE, default_value="PRINCIPAL", description="Whose preferences.")

VIEW_QUERIES: Final[FieldBuilders] = {
    "views": root_field(
        list_of(_VIEW),
        "The saved views of the key or the user and the shared ones, in the order in which they were made.",
        {"object": (GraphQLString, "The nameSingular of an object; of all if left out.")},
    ),
    "preferences": lambda _scope: GraphQLField(
        GraphQLNonNull(JSON),
        args={"scope": _SCOPE_ARGUMENT},
        description="The preferences, `{}` where there are none.",
    ),
}
VIEW_FIELDS: Final[FieldBuilders] = {
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
