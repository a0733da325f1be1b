"""The counts of the events' parts, for the metrics and for the tests."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class HubCounters:
    """The counts of the hub.

    Attributes:
        looks: reads of the log for new events.
        statements: statements that read events for a group.
        delivered: results handed to subscribers.
        demoted: the times that a subscriber's queue was full.
        overdue: statements that took longer than other groups should wait for.
        live_statements: statements that answer a group of live queries.
        live_answers: answers announced to live queries.
        live_stretched: statements of live queries that waited longer for a ticket than their interval.
    """

    looks: int = 0
    statements: int = 0
    delivered: int = 0
    demoted: int = 0
    overdue: int = 0
    live_statements: int = 0
    live_answers: int = 0
    live_stretched: int = 0
