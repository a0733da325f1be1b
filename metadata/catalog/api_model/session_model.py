"""The sessions of people in browsers as an object of the catalog's model."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.field_types import FieldType

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
# fmt: on
