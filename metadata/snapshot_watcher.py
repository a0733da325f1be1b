"""Keeps the loaded snapshots and keys up to date in the background: told by other processes, and asking for itself."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import catalog_statement
from fieldstone.metadata.catalog.sessions import Reads
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import SqlError

_LOG = logging.getLogger(__name__)

_MOVED = catalog_statement("moved_since")
_DIFFERENT = catalog_statement("moved_versions")
_OLDEST = catalog_statement("oldest_transaction")

POLL_INTERVAL: Final = 0.7
"""Seconds between two questions: with the load that follows, nothing is behind for longer than a second."""

_OVERLAP: Final = 60.0
"""Seconds that a look goes back beyond the last one: a snapshot that is read meanwhile may be older than either."""

_COMPARED_AT_ONCE: Final = 500
"""Workspaces whose versions one statement compares."""

_LOADS_AT_ONCE = 2
"""Loads take connections that changes of the model need too."""


class SnapshotWatch:
    """Notices which snapshots are behind, and has them replaced; the old ones serve meanwhile.

    A look reads the workspaces and keys that have moved since the last one: it costs as much as the changes, not as the
    workspaces. The first one, and the one after a failure, compares the versions of all that are loaded: it may be
    another database by then.

    Args:
        current: the snapshots.
        database: where the versions are.
        keys: those that were looked up, if any serve.
        interval: seconds between two looks.
    """

    def __init__(
        self,
        current: CurrentSnapshots,
        database: Reads,
        *,
        keys: KeyStore | None = None,
        interval: float = POLL_INTERVAL,
    ) -> None:
        self._current = current
        self._keys = keys
        self._database = database
        self._interval = interval
        self._ask = Wake()
        # When each look of the last minute was, and the oldest transaction that it did not see the end of.
        self._looks: deque[tuple[float, bytes]] = deque()
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
        """Look now instead of at the next interval: messages may have been missed."""
        self._ask()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_looking())
            for _ in range(_LOADS_AT_ONCE):
                tasks.create_task(self._keep_loading())

    async def _keep_looking(self) -> None:
        pause = LogPause()
        while True:
            await self._ask.wait(self._interval)
            self._ask.forget()
            try:
                await self.look()
            except SqlError as error:
                self._forget_looks()
                if pause.begin(error):
                    _LOG.info("the versions of the models cannot be read: %s", error)

    async def look(self) -> None:
        """Hear of all workspaces that have moved; raises SqlError if the database cannot be read."""
        begun = asyncio.get_running_loop().time()
        keys_begun = self._keys.now() if self._keys else 0.0
        moved_keys: list[UUID] = []
        if not self._looks:
            # Before the comparison: the next look sees the changes that this one does not see yet.
            ((oldest,),) = await self._database.read(*_OLDEST.bind(), share=None)
            await self._compare(self._current.versions())
        else:
            since = self._looks[0][1]
            rows = await self._database.read(*_MOVED.bind(since=since.decode()), share=None)
            oldest = rows[0][0]
            if int(oldest or 0) < int(since):
                # It counts from the beginning again, or was set back.
                self._forget_looks()
                return
            for _, id_, version, is_key in rows:
                if is_key == b"t":
                    moved_keys.append(UUID((id_ or b"").decode()))
                elif id_ is not None:
                    self._hear_row(id_, version)
        if self._keys:
            self._keys.confirm(moved_keys, keys_begun)
        self._looks.append((begun, oldest or b""))
        while len(self._looks) > 1 and self._looks[1][0] <= begun - _OVERLAP:
            self._looks.popleft()

    def _forget_looks(self) -> None:
        """Begin again: changes may be missed."""
        self._looks.clear()
        if self._keys:
            self._keys.doubt()

    async def _compare(self, versions: Mapping[UUID, int]) -> None:
        """Compare the versions of all snapshots, some hundred at a time."""
        known = iter(versions.items())
        while some := dict(islice(known, _COMPARED_AT_ONCE)):
            for id_, version in await self._database.read(
                *_DIFFERENT.bind(ids=list(some), versions=list(some.values())), share=None
            ):
                self._hear_row(id_ or b"", version)

    def _hear_row(self, id_: bytes, version: bytes | None) -> None:
        workspace_id = UUID(id_.decode())
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
