"""The current snapshot of each workspace: loaded on first use, replaced by newer ones, forgotten when long unused."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.catalog.sessions import Reads
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.signal import Signal

_VERSION = catalog_statement("current_version")

MOST_BYTES = 128 << 20
"""Memory for snapshots: those of some 1,800 workspaces as they are made, or of one with 6,000 objects of 20 fields."""

_COUNT_SHARE = 16
"""The views are counted again once a sixteenth of the snapshots is new: a miss costs little, however many are kept."""


@dataclass(slots=True, kw_only=True)
class SnapshotCounters:
    """How often a snapshot was read from the database, and was forgotten to make room for others."""

    loads: int = 0
    evictions: int = 0


@dataclass(slots=True, weakref_slot=True)
class _Flight:
    """The checks of one workspace's version: one at a time, each serving all that asked before it began."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0
    ended: int = 0


class CurrentSnapshots:
    """The current snapshots of the workspaces in use.

    Args:
        database: where the models are.
        most_bytes: how much memory they may take, their views included, by their weights; the least recently used one
            goes.

    Attributes:
        swapped: called with the snapshot before, None where there was none, and the one that took its place.
        forgotten: called with each workspace whose snapshot is forgotten: all that was made from it should go too.
    """

    def __init__(self, database: Reads, *, most_bytes: int = MOST_BYTES) -> None:
        self.swapped: Signal[[Snapshot | None, Snapshot]] = Signal()
        self.forgotten: Signal[[UUID]] = Signal()
        self.counters = SnapshotCounters()
        self.bytes = 0
        self._database = database
        self._most_bytes = most_bytes
        # By the numbers of the workspaces' ids, whose hashes Python need not compute again each time.
        self._snapshots: OrderedDict[int, Snapshot] = OrderedDict()
        self._latest: Snapshot | None = None  # the last of them
        self._view_bytes = 0
        self._uncounted = 0  # snapshots that were published since the views were counted
        self._flights: WeakValueDictionary[UUID, _Flight] = WeakValueDictionary()
        self._doubted: set[UUID] = set()
        self._needs: list[Callable[[UUID], bool]] = []

    def keep_while(self, is_needed: Callable[[UUID], bool]) -> None:
        """Keep the snapshots of the workspaces for which `is_needed` returns True, even if no request asks for them."""
        self._needs.append(is_needed)

    def peek(self, workspace_id: UUID) -> Snapshot | None:
        """Return the snapshot if it is here."""
        snapshot = self._snapshots.get(workspace_id.int)
        if snapshot is not None and snapshot is not self._latest:
            self._snapshots.move_to_end(workspace_id.int)
            self._latest = snapshot
        return snapshot

    def find_current(self, workspace_id: UUID) -> Snapshot | None:
        """Return the current snapshot if it is here, and it is not in doubt whether it is current."""
        return None if self._doubted and workspace_id in self._doubted else self.peek(workspace_id)

    async def get(self, workspace_id: UUID) -> Snapshot:
        """Return the current snapshot, loading it unless it is here.

        Raises:
            UnknownObject: there is no such workspace.
        """
        if workspace_id in self._doubted:
            return await self.refresh(workspace_id)
        if snapshot := self.peek(workspace_id):
            return snapshot
        flight = self._flights.setdefault(workspace_id, _Flight())
        async with flight.lock:
            return self.peek(workspace_id) or await self._check(workspace_id, flight, None)

    def doubt(self, workspace_id: UUID) -> None:
        """Have the next `get` compare versions: a change may have been committed without our knowing."""
        if workspace_id.int in self._snapshots:
            self._doubted.add(workspace_id)

    async def refresh(self, workspace_id: UUID) -> Snapshot:
        """Return the snapshot of the version that the database has by now.

        Raises:
            UnknownObject: there is no such workspace.
        """
        flight = self._flights.setdefault(workspace_id, _Flight())
        asked_after = flight.begun
        async with flight.lock:
            snapshot = self.peek(workspace_id)
            if snapshot is not None and flight.ended > asked_after:
                return snapshot
            return await self._check(workspace_id, flight, snapshot)

    async def catch_up(self, workspace_id: UUID, version: int) -> None:
        """Have a snapshot that is here, and older than `version`, replaced by the newest.

        Raises:
            UnknownObject: there is no such workspace any more.
        """
        flight = self._flights.setdefault(workspace_id, _Flight())
        async with flight.lock:
            snapshot = self._snapshots.get(workspace_id.int)
            if snapshot is not None and snapshot.version < version:
                await self._load(workspace_id, snapshot)

    def version_of(self, workspace_id: UUID) -> int | None:
        """Return the version of a snapshot that is here, without counting as a use of it."""
        snapshot = self._snapshots.get(workspace_id.int)
        return None if snapshot is None else snapshot.version

    def versions(self) -> Mapping[UUID, int]:
        """Return the versions of all snapshots that are here."""
        return {snapshot.workspace.id: snapshot.version for snapshot in self._snapshots.values()}

    def loaded(self) -> tuple[Snapshot, ...]:
        """Return all snapshots that are here."""
        return tuple(self._snapshots.values())

    def forget(self, workspace_id: UUID) -> None:
        """Drop the snapshot of a workspace."""
        forgotten = self._snapshots.pop(workspace_id.int, None)
        self._latest = None
        self._doubted.discard(workspace_id)
        if forgotten is not None:
            self.bytes -= forgotten.weight
            self.forgotten(workspace_id)

    def publish(self, snapshot: Snapshot) -> bool:
        """Make this the current snapshot unless a newer one is; return whether it is now."""
        id_ = snapshot.workspace.id
        before = self._snapshots.get(id_.int)
        if before is not None and before.version >= snapshot.version:
            return before is snapshot
        self.bytes += snapshot.weight - (before.weight if before else 0)
        self._snapshots[id_.int] = snapshot
        self._snapshots.move_to_end(id_.int)
        self._latest = snapshot
        if (excess := self.bytes + self._count_views() - self._most_bytes) > 0:
            self._make_room(id_, excess)
        self.swapped(before, snapshot)
        return True

    def _count_views(self) -> int:
        """Return the bytes of all views. Requests add them; they are counted now and then."""
        self._uncounted += 1
        if self._uncounted * _COUNT_SHARE >= len(self._snapshots):
            self._uncounted = 0
            self._view_bytes = sum(snapshot.view_weight for snapshot in self._snapshots.values())
        return self._view_bytes

    def _make_room(self, newest: UUID, excess: int) -> None:
        victims = []
        for one in self._snapshots.values():
            if excess <= 0:
                break
            id_ = one.workspace.id
            if id_ != newest and not any(is_needed(id_) for is_needed in self._needs):
                excess -= one.weight + one.view_weight
                victims.append(one)
        for one in victims:
            self.counters.evictions += 1
            self._view_bytes -= one.view_weight
            self.forget(one.workspace.id)

    async def _check(self, workspace_id: UUID, flight: _Flight, snapshot: Snapshot | None) -> Snapshot:
        flight.begun += 1
        number = flight.begun
        # A doubt that comes up while we look stays for the next look.
        was_doubted = workspace_id in self._doubted
        self._doubted.discard(workspace_id)
        try:
            snapshot = await self._load_newer(workspace_id, snapshot)
        except BaseException:
            if was_doubted:
                self._doubted.add(workspace_id)
            raise
        flight.ended = number
        return snapshot

    async def _load_newer(self, workspace_id: UUID, snapshot: Snapshot | None) -> Snapshot:
        if snapshot is not None:
            rows = await self._database.read(*_VERSION.bind(workspace_id=workspace_id), share=None)
            if rows and int(rows[0][0] or 0) <= snapshot.version:
                return self.peek(workspace_id) or snapshot
        return await self._load(workspace_id, snapshot)

    async def _load(self, workspace_id: UUID, base: Snapshot | None) -> Snapshot:
        async with self._database.session() as connection:
            loaded = await read_snapshot(connection, workspace_id, base)
        self.counters.loads += 1
        self.publish(loaded)
        return self.peek(workspace_id) or loaded
