"""A database and a loop that outlive the examples of hypothesis."""

import asyncio
from collections.abc import Iterable
from itertools import count
from typing import Any

from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes import Change
from fieldstone.metadata.model import Snapshot
from tests.metadata.desk import Desk, connect_database, open_desk


class Workbench:
    """One process on one database, for tests that are not coroutines."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._numbers = count(1)
        self._loop = asyncio.new_event_loop()
        self._database = connect_database(dsn)
        self.run(self._database.open())
        self.desk: Desk = self.run(open_desk(self._database))

    def run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    def new_workspace(self) -> Snapshot:
        name = f"example{next(self._numbers)}"
        snapshot: Snapshot = self.run(self.desk.workspaces.create(name, actor="test", standard=False))
        return snapshot

    def change(self, snapshot: Snapshot, changes: Iterable[Change]) -> Snapshot:
        """The model after these changes, made as one."""
        after: Snapshot = self.run(self.desk.writer.change(snapshot.workspace.id, lambda _: changes, actor="test"))
        return after

    def follow(self, behind: Snapshot) -> Snapshot:
        """The model of a process that is behind, after it has looked."""

        async def read() -> Snapshot:
            async with self._database.session() as connection:
                return await read_snapshot(connection, behind.workspace.id, behind)

        after: Snapshot = self.run(read())
        return after

    def close(self) -> None:
        self.run(self._database.close())
        self._loop.close()
