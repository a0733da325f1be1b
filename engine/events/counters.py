"""What the parts of the events count, for the metrics and for the tests."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class HubCounters:
    """What the hub has done.

    Attributes:
        looks: how often it asked what is new.
        statements: those that read events for a group.
        delivered: results handed to subscribers.
        caught_up: statements among them that brought subscribers up to date.
        demoted: how often a subscriber's queue was full.
        overdue: statements that took longer than others should wait for.
    """

    looks: int = 0
    statements: int = 0
    delivered: int = 0
    caught_up: int = 0
    demoted: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStats:
    """The state of the events at one moment.

    Attributes:
        first: the position of the oldest event kept.
        last: that of the newest.
        kept_bytes: what is kept of what the subscribers have sent.
        lag: seconds that the oldest event of the last move had waited to be in the log.
    """

    first: int
    last: int
    lag: float
    moved: int
    groups: int
    subscribers: int
    kept_bytes: int
    hub: HubCounters
