"""The node that answers a read: the one on which the workspace lies, or the coordinator, which leads to each."""

from typing import Final

from fieldstone.engine.nodes.directory import Directory
from fieldstone.engine.replicas.reads import Read, Reads
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseUnavailable,
    Serialization,
    StaleSchema,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.nodes.node import Node
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.statement import Row

_PASSED_ON: Final = (StaleSchema, Serialization, DatabaseUnavailable)
"""Errors of a node that the coordinator need not have: the workspace is being moved, or the node is away from here."""


class NodeReads(Reads):
    """Answers the reads of a distributed workspace at its node, which sees each write that was acknowledged.

    A node leads to the others as the coordinator does: a workspace that has just moved is read all the same.

    Args:
        database: the coordinator.
        directory: tells the nodes of the workspaces.
    """

    def __init__(self, database: Database, directory: Directory) -> None:
        super().__init__(database)
        self._directory = directory

    async def read(self, read: Read) -> list[Row]:
        """Return the rows of a read; raises DatabaseError."""
        node = self._find(read.snapshot)
        if node is None:
            return await super().read(read)
        if node.group.refusal:
            raise DatabaseUnavailable(node.group.refusal)
        if not node.answers:
            return await super().read(read)
        share = read.principal.share
        try:
            return await node.database.read(read.statement, read.parameters, timeout=read.limit, share=share)
        except DatabaseError as error:
            if not self.passes_on(node.database, read.snapshot, error):
                raise
            return await super().read(read)

    def find(self, _principal: Principal, snapshot: Snapshot, _token: Position | None) -> Database | None:
        """Return the database that answers a read at once; None where none does."""
        node = self._find(snapshot)
        if node is None:
            return self.database
        if node.group.refusal:
            return None
        return node.database if node.answers else self.database

    def passes_on(self, database: Database, snapshot: Snapshot, error: DatabaseError) -> bool:
        """Return whether the coordinator is to answer a read which this database has failed to answer, and note it."""
        node = self._find(snapshot)
        if node is None or node.database is not database or isinstance(error, DatabaseBusy):
            return False
        if not isinstance(error, _PASSED_ON):
            return False
        if isinstance(error, DatabaseUnavailable):
            node.doubt()
        return True

    async def require_nodes(self) -> None:
        """Return if all nodes answer, which a change of a table is sent to; raises DatabaseUnavailable."""
        await self._directory.require_answers()

    def _find(self, snapshot: Snapshot) -> Node | None:
        workspace = snapshot.workspace
        return self._directory.find(workspace.id) if workspace.is_distributed else None
