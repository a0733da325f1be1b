"""The slow operations as an object of the catalog's model."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.field_types import FieldType

APIS = ("GRAPHQL", "METADATA", "REST")
TYPES = ("QUERY", "MUTATION")

# One row a field.
# fmt: off
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
# fmt: on
