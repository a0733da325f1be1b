"""The audit log as an object of the catalog's model."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.catalog.audit import ACTOR_KINDS, AuditAction
from fieldstone.metadata.field_types import FieldType

# One row a field.
# fmt: off
AUDIT_ENTRY = _object("auditEntry", "auditLog", "audit_log",
    "An act that concerns the security of the workspace; nobody can change or remove it.", (
    _field("id", FieldType.UUID, "The id of this entry."),
    _field("createdAt", FieldType.DATE_TIME, "When it was done."),
    _field("action", FieldType.SELECT, "The act.", options=(action.value for action in AuditAction)),
    _field("actorKind", FieldType.SELECT, "The kind of its author.", options=ACTOR_KINDS),
    _field("actorId", FieldType.UUID, "The id of its author: of the key or the user.", required=False),
    _field("actorName", FieldType.TEXT, "The name of its author.", required=False),
    _field("address", FieldType.TEXT, "The address that the author's connection came from.", required=False),
    _field("subjectId", FieldType.UUID, "The id of the key, role, webhook or session.", required=False),
    _field("subjectName", FieldType.TEXT, "The name of the key, role or webhook.", required=False),
    _field("count", FieldType.NUMBER, "The number of equal acts that this entry stands for.", data_type="int"),
    _field("details", FieldType.RAW_JSON, "More facts, such as the names of the inputs; no values."),
))
# fmt: on
