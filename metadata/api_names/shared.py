"""The names that belong to no object."""

from fieldstone.metadata.api_names.roles import TypeRole
from fieldstone.metadata.field_types import FIELD_TYPES

AGGREGATE_ENDING = "Aggregate"
"""The ending of a to-many relation's name where its records' aggregates are filtered and ordered by."""

JUNCTIONS = ("and", "or", "not")
"""The members of a filter that join or negate others."""

FILTER_WORDS = frozenset({*JUNCTIONS, "is", "isNot"})
"""The members beside the fields in every object's filter, which cannot be names of fields."""

JSON_PATH_VALUE = "JSONPathValueInput"

SEARCH_TYPE_NAMES = ("SearchConnection", "SearchEdge", "SearchResult", "SearchRecord")
"""The types of the search over all objects."""

EVENT_TYPE_NAMES = ("RecordEventAction", "RecordEventActor")
"""The types of an event that all objects share."""
TAIL_TYPE_NAMES = ("RecordEvent", "RecordEventChange", "RecordEventFilter")
"""The types of the subscription to the events of all objects."""
EVENTS = "events"
"""The root field of that subscription; an object with this plural takes the name."""

SHARED_TYPE_NAMES: frozenset[str] = frozenset(
    {"Query", "Mutation", "Subscription", "String", "Int", "Float", "Boolean", "ID"}
    | {"UUID", "DateTime", "Date", "BigInt", "BigFloat", "JSON", "TSVector"}
    | {"PageInfo", "OrderByDirection", "Presence", JSON_PATH_VALUE, "ConnectTarget"}
    | {"RelativeDateInput", "RelativeDateUnit", "FirstDayOfWeek"}
    | {"NumberGrouping", "DateGrouping", "DateBucket", "DateGroup"}
    | {*SEARCH_TYPE_NAMES, *EVENT_TYPE_NAMES, *TAIL_TYPE_NAMES}
    | {"JSONPathFilter", "JSONOrderByInput", "JSONOrderType"}
    | {
        sub.scalar.filter_name
        for entry in FIELD_TYPES.values()
        for sub in (*entry.subfields, *(entry.variants or {}).values())
    }
    | {entry.composite + role.value for entry in FIELD_TYPES.values() if entry.composite for role in TypeRole}
)
"""The GraphQL types that belong to no object: built in, or shared by all objects (scalars' filters, composites)."""
