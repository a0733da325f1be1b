"""The catalog of each workspace as a model, by which the Metadata API reads it."""

from collections import OrderedDict
from uuid import UUID

from fieldstone.metadata.catalog.api_model.model import catalog_snapshot
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.newest import keep

MOST_CATALOGS = 1_000


class CatalogSource:
    """The catalog's own model for each workspace; it never changes."""

    def __init__(self, current: CurrentSnapshots) -> None:
        self._current = current
        self._snapshots: OrderedDict[UUID, Snapshot] = OrderedDict()
        current.forgotten.connect(lambda workspace_id: self._snapshots.pop(workspace_id, None))

    async def get(self, workspace_id: UUID) -> Snapshot:
        """Return the catalog as this workspace sees it."""
        found = self._snapshots.get(workspace_id)
        if found is None:
            found = catalog_snapshot((await self._current.get(workspace_id)).workspace)
            keep(self._snapshots, workspace_id, found, MOST_CATALOGS)
        return found

    def find_current(self, workspace_id: UUID) -> Snapshot | None:
        """Return the catalog as this workspace sees it, if it is here."""
        return self._snapshots.get(workspace_id)

    async def refresh(self, workspace_id: UUID) -> Snapshot:
        """Return another instance where the workspace's model is newer, which root fields read records by."""
        before = self._current.peek(workspace_id)
        if await self._current.refresh(workspace_id) is not before:
            self._snapshots.pop(workspace_id, None)
        return await self.get(workspace_id)
