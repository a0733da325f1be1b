"""The server that answers a read: the primary, or a replica that has all writes which the read has to see."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.replicas.replica import Replica
from fieldstone.sql.statement import Parameters, Row, Statement


class Read(NamedTuple):
    """One statement that reads records, with the model that it was planned on and the seconds that it may take."""

    principal: Principal
    snapshot: Snapshot
    statement: Statement
    parameters: Parameters
    limit: float


class Reads:
    """Answers all reads from one database.

    Args:
        database: the primary.

    Attributes:
        replicas: those that answer reads.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.replicas: Sequence[Replica] = ()

    async def read(self, read: Read) -> list[Row]:
        """Return the rows of a read; raises DatabaseError."""
        share = read.principal.share
        return await self.database.read(read.statement, read.parameters, timeout=read.limit, share=share)

    def find(self, _principal: Principal, _snapshot: Snapshot, _bookmark: Position | None) -> Database | None:
        """Return the database that answers a read at once; None where a wait for a replica is worth its time."""
        return self.database

    def passes_on(self, _database: Database, _snapshot: Snapshot, _error: DatabaseError) -> bool:
        """Return whether the primary is to answer a read which this database has failed to answer."""
        return False

    async def require_nodes(self) -> None:
        """Return if all nodes of a cluster answer, if there is one; raises DatabaseUnavailable."""

    def forget(self, workspace_id: UUID) -> None:
        """Forget a workspace, which may come back from another database with a model that was here before."""

    async def note_write(self, _principal: Principal) -> None:
        """Note that a principal has written, so that its reads see that."""

    def note_unknown_write(self, _principal: Principal) -> None:
        """Note that a principal may have written: its reads have to see whether it has."""

    def tell_write(self, _principal: Principal, tell: Callable[[Position | None], None]) -> None:
        """Note that a principal has written, and have `tell` called with the write's position; None: there is none."""
        tell(None)


class ModelReads(Reads):
    """Answers reads of the model from the primary, and notes its changes like other writes.

    Args:
        reads: the ones of the records.
    """

    def __init__(self, reads: Reads) -> None:
        super().__init__(reads.database)
        self._reads = reads

    async def note_write(self, principal: Principal) -> None:
        """Note that a principal has written, so that its reads see that."""
        await self._reads.note_write(principal)

    def note_unknown_write(self, principal: Principal) -> None:
        """Note that a principal may have written: its reads have to see whether it has."""
        self._reads.note_unknown_write(principal)

    def tell_write(self, principal: Principal, tell: Callable[[Position | None], None]) -> None:
        """Note that a principal has written, and have `tell` called with the write's position; None: there is none."""
        self._reads.tell_write(principal, tell)
