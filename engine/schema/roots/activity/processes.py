"""The root fields of the Metadata API about the processes that serve."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import COUNT, list_of
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars

PROCESS: Final = "Process"
METRICS: Final = "MetricSeries"

RANGE: Final = 3_600
"""Seconds of a range that is not given."""
STEP: Final = 60
"""Seconds of a step that is not given."""

_DATE_TIME = GraphQLNonNull(SCALARS[scalars.DATE_TIME.name])
_JSON = GraphQLNonNull(SCALARS[scalars.JSON.name])

_PROCESS = GraphQLObjectType(
    PROCESS,
    {
        "id": GraphQLField(GraphQLNonNull(SCALARS[scalars.UUID.name]), description="The id that it gave itself."),
        "version": GraphQLField(GraphQLNonNull(GraphQLString), description="The release of Fieldstone."),
        "worker": GraphQLField(GraphQLInt, description="Its number among the workers of its supervisor."),
        "startedAt": GraphQLField(_DATE_TIME, description="When it started."),
        "seenAt": GraphQLField(_DATE_TIME, description="When it was last heard of."),
        "isRunning": GraphQLField(
            GraphQLNonNull(GraphQLBoolean), description="Whether it was heard of within 30 seconds and has not ended."
        ),
    },
    description="A process that serves, or has served within a day.",
)
_METRICS = GraphQLObjectType(
    METRICS,
    {
        "start": GraphQLField(COUNT, description="The first second of the first step, as Unix time."),
        "end": GraphQLField(COUNT, description="The second behind the last step."),
        "step": GraphQLField(COUNT, description="The seconds of a step."),
        "times": GraphQLField(
            GraphQLNonNull(GraphQLList(COUNT)), description="The first second of each step, as Unix time."
        ),
        "series": GraphQLField(
            _JSON, description="By the name of each series a list with a value for each step; null: nothing was told."
        ),
    },
    description="Series of the numbers of all processes.",
)

PROCESS_TYPES: Final[Mapping[str, GraphQLNamedType]] = {PROCESS: _PROCESS, METRICS: _METRICS}
"""The types that only these root fields use."""

PROCESS_QUERIES: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "metrics": lambda _scope: GraphQLField(
        GraphQLNonNull(_METRICS),
        args={
            "range": GraphQLArgument(COUNT, default_value=RANGE, description="The seconds up to now, 86,400 at most."),
            "step": GraphQLArgument(COUNT, default_value=STEP, description="The seconds of a step, 10 at least."),
        },
        description="Numbers of all processes over time: requests, durations, connections, events and webhooks.",
    ),
    "processes": lambda _scope: GraphQLField(
        list_of(_PROCESS),
        description="The processes of the last day, those that were heard of last first.",
    ),
}
"""The root fields."""
