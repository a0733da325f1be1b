"""The place of a process among the workers of one `fieldstone serve`."""

from collections.abc import Awaitable, Callable

from fieldstone.engine.server.rate_limits.shared_counts import SharedCounts
from fieldstone.sql.frozen import frozen


@frozen
class WorkerPlace:
    """A worker's place among the others.

    Attributes:
        number: the label of its log lines and metrics.
        workers: how many there are.
        counts: the counts of rate limits that they share.
        embedded: the connection string of the embedded PostgreSQL, which another process starts and stops; None where
            the database is another.
        is_embedded_broken: whether the embedded PostgreSQL is away and cannot be started.
        gather_metrics: joins the metrics of all workers, with or without those that name workspaces.
    """

    number: int
    workers: int
    counts: SharedCounts
    embedded: str | None
    is_embedded_broken: Callable[[], bool]
    gather_metrics: Callable[[Callable[[bool], bytes], bool], Awaitable[bytes]]
