"""Keeps the loaded snapshots up to date in the background: told by other processes, and asking for itself."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.catalog.sessions import Reads
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import SqlError

_LOG = logging.getLogger(__name__)

_MOVED = catalog_statement("moved_versions")

POLL_INTERVAL: Final = 0.7
"""Seconds between two questions: with the load that follows, nothing is behind for longer than a second."""

_LOADS_AT_ONCE = 2
"""Loads take connections that changes of the model need too."""


class SnapshotWatch:
    """Notices which snapshots are behind, and has them replaced; the old ones serve meanwhile.

    Args:
        current: the snapshots.
        database: where the versions are.
        interval: seconds between two questions for the versions.
    """

    def __init__(self, current: CurrentSnapshots, database: Reads, *, interval: float = POLL_INTERVAL) -> None:
        self._current = current
        self._database = database
        self._interval = interval
        self._ask = Wake()
        # The newest version heard of, for each workspace that waits to be loaded: no more than are loaded.
        self._newest: dict[UUID, int] = {}
        self._behind = asyncio.Event()

    def hear(self, workspace_id: UUID, version: int) -> None:
        """Take note of a version that is said to exist; a snapshot that is not loaded, or not older, stays as it is."""
        known = self._current.version_of(workspace_id)
        if known is not None and known < version:
            self._newest[workspace_id] = max(version, self._newest.get(workspace_id, version))
            self._behind.set()

    def ask(self) -> None:
        """Compare all versions now instead of at the next interval: messages may have been missed."""
        self._ask()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_comparing())
            for _ in range(_LOADS_AT_ONCE):
                tasks.create_task(self._keep_loading())

    async def _keep_comparing(self) -> None:
        while True:
            await self._ask.wait(self._interval)
            self._ask.forget()
            versions = self._current.versions()
            if not versions:
                continue
            try:
                await self._compare(versions)
            except SqlError as error:
                _LOG.info("the versions of the models cannot be read: %s", error)

    async def _compare(self, versions: Mapping[UUID, int]) -> None:
        step = _MOVED.bind(ids=list(versions), versions=list(versions.values()))
        for id_, version in await self._database.read(*step):
            workspace_id = UUID((id_ or b"").decode())
            if version is None:
                self._current.forget(workspace_id)
            else:
                self.hear(workspace_id, int(version))

    async def _keep_loading(self) -> None:
        while True:
            await self._behind.wait()
            if not self._newest:
                self._behind.clear()
                continue
            workspace_id = next(iter(self._newest))
            version = self._newest.pop(workspace_id)
            try:
                await self._current.catch_up(workspace_id, version)
            except UnknownObject:
                self._current.forget(workspace_id)
            except SqlError as error:
                # The next comparison finds it again.
                _LOG.info("version %d of workspace %s cannot be loaded yet: %s", version, workspace_id, error)
