"""The events of records: the root field of the Metadata API that reads them, and the subscription to new ones."""

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLField, GraphQLInt, GraphQLList, GraphQLNamedType, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.roots.activity.record_events import RECORD_EVENT_ACTION, RECORD_EVENT_ACTOR
from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import (
    DATE_TIME,
    JSON,
    TEXT,
    UUID,
    field_of,
    fixed,
    input_type_of,
    list_of,
    root_field,
    type_of,
)
from fieldstone.engine.schema.values.paging import PAGE_INFO

EVENTS: Final = "RecordEventConnection"
FIRST: Final = 50
"""Events of a page whose size is not given."""


_CHANGE = type_of(
    "RecordEventChange",
    "A field that an update changed.",
    {
        "field": (TEXT, "The name of the field; of a relation, of its key."),
        "before": (JSON, "Its value before; null also if the role did not see the record."),
        "after": (JSON, "Its value after."),
    },
)
_EVENT = type_of(
    "RecordEvent",
    "A write of a record, as the role sees it.",
    {
        "id": (TEXT, "The id of the event, which is its cursor."),
        "action": (GraphQLNonNull(RECORD_EVENT_ACTION), "The write."),
        "object": (TEXT, "The nameSingular of the object."),
        "recordId": (GraphQLNonNull(UUID), "The id of the record."),
        "at": (GraphQLNonNull(DATE_TIME), "The time of the write."),
        "actor": (GraphQLNonNull(RECORD_EVENT_ACTOR), "Its author."),
        "record": (JSON, "The record after the write; a destroyed one as it was."),
        "changes": (list_of(_CHANGE), "The fields that an update changed."),
    },
)
_EDGE = type_of(
    "RecordEventEdge",
    "An event of a page.",
    {
        "cursor": (TEXT, "The cursor of the event."),
        "node": (GraphQLNonNull(_EVENT), "The event."),
    },
)
_EVENTS = type_of(
    EVENTS,
    "A page of events.",
    {
        "edges": (list_of(_EDGE), "The events, the newest first."),
        "pageInfo": (
            GraphQLNonNull(PAGE_INFO),
            "`hasNextPage` tells of older events, which come `before` `endCursor`.",
        ),
    },
)
_FILTER = input_type_of(
    "RecordEventFilter",
    "The events that are meant; a member that is left out says nothing.",
    {
        "object": (GraphQLString, "The nameSingular of the object."),
        "recordId": (UUID, "The id of the record."),
        "actions": (GraphQLList(GraphQLNonNull(RECORD_EVENT_ACTION)), "The writes."),
        "actorId": (UUID, "The id of the key or the user."),
        "since": (DATE_TIME, "The earliest time."),
        "until": (DATE_TIME, "The time before which they were."),
    },
)

EVENT_TYPES: Final = fixed(_CHANGE, _EVENT, _EDGE, _EVENTS, _FILTER)
"""The types that only this root field uses."""

EVENT_QUERIES: Final[FieldBuilders] = {
    "events": root_field(
        GraphQLNonNull(_EVENTS),
        "The writes of records, the newest first, as the role sees these records.",
        {
            "filter": (_FILTER, "The events that are meant."),
            "first": (GraphQLInt, f"The size of the page, {FIRST} unless given, 100 at most."),
            "before": (GraphQLString, "The cursor of an event: the page has older ones."),
        },
    )
}
"""The root field, which every role may ask for."""

TAIL_TYPES: Final[Mapping[str, GraphQLNamedType]] = {type_.name: type_ for type_ in (_EVENT, _CHANGE, _FILTER)}
"""The types of the subscription to the events of all objects."""


def build_tail_field() -> GraphQLField:
    """Return the root field of the subscription to the events of all objects."""
    return field_of(
        GraphQLNonNull(_EVENT),
        "The writes of the records of all objects, as the role sees these records.",
        {
            "filter": (_FILTER, "The events that are meant."),
            "after": (
                GraphQLString,
                "The `extensions.position` of the last result received; the events since then come first.",
            ),
        },
    )
