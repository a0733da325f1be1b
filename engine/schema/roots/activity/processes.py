"""The root fields of the Metadata API about the processes that serve."""

from typing import Final

from graphql import GraphQLArgument, GraphQLField, GraphQLInt, GraphQLList, GraphQLNonNull

from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import (
    COUNT,
    DATE_TIME,
    FLAG,
    JSON,
    TEXT,
    UUID,
    fixed,
    list_of,
    root_field,
    type_of,
)

PROCESS: Final = "Process"
METRICS: Final = "MetricSeries"

RANGE: Final = 3_600
"""Seconds of a range that is not given."""
STEP: Final = 60
"""Seconds of a step that is not given."""

_DATE_TIME = GraphQLNonNull(DATE_TIME)
_JSON = GraphQLNonNull(JSON)

_PROCESS = type_of(
    PROCESS,
    "A process that serves, or has served within a day.",
    {
        "id": (GraphQLNonNull(UUID), "The id that it gave itself."),
        "version": (TEXT, "The release of Fieldstone."),
        "worker": (GraphQLInt, "Its number among the workers of its supervisor."),
        "startedAt": (_DATE_TIME, "When it started."),
        "seenAt": (_DATE_TIME, "When it was last heard of."),
        "isRunning": (FLAG, "Whether it was heard of within 30 seconds and has not ended."),
    },
)
_METRICS = type_of(
    METRICS,
    "Series of the numbers of all processes.",
    {
        "start": (COUNT, "The first second of the first step, as Unix time."),
        "end": (COUNT, "The second behind the last step."),
        "step": (COUNT, "The seconds of a step."),
        "times": (GraphQLNonNull(GraphQLList(COUNT)), "The first second of each step, as Unix time."),
        "series": (_JSON, "By the name of each series a list with a value for each step; null: nothing was told."),
    },
)

PROCESS_TYPES: Final = fixed(_PROCESS, _METRICS)
"""The types that only these root fields use."""

PROCESS_QUERIES: Final[FieldBuilders] = {
    "metrics": lambda _scope: GraphQLField(
        GraphQLNonNull(_METRICS),
        args={
            "range": GraphQLArgument(COUNT, default_value=RANGE, description="The seconds up to now, 86,400 at most."),
            "step": GraphQLArgument(COUNT, default_value=STEP, description="The seconds of a step, 10 at least."),
        },
        description="Numbers of all processes over time: requests, durations, connections, events and webhooks.",
    ),
    "processes": root_field(list_of(_PROCESS), "The processes of the last day, those that were heard of last first."),
}
"""The root fields."""
