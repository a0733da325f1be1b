"""Quotas: how many subscriptions and sockets a workspace may have in one process, and how much memory they may keep."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

from fieldstone.engine.errors import QueryTooComplex
from fieldstone.sql.frozen import frozen


@frozen
class QuotaLimits:
    """The limits of one process's subscribers.

    Attributes:
        subscriptions: of one workspace, operations under way on its sockets included.
        live_queries: different live queries of one workspace.
        sockets: of one workspace.
        bytes_each: of the documents, variables and filters that are kept for one workspace.
        bytes_total: the same for all workspaces.
    """

    subscriptions: int = 10_000
    live_queries: int = 1_000
    sockets: int = 5_000
    bytes_each: int = 16 << 20
    bytes_total: int = 64 << 20


class Quotas:
    """The counts of each workspace's subscriptions, sockets and bytes.

    They go by workspace, not by key: the holder of a key can make others.
    """

    def __init__(self, limits: QuotaLimits) -> None:
        self.limits = limits
        self._subscriptions: Counter[UUID] = Counter()
        self._sockets: Counter[UUID] = Counter()
        self._bytes: Counter[UUID] = Counter()
        self._total = 0

    @property
    def kept_bytes(self) -> int:
        """Return the bytes that are kept for all workspaces."""
        return self._total

    def admit(self, workspace_id: UUID, size: int) -> "Place":
        """Return the place of one more subscription, which keeps so many bytes.

        Raises:
            QueryTooComplex: the workspace has no place left.
        """
        most = self.limits.subscriptions
        if self._subscriptions[workspace_id] >= most:
            raise QueryTooComplex(
                f"The workspace has {most} subscriptions on this server, the limit: FIELDSTONE_MAX_SUBSCRIPTIONS."
            )
        place = Place(self, workspace_id)
        place.resize(size)
        self._subscriptions[workspace_id] += 1
        return place

    def open_socket(self, workspace_id: UUID) -> Callable[[], None]:
        """Count one more socket; the returned function is to be called once, when it is closed.

        Raises:
            QueryTooComplex: the workspace has as many as it may have.
        """
        most = self.limits.sockets
        if self._sockets[workspace_id] >= most:
            raise QueryTooComplex(f"The workspace has {most} sockets, the limit: FIELDSTONE_MAX_SOCKETS")
        self._sockets[workspace_id] += 1

        def close() -> None:
            _lower(self._sockets, workspace_id, 1)

        return close

    def grow(self, workspace_id: UUID, size: int) -> None:
        """Keep so many bytes more, or less.

        Raises:
            QueryTooComplex: there would be too many.
        """
        limits = self.limits
        if size > 0 and self._bytes[workspace_id] + size > limits.bytes_each:
            raise QueryTooComplex(
                f"The documents, variables and filters of the workspace's subscriptions may have {limits.bytes_each}"
                " bytes on this server: FIELDSTONE_MAX_SUBSCRIPTION_BYTES."
            )
        if size > 0 and self._total + size > limits.bytes_total:
            raise QueryTooComplex(
                f"The documents, variables and filters of all subscriptions may have {limits.bytes_total} bytes on this"
                " server: FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL."
            )
        self._keep(workspace_id, size)

    def _keep(self, workspace_id: UUID, size: int) -> None:
        _lower(self._bytes, workspace_id, -size)
        self._total += size

    def release(self, workspace_id: UUID, size: int) -> None:
        """Forget a subscription that kept so many bytes."""
        self._keep(workspace_id, -size)
        _lower(self._subscriptions, workspace_id, 1)


class Place:
    """One subscription's share of its workspace's quota, until it is left."""

    __slots__ = ("_is_left", "_quotas", "_size", "_workspace_id")

    def __init__(self, quotas: Quotas, workspace_id: UUID) -> None:
        self._quotas = quotas
        self._workspace_id = workspace_id
        self._size = 0
        self._is_left = False

    def resize(self, size: int) -> None:
        """Keep so many bytes from now on.

        Raises:
            QueryTooComplex: they are too many; it keeps as many as before.
        """
        if not self._is_left:
            self._quotas.grow(self._workspace_id, size - self._size)
            self._size = size

    def leave(self) -> None:
        """Give the place back; a second call does nothing."""
        if not self._is_left:
            self._is_left = True
            self._quotas.release(self._workspace_id, self._size)


def _lower(counts: Counter[UUID], key: UUID, amount: int) -> None:
    counts[key] -= amount
    if not counts[key]:
        del counts[key]
