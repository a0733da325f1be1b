"""The mutations of the Metadata API that change or remove what is there, with their inputs."""

from collections.abc import Callable, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from fieldstone.engine.schema.roots.mutation_notation import input_member as _member
from fieldstone.engine.schema.roots.mutation_notation import mutation as _mutation
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

_UUID = SCALARS[scalars.UUID.name]
_BIG_INT = SCALARS[scalars.BIG_INT.name]
_JSON = SCALARS[scalars.JSON.name]

_UPDATE_OBJECT = "UpdateObjectInput"
_UPDATE_FIELD = "UpdateFieldInput"
_CREATE_INDEX = "CreateIndexInput"


def _update_object_input(_scope: TypeScope) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(
        _UPDATE_OBJECT,
        {
            "nameSingular": _member(GraphQLString, "The new name of one record; its table keeps its own."),
            "namePlural": _member(GraphQLString, "The new name of several records."),
            "labelSingular": _member(GraphQLString, "What people call one record."),
            "labelPlural": _member(GraphQLString, "What people call several records."),
            "description": _member(GraphQLString, "What the object stands for; null for nothing."),
            "icon": _member(GraphQLString, "The name of an icon; null for none."),
            "isActive": _member(
                GraphQLBoolean, "False: the object and its records are kept, but not shown in the API."
            ),
        },
        description="What is to be changed of an object; what is left out stays.",
    )


def _update_field_input(scope: TypeScope) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(
        _UPDATE_FIELD,
        {
            "type": _member(scope.enum_type("FieldTypeEnum"), "Another type: the records' values become such of it."),
            "allowDataLoss": _member(
                GraphQLBoolean, "True: values that the new type cannot hold as they are, are cut or emptied."
            ),
            "name": _member(GraphQLString, "The new name; its columns keep theirs."),
            "label": _member(GraphQLString, "What people call the field."),
            "description": _member(GraphQLString, "What the field stands for; null for nothing."),
            "icon": _member(GraphQLString, "The name of an icon; null for none."),
            "defaultValue": _member(_JSON, "The value of a record that is created without one; null for none."),
            "options": _member(_JSON, "The whole list of options as it is to be."),
            "optionMapping": _member(
                _JSON,
                'For options that go, what takes their place: `{ OLD: "NEW", GONE: null }`; null is no value. For text'
                " that becomes options, the option for each text that is none.",
            ),
            "settings": _member(_JSON, "Settings to change: `{ onDelete }` of RELATION, `{ dataType }` of NUMBER."),
            "isActive": _member(
                GraphQLBoolean,
                "False: the field and its values are kept, but not shown in the API, and no record needs one.",
            ),
            "isNullable": _member(GraphQLBoolean, "False: a record must have a value."),
            "backfillValue": _member(
                _JSON, "The value for the records that have none, where the field becomes required."
            ),
            "isUnique": _member(GraphQLBoolean, "True: no two records may have the same value."),
        },
        description="What is to be changed of a field; what is left out stays.",
    )


def _create_index_input(_scope: TypeScope) -> GraphQLInputObjectType:
    ids = GraphQLNonNull(GraphQLList(GraphQLNonNull(_UUID)))
    return GraphQLInputObjectType(
        _CREATE_INDEX,
        {
            "objectMetadataId": _member(GraphQLNonNull(_UUID), "The id of the object whose records are indexed."),
            "fieldMetadataIds": _member(ids, "The ids of its fields, in the order of the index."),
            "method": _member(
                GraphQLString,
                "`btree` unless given; `trigram` for `contains` on one text field, `gin` for what is inside one field"
                " of lists or JSON.",
            ),
            "isUnique": _member(GraphQLBoolean, "True: no two live records share the values of all these fields."),
            "isPartial": _member(GraphQLBoolean, "True: the index is of the live records alone."),
        },
        description="An index to create.",
    )


def _update_wrapper(name: str, wrapped: str) -> Callable[[TypeScope], GraphQLInputObjectType]:
    return lambda scope: GraphQLInputObjectType(
        name,
        lambda: {
            "id": _member(GraphQLNonNull(_UUID), "The id of what is to be changed."),
            "update": _member(GraphQLNonNull(scope.input_type(wrapped)), "What is to be changed of it."),
        },
        description=f"An id, and a wrapper around `{wrapped}`.",
    )


def _delete_wrapper(name: str) -> Callable[[TypeScope], GraphQLInputObjectType]:
    return lambda _scope: GraphQLInputObjectType(
        name,
        {"id": _member(GraphQLNonNull(_UUID), "The id of what is to be deleted.")},
        description="A wrapper around an id.",
    )


CHANGE_TYPES: Mapping[str, Callable[[TypeScope], GraphQLInputObjectType]] = {
    _UPDATE_OBJECT: _update_object_input,
    _UPDATE_FIELD: _update_field_input,
    _CREATE_INDEX: _create_index_input,
    "UpdateOneObjectInput": _update_wrapper("UpdateOneObjectInput", _UPDATE_OBJECT),
    "UpdateOneFieldInput": _update_wrapper("UpdateOneFieldInput", _UPDATE_FIELD),
    "DeleteOneObjectInput": _delete_wrapper("DeleteOneObjectInput"),
    "DeleteOneFieldInput": _delete_wrapper("DeleteOneFieldInput"),
}
"""The types that only these mutations use."""


def _rollback(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(_JSON),
        args={
            "to": GraphQLArgument(GraphQLNonNull(_BIG_INT), description="A version of `metadataHistory`."),
            "dryRun": GraphQLArgument(GraphQLBoolean, description="True: nothing is changed, and no table locked."),
        },
        description=(
            "Undoes what was changed after a version, as a new version. Answers like `applyChanges`, and with what is"
            " `lost` by it: `[{ kind name message }]`, of the kinds DELETED, COMES_BACK_EMPTY and STAYS_LOST."
        ),
    )


def _apply_changes(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(_JSON),
        args={
            "changes": GraphQLArgument(
                GraphQLNonNull(GraphQLList(GraphQLNonNull(_JSON))),
                description=(
                    "Each is an object with one member, named like a mutation, that holds its input:"
                    ' `{ createField: { objectMetadataId: "project", .. } }`, `{ updateField: { id: "project.budget",'
                    " update: { .. } } }`. Where an id is asked for, the name of an object, or of a field as"
                    " `object.field`, does as well, of those made by earlier changes too."
                ),
            ),
            "dryRun": GraphQLArgument(GraphQLBoolean, description="True: nothing is changed, and no table locked."),
        },
        description=(
            "Makes several changes, all or none, as one version. Answers with the plan `{ changes sql later locks"
            " conversions appears alters vanishes breaking operations }` and the `version`."
        ),
    )


CHANGE_FIELDS: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "updateObject": _mutation(
        "Object", "Changes an object; a new name takes effect at once.", by_id=True, input_name=_UPDATE_OBJECT
    ),
    "updateOneObject": _mutation("Object", "Another spelling of `updateObject`.", input_name="UpdateOneObjectInput"),
    "updateField": _mutation(
        "Field", "Changes a field; a new name takes effect at once.", by_id=True, input_name=_UPDATE_FIELD
    ),
    "updateOneField": _mutation("Field", "Another spelling of `updateField`.", input_name="UpdateOneFieldInput"),
    "deleteObject": _mutation(
        "Object", "Deletes an object with its records, and every relation to it; answers as it was.", by_id=True
    ),
    "deleteOneObject": _mutation("Object", "Another spelling of `deleteObject`.", input_name="DeleteOneObjectInput"),
    "deleteField": _mutation(
        "Field", "Deletes a field with its values, of a RELATION both ends; answers as it was.", by_id=True
    ),
    "deleteOneField": _mutation("Field", "Another spelling of `deleteField`.", input_name="DeleteOneFieldInput"),
    "createIndex": _mutation(
        "Index",
        "Creates an index; on a big table it is BUILDING until it is READY, and nobody waits for it.",
        input_name=_CREATE_INDEX,
    ),
    "applyChanges": _apply_changes,
    "rollback": _rollback,
    "deleteIndex": _mutation("Index", "Deletes an index; answers as it was.", by_id=True),
    "retryBuild": _mutation(
        "Object",
        "Builds an index or a field that is FAILED again, by its id; answers with the object that has it.",
        by_id=True,
    ),
}
"""The root fields of these mutations."""
