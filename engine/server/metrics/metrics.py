"""The metrics of an app as text for Prometheus."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from fieldstone.engine.server.connections.register import ConnectionStats
from fieldstone.engine.server.metrics.counts import Requests, Sockets

if TYPE_CHECKING:
    from fieldstone.engine.server.metrics.exposition import ReadServices

MEDIA_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
"""That of Prometheus' text format."""


class Metrics:
    """The metrics of one app: its own counts, and those of its parts.

    Args:
        requests: counts the answered requests.
        sockets: counts the WebSockets.
        read_services: gives the parts that count by themselves, by cell; None for those that are not there.
        read_connections: gives the state of the clients' connections.
    """

    def __init__(
        self,
        requests: Requests,
        sockets: Sockets,
        read_services: "ReadServices",
        read_connections: Callable[[], ConnectionStats],
    ) -> None:
        self._sources = (requests, sockets, read_services, read_connections)

    def render(self, named: bool = True) -> bytes:
        """Return everything in Prometheus' text format; without metrics that name workspaces unless `named`."""
        # Its library and the modules of Python that it imports are 1.3 MiB of a process that nobody scrapes.
        from fieldstone.engine.server.metrics.exposition import expose  # noqa: PLC0415

        return expose(*self._sources, named=named)


def render_restarts(restarts: Mapping[str, int]) -> bytes:
    """Return the numbers of replaced workers, by reason, in Prometheus' text format."""
    from fieldstone.engine.server.metrics.exposition import expose_restarts  # noqa: PLC0415 - as above

    return expose_restarts(restarts)
