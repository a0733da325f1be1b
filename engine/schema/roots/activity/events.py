"""The events of records: the root field of the Metadata API that reads them, and the subscription to new ones."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import DATE_TIME, JSON, TEXT, UUID, list_of
from fieldstone.engine.schema.roots.activity.record_events import RECORD_EVENT_ACTION, RECORD_EVENT_ACTOR
from fieldstone.engine.schema.roots.mutation_notation import input_member
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.paging import PAGE_INFO

EVENTS: Final = "RecordEventConnection"
FIRST: Final = 50
"""Events of a page whose size is not given."""


_CHANGE = GraphQLObjectType(
    "RecordEventChange",
    {
        "field": GraphQLField(TEXT, description="The name of the field; of a relation, of its key."),
        "before": GraphQLField(JSON, description="Its value before; null also if the role did not see the record."),
        "after": GraphQLField(JSON, description="Its value after."),
    },
    description="A field that an update changed.",
)
_EVENT = GraphQLObjectType(
    "RecordEvent",
    {
        "id": GraphQLField(TEXT, description="The id of the event, which is its cursor."),
        "action": GraphQLField(GraphQLNonNull(RECORD_EVENT_ACTION), description="The write."),
        "object": GraphQLField(TEXT, description="The nameSingular of the object."),
        "recordId": GraphQLField(GraphQLNonNull(UUID), description="The id of the record."),
        "at": GraphQLField(GraphQLNonNull(DATE_TIME), description="The time of the write."),
        "actor": GraphQLField(GraphQLNonNull(RECORD_EVENT_ACTOR), description="Its author."),
        "record": GraphQLField(JSON, description="The record after the write; a destroyed one as it was."),
        "changes": GraphQLField(list_of(_CHANGE), description="The fields that an update changed."),
    },
    description="A write of a record, as the role sees it.",
)
_EDGE = GraphQLObjectType(
    "RecordEventEdge",
    {
        "cursor": GraphQLField(TEXT, description="The cursor of the event."),
        "node": GraphQLField(GraphQLNonNull(_EVENT), description="The event."),
    },
    description="An event of a page.",
)
_EVENTS = GraphQLObjectType(
    EVENTS,
    {
        "edges": GraphQLField(list_of(_EDGE), description="The events, the newest first."),
        "pageInfo": GraphQLField(
            GraphQLNonNull(PAGE_INFO),
            description="`hasNextPage` tells of older events, which come `before` `endCursor`.",
        ),
    },
    description="A page of events.",
)
_FILTER = GraphQLInputObjectType(
    "RecordEventFilter",
    {
        "object": input_member(GraphQLString, "The nameSingular of the object."),
        "recordId": input_member(UUID, "The id of the record."),
        "actions": input_member(GraphQLList(GraphQLNonNull(RECORD_EVENT_ACTION)), "The writes."),
        "actorId": input_member(UUID, "The id of the key or the user."),
        "since": input_member(DATE_TIME, "The earliest time."),
        "until": input_member(DATE_TIME, "The time before which they were."),
    },
    description="The events that are meant; a member that is left out says nothing.",
)

EVENT_TYPES: Final[Mapping[str, GraphQLNamedType]] = {
    type_.name: type_ for type_ in (_CHANGE, _EVENT, _EDGE, _EVENTS, _FILTER)
}
"""The types that only this root field uses."""

EVENT_QUERIES: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "events": lambda _scope: GraphQLField(
        GraphQLNonNull(_EVENTS),
        args={
            "filter": GraphQLArgument(_FILTER, description="The events that are meant."),
            "first": GraphQLArgument(
                GraphQLInt, description=f"The size of the page, {FIRST} unless given, 100 at most."
            ),
            "before": GraphQLArgument(GraphQLString, description="The cursor of an event: the page has older ones."),
        },
        description="The writes of records, the newest first, as the role sees these records.",
    )
}
"""The root field, which every role may ask for."""

TAIL_TYPES: Final[Mapping[str, GraphQLNamedType]] = {type_.name: type_ for type_ in (_EVENT, _CHANGE, _FILTER)}
"""The types of the subscription to the events of all objects."""


def build_tail_field() -> GraphQLField:
    """Return the root field of the subscription to the events of all objects."""
    return GraphQLField(
        GraphQLNonNull(_EVENT),
        args={
            "filter": GraphQLArgument(_FILTER, description="The events that are meant."),
            "after": GraphQLArgument(
                GraphQLString,
                description="The `extensions.position` of the last result received; the events since then come first.",
            ),
        },
        description="The writes of the records of all objects, as the role sees these records.",
    )
