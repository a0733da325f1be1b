"""The protocol of the source of the models that an API is built on."""

from typing import Protocol
from uuid import UUID

from fieldstone.metadata.model import Snapshot


class SnapshotSource(Protocol):
    """A source of the snapshots that an API answers by."""

    async def get(self, workspace_id: UUID) -> Snapshot:
        """Return the snapshot of a workspace; one that is at hand may be older than the newest by a moment."""

    def find_current(self, workspace_id: UUID) -> Snapshot | None:
        """Return the snapshot at hand; None if there is none, or a newer one may exist."""

    async def refresh(self, workspace_id: UUID) -> Snapshot:
        """Return the snapshot of the newest version; the same instance where nothing is newer."""
