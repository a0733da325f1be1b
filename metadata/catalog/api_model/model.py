"""The catalog's own tables as a model, so that the Metadata API is read by the engine that reads records."""

from typing import Final

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.catalog.api_model.notation import catalog_relation as _relation
from fieldstone.metadata.catalog.api_model.webhook_model import DELIVERY, WEBHOOK
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import RelationType, Snapshot, Workspace

_OBJECT = _object(
    "object",
    "objects",
    "object",
    "An object: a kind of record.",
    (
        _field("id", FieldType.UUID, "id", "The object's id."),
        _field("nameSingular", FieldType.TEXT, "name_singular", "The name of one record in the API."),
        _field("namePlural", FieldType.TEXT, "name_plural", "The name of several records in the API."),
        _field("labelSingular", FieldType.TEXT, "label_singular", "The name of one record that is shown."),
        _field("labelPlural", FieldType.TEXT, "label_plural", "The name of several records that is shown."),
        _field("description", FieldType.TEXT, "description", "Its purpose.", required=False),
        _field("icon", FieldType.TEXT, "icon", "The name of its icon.", required=False),
        _field("isCustom", FieldType.BOOLEAN, "is_custom", "Whether it was added to the standard objects."),
        _field("isSystem", FieldType.BOOLEAN, "is_system", "Whether the engine needs it."),
        _field("isActive", FieldType.BOOLEAN, "is_active", "Whether the API shows it."),
        _field(
            "status",
            FieldType.SELECT,
            "status",
            "BUILDING while one of its fields or indexes is, FAILED where one of them is.",
            options=("READY", "BUILDING", "FAILED"),
        ),
        _field("createdAt", FieldType.DATE_TIME, "created_at", "When it was created."),
        _field("updatedAt", FieldType.DATE_TIME, "updated_at", "When it was last changed."),
        _field("fields", FieldType.RELATION, "", "Its fields.", required=False, relation="field.object"),
        _field("indexes", FieldType.RELATION, "", "Its indexes.", required=False, relation="index.object"),
    ),
)

_FIELD = _object(
    "field",
    "fields",
    "field",
    "A field of an object.",
    (
        _field("id", FieldType.UUID, "id", "The field's id."),
        _field("objectMetadataId", FieldType.UUID, "object_id", "The id of its object."),
        _field("object", FieldType.RELATION, "object_id", "Its object.", relation="field.object"),
        _field("name", FieldType.TEXT, "name", "Its name in the API."),
        _field("label", FieldType.TEXT, "label", "Its name that is shown."),
        _field("type", FieldType.SELECT, "type", "Its type.", options=(kind.value for kind in FieldType)),
        _field("description", FieldType.TEXT, "description", "Its purpose.", required=False),
        _field("icon", FieldType.TEXT, "icon", "The name of its icon.", required=False),
        _field(
            "defaultValue",
            FieldType.RAW_JSON,
            "default_value",
            "The value of a new record that has none.",
            required=False,
        ),
        _field("options", FieldType.RAW_JSON, "options", "The values that it can have, in a list.", required=False),
        _field("settings", FieldType.RAW_JSON, "settings", "The values that belong to its type.", required=False),
        _field("isActive", FieldType.BOOLEAN, "is_active", "Whether the API shows it."),
        _field("isNullable", FieldType.BOOLEAN, "is_nullable", "Whether a record can be without a value."),
        _field("isUnique", FieldType.BOOLEAN, "is_unique", "Whether no two records share a value."),
        _field("isCustom", FieldType.BOOLEAN, "is_custom", "Whether it was added to the standard fields."),
        _field("isSystem", FieldType.BOOLEAN, "is_system", "Whether the engine needs it."),
        _field(
            "status",
            FieldType.SELECT,
            "status",
            "BUILDING while the records of a big table are looked through, FAILED where one is in the way.",
            options=("READY", "BUILDING", "FAILED"),
        ),
        _field("failure", FieldType.TEXT, "failure", "Why it is FAILED.", required=False),
        _field("createdAt", FieldType.DATE_TIME, "created_at", "When it was created."),
        _field("updatedAt", FieldType.DATE_TIME, "updated_at", "When it was last changed."),
        _field(
            "relation",
            FieldType.RELATION,
            "id",
            "For a RELATION, the relation as this end sees it.",
            required=False,
            relation="field.relation",
        ),
    ),
)

_RELATION = _object(
    "relation",
    "relations",
    "field_relation",
    "A relation as one of its ends sees it.",
    (
        _field("id", FieldType.UUID, "field_id", "The id of the field that is this end."),
        _field(
            "type",
            FieldType.SELECT,
            "type",
            "Whether this end is one of many, or has many.",
            options=(kind.value for kind in RelationType),
        ),
        _field(
            "targetObject",
            FieldType.RELATION,
            "target_object_id",
            "The object at the other end.",
            relation="relation.targetObject",
        ),
        _field(
            "targetField",
            FieldType.RELATION,
            "target_field_id",
            "The field that is the other end.",
            relation="relation.targetField",
        ),
    ),
)

_INDEX = _object(
    "index",
    "indexes",
    "index",
    "An index on fields of an object.",
    (
        _field("id", FieldType.UUID, "id", "The index's id."),
        _field("objectMetadataId", FieldType.UUID, "object_id", "The id of its object."),
        _field("object", FieldType.RELATION, "object_id", "Its object.", relation="index.object"),
        _field("name", FieldType.TEXT, "name", "Its name in PostgreSQL."),
        _field("fieldMetadataIds", FieldType.RAW_JSON, "field_ids", "The ids of its fields, in a list."),
        _field("isUnique", FieldType.BOOLEAN, "is_unique", "Whether no two live records share a value."),
        _field("method", FieldType.TEXT, "method", "Its access method: btree, gin or trigram."),
        _field("isPartial", FieldType.BOOLEAN, "is_partial", "Whether it is of the live records alone."),
        _field(
            "status",
            FieldType.SELECT,
            "status",
            "Whether it is in use: BUILDING on a big table, FAILED where records are in the way.",
            options=("READY", "BUILDING", "FAILED"),
        ),
        _field("failure", FieldType.TEXT, "failure", "Why it is FAILED.", required=False),
        _field("createdAt", FieldType.DATE_TIME, "created_at", "When it was created."),
        _field("updatedAt", FieldType.DATE_TIME, "updated_at", "When it was last changed."),
    ),
)

_API_KEY = _object(
    "apiKey",
    "apiKeys",
    "api_key",
    "A key to the API; its token was shown when it was made.",
    (
        _field("id", FieldType.UUID, "id", "The key's id."),
        _field("name", FieldType.TEXT, "name", "Its purpose."),
        _field("createdAt", FieldType.DATE_TIME, "created_at", "When it was made."),
        _field(
            "createdByKey",
            FieldType.UUID,
            "created_by_key",
            "The id of the key that made it, null for one made on the command line.",
            required=False,
        ),
        _field("expiresAt", FieldType.DATE_TIME, "expires_at", "From when on it is not valid.", required=False),
        _field("revokedAt", FieldType.DATE_TIME, "revoked_at", "Since when it is not valid.", required=False),
    ),
)

_CHANGE = _object(
    "metadataChange",
    "metadataHistory",
    "model_change",
    "A version of the model: its changes, their author and time.",
    (
        _field("id", FieldType.UUID, "id", "The id of this entry."),
        _field(
            "version",
            FieldType.NUMBER,
            "version",
            "The version that it made.",
            data_type="bigint",
        ),
        _field("actor", FieldType.TEXT, "actor", "The name of the key, or of the command."),
        _field("createdAt", FieldType.DATE_TIME, "at", "When it was made."),
        _field(
            "changes",
            FieldType.RAW_JSON,
            "change",
            "Each change in its order: its data, the parts that it touched `before` and `after`, and its `inverse`.",
        ),
    ),
)

_OBJECTS: Final = {
    object_.id: object_ for object_ in (_OBJECT, _FIELD, _RELATION, _INDEX, _API_KEY, _CHANGE, WEBHOOK, DELIVERY)
}
_RELATIONS: Final = {
    relation.id: relation
    for relation in (
        _relation("field", "object", "object", "fields"),
        _relation("field", "relation", "relation"),
        _relation("relation", "targetObject", "object"),
        _relation("relation", "targetField", "field"),
        _relation("index", "object", "object", "indexes"),
        _relation("webhookDelivery", "webhook", "webhook", "deliveries"),
    )
}


def catalog_snapshot(workspace: Workspace) -> Snapshot:
    """Return the model of the catalog for reading the rows of this workspace; all share its objects."""
    return Snapshot(workspace=workspace, version=0, objects=_OBJECTS, relations=_RELATIONS, indexes={})
