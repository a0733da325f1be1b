"""Quotas: how many subscriptions and sockets a workspace may have in one process, and how much memory they may keep."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import QueryTooComplex
from fieldstone.metadata.roles.principal import Principal, SubjectKind
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


class QuotaOwner(NamedTuple):
    """The subscribers that share a quota: all of a workspace, not those of a key, whose holder can make others.

    Visitors, which may be any number, have one of their own, so that they cannot use up that of the keys.
    """

    workspace_id: UUID
    are_visitors: bool

    @property
    def have(self) -> str:
        """The subject and the verb of a sentence on them."""
        return "The visitors of the workspace have" if self.are_visitors else "The workspace has"


def owner_of(principal: Principal) -> QuotaOwner:
    """Return the owner of the quota that the subscriptions of a principal count towards."""
    return QuotaOwner(principal.workspace_id, principal.kind is SubjectKind.ANONYMOUS)


class Quotas:
    """The counts of each workspace's subscriptions, sockets and bytes, and of its visitors'."""

    def __init__(self, limits: QuotaLimits) -> None:
        self.limits = limits
        self._subscriptions: Counter[QuotaOwner] = Counter()
        self._sockets: Counter[QuotaOwner] = Counter()
        self._bytes: Counter[QuotaOwner] = Counter()
        self._total = 0

    @property
    def kept_bytes(self) -> int:
        """Return the bytes that are kept for all workspaces."""
        return self._total

    def admit(self, owner: QuotaOwner, size: int) -> "Place":
        """Return the place of one more subscription, which keeps so many bytes.

        Raises:
            QueryTooComplex: the workspace has no place left.
        """
        most = self.limits.subscriptions
        if self._subscriptions[owner] >= most:
            raise QueryTooComplex(
                f"{owner.have} {most} subscriptions on this server, the limit: FIELDSTONE_MAX_SUBSCRIPTIONS."
            )
        place = Place(self, owner)
        place.resize(size)
        self._subscriptions[owner] += 1
        return place

    def open_socket(self, owner: QuotaOwner) -> Callable[[], None]:
        """Count one more socket; the returned function is to be called once, when it is closed.

        Raises:
            QueryTooComplex: the workspace has as many as it may have.
        """
        most = self.limits.sockets
        if self._sockets[owner] >= most:
            raise QueryTooComplex(f"{owner.have} {most} sockets, the limit: FIELDSTONE_MAX_SOCKETS")
        self._sockets[owner] += 1

        def close() -> None:
            _lower(self._sockets, owner, 1)

        return close

    def grow(self, owner: QuotaOwner, size: int) -> None:
        """Keep so many bytes more, or less.

        Raises:
            QueryTooComplex: there would be too many.
        """
        limits = self.limits
        if size > 0 and self._bytes[owner] + size > limits.bytes_each:
            raise QueryTooComplex(
                f"The documents, variables and filters of the workspace's subscriptions may have {limits.bytes_each}"
                " bytes on this server: FIELDSTONE_MAX_SUBSCRIPTION_BYTES."
            )
        if size > 0 and self._total + size > limits.bytes_total:
            raise QueryTooComplex(
                f"The documents, variables and filters of all subscriptions may have {limits.bytes_total} bytes on this"
                " server: FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL."
            )
        self._keep(owner, size)

    def _keep(self, owner: QuotaOwner, size: int) -> None:
        _lower(self._bytes, owner, -size)
        self._total += size

    def release(self, owner: QuotaOwner, size: int) -> None:
        """Forget a subscription that kept so many bytes."""
        self._keep(owner, -size)
        _lower(self._subscriptions, owner, 1)


class Place:
    """One subscription's share of its workspace's quota, until it is left."""

    __slots__ = ("_is_left", "_owner", "_quotas", "_size")

    def __init__(self, quotas: Quotas, owner: QuotaOwner) -> None:
        self._quotas = quotas
        self._owner = owner
        self._size = 0
        self._is_left = False

    def resize(self, size: int) -> None:
        """Keep so many bytes from now on.

        Raises:
            QueryTooComplex: they are too many; it keeps as many as before.
        """
        if not self._is_left:
            self._quotas.grow(self._owner, size - self._size)
            self._size = size

    def leave(self) -> None:
        """Give the place back; a second call does nothing."""
        if not self._is_left:
            self._is_left = True
            self._quotas.release(self._owner, self._size)


def _lower(counts: Counter[QuotaOwner], key: QuotaOwner, amount: int) -> None:
    counts[key] -= amount
    if not counts[key]:
        del counts[key]
