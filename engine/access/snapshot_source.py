"""The protocol of the source of the models that an API is built on."""

from typing import Protocol
from uuid import UUID

from fieldstone.metadata.model import Snapshot


class SnapshotSource(Protocol):
    """Where the snapshots come from that an API is built on."""

    async def get(self, workspace_id: UUID) -> Snapshot:
        """Return the snapshot at hand."""

    def find_current(self, workspace_id: UUID) -> Snapshot | None:
        """Return the snapshot at hand, if there is one and it is not in doubt whether it is current."""

    async def refresh(self, workspace_id: UUID) -> Snapshot:
        """Return the snapshot of the newest version; the same instance where nothing is newer."""
