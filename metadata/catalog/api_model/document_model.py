"""Trusted documents as an object of the catalog's model."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.field_types import FieldType

# One row a field.
# fmt: off
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
# fmt: on
