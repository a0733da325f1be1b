"""Objects of the catalog's model about requests: sessions, trusted documents, slow operations, the audit log."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.catalog.audit import ACTOR_KINDS, AuditAction
from fieldstone.metadata.field_types import FieldType

APIS = ("GRAPHQL", "METADATA", "REST")
TYPES = ("QUERY", "MUTATION")

# One row a field.
# fmt: off
SESSION = _object("session", "sessions", "session_shown", "The session of a person in a browser.", (
    _field("id", FieldType.UUID, "The session's id."),
    _field("kind", FieldType.SELECT, "The way of the sign-in: by an API key, or as a user of an identity provider.",
        options=("API_KEY", "USER")),
    _field("subjectId", FieldType.UUID, "The id of the key or the user."),
    _field("name", FieldType.TEXT, "The name of the key or the user."),
    _field("role", FieldType.TEXT, "The name of its role.", required=False),
    _field("address", FieldType.TEXT, "The address that the person signed in from.", required=False),
    _field("createdAt", FieldType.DATE_TIME, "When the person signed in."),
    _field("expiresAt", FieldType.DATE_TIME, "When it ends."),
    _field("lastUsedAt", FieldType.DATE_TIME, "Its last use, to the minute."),
    _field("idleAt", FieldType.DATE_TIME, "When it ends if it is not used until then; null for `expiresAt`.",
        required=False),
    _field("revokedAt", FieldType.DATE_TIME, "Since when it is revoked, or its person has signed out.", required=False),
))

DOCUMENT = _object("trustedDocument", "trustedDocuments", "trusted_document_shown",
    "A document that a client sends, imported by an operator.", (
    _field("id", FieldType.UUID, "The id of this entry."),
    _field("client", FieldType.TEXT, "The client that it was imported for."),
    _field("documentId", FieldType.TEXT, "The id under which the client sends it."),
    _field("operationName", FieldType.TEXT, "The name of its operation.", required=False),
    _field("text", FieldType.TEXT, "The document."),
    _field("createdAt", FieldType.DATE_TIME, "When it was imported, or got another text."),
    _field("role", FieldType.TEXT, "The name of the role of its client's users.", required=False),
))

SLOW_OPERATION = _object("slowOperation", "slowOperations", "slow_operation",
    "Operations of one document, role and shape of variables that took longer than FIELDSTONE_SLOW_OPERATION.", (
    _field("id", FieldType.UUID, "The id of this entry."),
    _field("api", FieldType.SELECT, "The API that was asked.", options=APIS),
    _field("type", FieldType.SELECT, "Query or mutation.", options=TYPES),
    _field("name", FieldType.TEXT, "The operation's name.", required=False),
    _field("roots", FieldType.TEXT, "The names of its root fields."),
    _field("hash", FieldType.TEXT, "The SHA-256 of its document, in hex."),
    _field("role", FieldType.TEXT, "The name of the role; null for the API of the model.", required=False),
    _field("variables", FieldType.RAW_JSON, "The shape of its variables: the type of each, and no value."),
    _field("count", FieldType.NUMBER, "How often it was slow.", data_type="bigint"),
    _field("totalMs", FieldType.NUMBER, "The milliseconds that it took all these times.", data_type="float"),
    _field("maxMs", FieldType.NUMBER, "The milliseconds that it took the longest time.", data_type="float"),
    _field("firstAt", FieldType.DATE_TIME, "When it was slow for the first time."),
    _field("lastAt", FieldType.DATE_TIME, "When it was slow for the last time."),
    _field("plan", FieldType.RAW_JSON, "PostgreSQL's generic plan of its statement, if it is one.", required=False),
))

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
