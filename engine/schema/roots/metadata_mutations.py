"""The mutations of the Metadata API, with the inputs that only they take."""

from collections.abc import Callable, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.roots.metadata_changes import CHANGE_FIELDS, CHANGE_TYPES
from fieldstone.engine.schema.roots.mutation_notation import input_member as _member
from fieldstone.engine.schema.roots.webhook_mutations import WEBHOOK_FIELDS, WEBHOOK_TYPES
from fieldstone.engine.schema.scope import MutationSet, TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

_UUID = SCALARS[scalars.UUID.name]
_DATE_TIME = SCALARS[scalars.DATE_TIME.name]
_JSON = SCALARS[scalars.JSON.name]
_REQUIRED_TEXT = GraphQLNonNull(GraphQLString)


_CREATE_OBJECT_INPUT = GraphQLInputObjectType(
    "CreateObjectInput",
    {
        "nameSingular": _member(_REQUIRED_TEXT, "The name of one record, in camelCase: person."),
        "namePlural": _member(_REQUIRED_TEXT, "The name of several records, in camelCase: people."),
        "labelSingular": _member(_REQUIRED_TEXT, "What people call one record: Person."),
        "labelPlural": _member(_REQUIRED_TEXT, "What people call several records: People."),
        "description": _member(GraphQLString, "What the object stands for."),
        "icon": _member(GraphQLString, "The name of an icon."),
        "skipNameField": _member(GraphQLBoolean, "True: the object gets no field `name`."),
    },
    description="An object to create. It starts with the fields that every object has.",
)


def _create_field_input(scope: TypeScope) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(
        "CreateFieldInput",
        lambda: {
            "objectMetadataId": _member(GraphQLNonNull(_UUID), "The id of the object that the field is added to."),
            "type": _member(GraphQLNonNull(scope.enum_type("FieldTypeEnum")), "The field's type, fixed for good."),
            "name": _member(_REQUIRED_TEXT, "The field's name, in camelCase: jobTitle."),
            "label": _member(_REQUIRED_TEXT, "What people call the field: Job title."),
            "description": _member(GraphQLString, "What the field stands for."),
            "icon": _member(GraphQLString, "The name of an icon."),
            "defaultValue": _member(
                _JSON, "The value of a record that is created without one; `now` and `uuid` are computed."
            ),
            "options": _member(_JSON, "For SELECT: a list of `{ value label color position }`."),
            "settings": _member(
                _JSON, "What belongs to the type: `{ dataType }` of NUMBER, `{ onDelete }` of RELATION."
            ),
            "isActive": _member(GraphQLBoolean, "False: the field is kept, but not shown in the API."),
            "isNullable": _member(GraphQLBoolean, "False: a record must have a value."),
            "isUnique": _member(GraphQLBoolean, "True: no two records may have the same value."),
            "relationCreationPayload": _member(
                _JSON,
                "For RELATION, its other end: `{ targetObjectMetadataId targetFieldLabel targetFieldName"
                " targetFieldIcon type }`; `type` is MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE or MANY_TO_MANY, which takes"
                " `junctionNameSingular junctionNamePlural` too.",
            ),
            "morphRelationsCreationPayload": _member(
                _JSON,
                "For MORPH_RELATION, a list of its targets: `{ targetObjectMetadataId targetFieldLabel targetFieldName"
                " targetFieldIcon }`.",
            ),
        },
        description="A field to create.",
    )


def _wrapper(name: str, member: str, wrapped: str) -> Callable[[TypeScope], GraphQLInputObjectType]:
    return lambda scope: GraphQLInputObjectType(
        name,
        lambda: {member: _member(GraphQLNonNull(scope.input_type(wrapped)), f"The {member} to create.")},
        description=f"A wrapper around `{wrapped}`.",
    )


_CREATE_API_KEY_INPUT = GraphQLInputObjectType(
    "CreateApiKeyInput",
    {
        "name": _member(_REQUIRED_TEXT, "What the key is for; events name who acted by it."),
        "expiresAt": _member(_DATE_TIME, "When the key ceases to be valid; never where it is left out."),
    },
    description="An API key to create.",
)

_CREATED_API_KEY = GraphQLObjectType(
    "CreatedApiKey",
    {
        "id": GraphQLField(GraphQLNonNull(_UUID), description="The key's id."),
        "name": GraphQLField(_REQUIRED_TEXT, description="What the key is for."),
        "token": GraphQLField(_REQUIRED_TEXT, description="The key itself, shown this once."),
        "expiresAt": GraphQLField(_DATE_TIME, description="When the key ceases to be valid, null for never."),
        "createdAt": GraphQLField(GraphQLNonNull(_DATE_TIME), description="When the key was created."),
    },
    description="A new API key with its token.",
)

_TYPES: Mapping[str, Callable[[TypeScope], GraphQLInputObjectType | GraphQLObjectType]] = {
    _CREATE_OBJECT_INPUT.name: lambda _: _CREATE_OBJECT_INPUT,
    "CreateFieldInput": _create_field_input,
    "CreateOneObjectInput": _wrapper("CreateOneObjectInput", "object", _CREATE_OBJECT_INPUT.name),
    "CreateOneFieldInput": _wrapper("CreateOneFieldInput", "field", "CreateFieldInput"),
    _CREATE_API_KEY_INPUT.name: lambda _: _CREATE_API_KEY_INPUT,
    _CREATED_API_KEY.name: lambda _: _CREATED_API_KEY,
    **CHANGE_TYPES,
    **WEBHOOK_TYPES,
}


def _with_input(input_name: str, output_name: str, description: str) -> Callable[[TypeScope], GraphQLField]:
    return lambda scope: GraphQLField(
        GraphQLNonNull(scope.object_type(output_name)),
        args={
            "input": GraphQLArgument(GraphQLNonNull(scope.input_type(input_name)), description="What is to be created.")
        },
        description=description,
    )


def _revoke_api_key(scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(scope.object_type("ApiKey")),
        args={
            "id": GraphQLArgument(GraphQLNonNull(_UUID), description="The key's id."),
            "withMade": GraphQLArgument(
                GraphQLBoolean,
                description="True: the keys that it has made are revoked too, and those that they have made.",
            ),
        },
        description="Revokes an API key: no request that carries it is served any more.",
    )


METADATA_MUTATIONS = MutationSet(
    fields={
        "createObject": _with_input("CreateObjectInput", "Object", "Creates an object, and its table."),
        "createOneObject": _with_input("CreateOneObjectInput", "Object", "Another spelling of `createObject`."),
        "createField": _with_input(
            "CreateFieldInput", "Field", "Creates a field, and its columns; for a RELATION, both of its ends."
        ),
        "createOneField": _with_input("CreateOneFieldInput", "Field", "Another spelling of `createField`."),
        **CHANGE_FIELDS,
        "createApiKey": _with_input("CreateApiKeyInput", "CreatedApiKey", "Creates an API key and shows its token."),
        "revokeApiKey": _revoke_api_key,
        **WEBHOOK_FIELDS,
    },
    types=_TYPES,
)
"""The Metadata API's mutations; the snapshot must have the objects `object`, `field` (whose `type` is a SELECT),
`apiKey`, `webhook` and `webhookDelivery`."""
