"""The advisory locks of Fieldstone in a database: all that have a number stand here, so that no two have the same.

PostgreSQL keeps the locks of two numbers apart from those of one. Ours have two. The locks of a workspace have one, a
hash of a word and its id (`lock_workspace` in metadata/catalog/queries.sql, `close_gate` in
engine/cells/moves/queries.sql), and so are never one of these.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

SPACE: Final = 0x46534C4B
"""The first number of each lock: it keeps them apart from those of other programs on the database."""


class AdvisoryLock(IntEnum):
    """The second number of each lock, as `objid` in pg_locks shows it.

    Attributes:
        CATALOG: of a migration of the catalog or a new workspace, up to the end of the transaction.
        BUILD: of the one builder, for as long as its session builds.
        PARTITIONS: of the process that adds partitions to the event log, for one message.
        PLACEMENT: in the home of several cells, of a command that places a workspace, up to its end.
    """

    CATALOG = 1
    BUILD = 2
    PARTITIONS = 3
    PLACEMENT = 4

    @property
    def parameters(self) -> Mapping[str, int]:
        """Return the parameters `space` and `lock` of the queries that take it."""
        return {"space": SPACE, "lock": self.value}
