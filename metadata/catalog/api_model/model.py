"""The catalog's own tables as a model, so that the Metadata API is read by the engine that reads records."""

from typing import Final

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.catalog.api_model.notation import catalog_relation as _relation
from fieldstone.metadata.catalog.api_model.reader_role import BINDER, MODEL_READER, READER
from fieldstone.metadata.catalog.api_model.request_model import AUDIT_ENTRY, DOCUMENT, SESSION, SLOW_OPERATION
from fieldstone.metadata.catalog.api_model.webhook_model import DELIVERY, TRY, WEBHOOK
from fieldstone.metadata.catalog.audit import ACTOR_KINDS
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import RelationType, Snapshot, Status, Workspace

_STATUSES = tuple(status.value for status in Status)

# One row a field.
# fmt: off
_OBJECT = _object("object", "objects", "object_shown", "An object: a kind of record.", (
    _field("id", FieldType.UUID, "The object's id."),
    _field("nameSingular", FieldType.TEXT, "The name of one record in the API."),
    _field("namePlural", FieldType.TEXT, "The name of several records in the API."),
    _field("labelSingular", FieldType.TEXT, "The name of one record that is shown."),
    _field("labelPlural", FieldType.TEXT, "The name of several records that is shown."),
    _field("description", FieldType.TEXT, "Its purpose.", required=False),
    _field("icon", FieldType.TEXT, "The name of its icon.", required=False),
    _field("isCustom", FieldType.BOOLEAN, "Whether it was added to the standard objects."),
    _field("isSystem", FieldType.BOOLEAN, "Whether the engine needs it."),
    _field("isActive", FieldType.BOOLEAN, "Whether the API shows it."),
    _field("duplicateCriteria", FieldType.RAW_JSON,
        "The criteria by which records are duplicates, each a list of ids of fields; null for the usual ones.",
        required=False),
    _field("position", FieldType.NUMBER, "Its place among the objects; null is behind those that have one.",
        required=False, data_type="float"),
    _field("labelFields", FieldType.RAW_JSON, "The ids of the fields that people know a record by, in a list."),
    _field("status", FieldType.SELECT,
        "BUILDING while one of its fields or indexes is, FAILED where one of them is.", options=_STATUSES),
    _field("createdAt", FieldType.DATE_TIME, "When it was created."),
    _field("updatedAt", FieldType.DATE_TIME, "The time of its last change."),
    _field("fields", FieldType.RELATION, "Its fields.", column="", required=False, relation="field.object"),
    _field("indexes", FieldType.RELATION, "Its indexes.", column="", required=False, relation="index.object"),
))

_FIELD = _object("field", "fields", "field", "A field of an object.", (
    _field("id", FieldType.UUID, "The field's id."),
    _field("objectMetadataId", FieldType.UUID, "The id of its object.", column="object_id"),
    _field("object", FieldType.RELATION, "Its object.", column="object_id", relation="field.object"),
    _field("name", FieldType.TEXT, "Its name in the API."),
    _field("label", FieldType.TEXT, "Its name that is shown."),
    _field("type", FieldType.SELECT, "Its type.", options=(kind.value for kind in FieldType)),
    _field("description", FieldType.TEXT, "Its purpose.", required=False),
    _field("icon", FieldType.TEXT, "The name of its icon.", required=False),
    _field("defaultValue", FieldType.RAW_JSON, "The value of a new record that has none.", required=False),
    _field("options", FieldType.RAW_JSON, "The values that it can have, in a list.", required=False),
    _field("settings", FieldType.RAW_JSON, "The values that belong to its type.", required=False),
    _field("isActive", FieldType.BOOLEAN, "Whether the API shows it."),
    _field("position", FieldType.NUMBER, "Its place among the fields; null is behind those that have one.",
        required=False, data_type="float"),
    _field("isNullable", FieldType.BOOLEAN, "Whether a record can be without a value."),
    _field("isUnique", FieldType.BOOLEAN, "Whether no two records share a value."),
    _field("isCustom", FieldType.BOOLEAN, "Whether it was added to the standard fields."),
    _field("isSystem", FieldType.BOOLEAN, "Whether the engine needs it."),
    _field("status", FieldType.SELECT,
        "BUILDING while the records of a big table are looked through, FAILED where one is in the way.",
        options=_STATUSES),
    _field("failure", FieldType.TEXT, "Why it is FAILED.", required=False),
    _field("createdAt", FieldType.DATE_TIME, "When it was created."),
    _field("updatedAt", FieldType.DATE_TIME, "The time of its last change."),
    _field("relation", FieldType.RELATION, "For a RELATION, the relation as this end sees it.",
        column="id", required=False, relation="field.relation"),
))

_RELATION = _object("relation", "relations", "field_relation", "A relation as one of its ends sees it.", (
    _field("id", FieldType.UUID, "The id of the field that is this end.", column="field_id"),
    _field("type", FieldType.SELECT, "Whether this end is one of many, or has many.",
        options=(kind.value for kind in RelationType)),
    _field("sourceObject", FieldType.RELATION, "The object at this end.",
        column="source_object_id", relation="relation.sourceObject"),
    _field("sourceField", FieldType.RELATION, "The field that is this end.",
        column="field_id", relation="relation.sourceField"),
    _field("targetObject", FieldType.RELATION, "The object at the other end.",
        column="target_object_id", relation="relation.targetObject"),
    _field("targetField", FieldType.RELATION, "The field that is the other end.",
        column="target_field_id", relation="relation.targetField"),
))

_INDEX = _object("index", "indexes", "index", "An index on fields of an object.", (
    _field("id", FieldType.UUID, "The index's id."),
    _field("objectMetadataId", FieldType.UUID, "The id of its object.", column="object_id"),
    _field("object", FieldType.RELATION, "Its object.", column="object_id", relation="index.object"),
    _field("name", FieldType.TEXT, "Its name in PostgreSQL."),
    _field("fieldMetadataIds", FieldType.RAW_JSON, "The ids of its fields, in a list.", column="field_ids"),
    _field("isUnique", FieldType.BOOLEAN, "Whether no two live records share a value."),
    _field("method", FieldType.TEXT, "Its access method: btree, gin, trigram or search."),
    _field("subField", FieldType.TEXT, "Of a composite field, the sub-field that it is on.", required=False),
    _field("isPartial", FieldType.BOOLEAN, "Whether it is of the live records alone."),
    _field("status", FieldType.SELECT,
        "Whether it is in use: BUILDING on a big table, FAILED where records are in the way.", options=_STATUSES),
    _field("failure", FieldType.TEXT, "Why it is FAILED.", required=False),
    _field("createdAt", FieldType.DATE_TIME, "When it was created."),
    _field("updatedAt", FieldType.DATE_TIME, "The time of its last change."),
))

_API_KEY = _object("apiKey", "apiKeys", "api_key_shown", "A key to the API; its token was shown when it was made.", (
    _field("id", FieldType.UUID, "The key's id."),
    _field("name", FieldType.TEXT, "Its purpose."),
    _field("prefix", FieldType.TEXT, "The first characters of its token; null for a key of an older release.",
        required=False),
    _field("createdAt", FieldType.DATE_TIME, "When it was made."),
    _field("role", FieldType.TEXT, "The name of its role; null where a revoked or expired key's has been deleted.",
        required=False),
    _field("claims", FieldType.RAW_JSON, "The values that the rules of its role name."),
    _field("createdByKey", FieldType.UUID, "The id of the key that made it, null for one made on the command line.",
        required=False),
    _field("expiresAt", FieldType.DATE_TIME, "From when on it is not valid.", required=False),
    _field("revokedAt", FieldType.DATE_TIME, "Since when it is not valid.", required=False),
    _field("lastUsedAt", FieldType.DATE_TIME, "Its last use, to the minute; null for none.", required=False),
    _field("networks", FieldType.ARRAY, "The networks that it may be used from, [] for all."),
))

_ROLE = _object("role", "roles", "role_shown", "A role: the rights of keys, users and webhooks.", (
    _field("id", FieldType.UUID, "The role's id."),
    _field("name", FieldType.TEXT, "Its name.", unique=True),
    _field("label", FieldType.TEXT, "Its name that is shown."),
    _field("description", FieldType.TEXT, "Its meaning.", required=False),
    _field("parents", FieldType.ARRAY, "The names of the roles that it inherits."),
    _field("claims", FieldType.RAW_JSON, "The values that its rules name, as `{ name type isList mayLack }`."),
    _field("limits", FieldType.RAW_JSON, "The limits of its requests, as `{ maxPage maxCost rateLimit }`."),
    _field("settings", FieldType.ARRAY, "The parts of the administration that it may see and change."),
    _field("grants", FieldType.RAW_JSON, "Its rights, as `createRole` takes them, with the present names of fields."),
    _field("isSystem", FieldType.BOOLEAN, "Whether every workspace begins with it."),
    _field("createdAt", FieldType.DATE_TIME, "When it was created."),
    _field("updatedAt", FieldType.DATE_TIME, "The time of its last change."),
))

_CHANGE = _object("metadataChange", "metadataHistory", "model_change",
    "A version of the model: its changes, their author and time.", (
    _field("id", FieldType.UUID, "The id of this entry."),
    _field("version", FieldType.NUMBER, "The version that it made.", data_type="bigint"),
    _field("actor", FieldType.TEXT, "The name of the key or the user, or of the command."),
    _field("actorKind", FieldType.SELECT, "The kind of its author; null for entries from before it was kept.",
        required=False, options=ACTOR_KINDS),
    _field("actorId", FieldType.UUID, "The id of the key or the user; null for a command.", required=False),
    _field("createdAt", FieldType.DATE_TIME, "When it was made.", column="at"),
    _field("changes", FieldType.RAW_JSON,
        "Each change in its order: its data, the parts that it touched `before` and `after`, and its `inverse`.",
        column="change"),
))
# fmt: on

_OBJECTS: Final = {
    object_.id: object_
    for object_ in (
        _OBJECT,
        _FIELD,
        _RELATION,
        _INDEX,
        _API_KEY,
        _ROLE,
        _CHANGE,
        WEBHOOK,
        DELIVERY,
        TRY,
        AUDIT_ENTRY,
        DOCUMENT,
        SESSION,
        SLOW_OPERATION,
    )
}
_RELATIONS: Final = {
    relation.id: relation
    for relation in (
        _relation("field", "object", "object", "fields"),
        _relation("field", "relation", "relation"),
        _relation("relation", "sourceObject", "object"),
        _relation("relation", "sourceField", "field"),
        _relation("relation", "targetObject", "object"),
        _relation("relation", "targetField", "field"),
        _relation("index", "object", "object", "indexes"),
        _relation("webhookDelivery", "webhook", "webhook", "deliveries"),
        _relation("webhookTry", "delivery", "webhookDelivery", "tries"),
    )
}


def catalog_snapshot(workspace: Workspace) -> Snapshot:
    """Return the model of the catalog for reading the rows of this workspace; all share its objects."""
    return Snapshot(
        workspace=workspace,
        version=0,
        objects=_OBJECTS,
        relations=_RELATIONS,
        indexes={},
        roles={role.id: role for role in (READER, MODEL_READER, BINDER)},
    )
