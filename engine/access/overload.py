"""Refuses operations that would wait too long for the database, before anything is read of them.

Beyond the rate that the database can serve, a queue only grows: all its operations are answered, and each so late that
nobody needs it any more. So the queue is bounded by the time that it takes, and a refusal costs little.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from fieldstone.engine.access.slots import Slots
from fieldstone.engine.errors import Overloaded
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

_LOGGED_EVERY: Final = 10.0
"""Seconds."""


class OverloadGuard:
    """Refuses the operations of principals whose workspace has too many that wait.

    Args:
        slots: where operations wait before they may ask for a connection.
        database: where they wait for one.
        patience: the longest wait in seconds behind a queue that stands; 0 refuses nothing. A queue that was empty a
            second ago may take half as long again, and so may the only operation of a key: operations that one key
            sends in bulk do not shut the others out.
        clock: yields seconds.

    Attributes:
        refused: operations so far.
    """

    def __init__(
        self, slots: Slots, database: Database, *, patience: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.refused = 0
        self._slots = slots
        self._database = database
        self._patience = patience
        self._clock = clock
        self._logged = 0
        self._logged_at = -_LOGGED_EVERY

    def find_refusal(self, principal: Principal) -> Overloaded | None:
        """Return the error for an operation that would wait too long, and count it; None where it may begin."""
        if not self._patience:
            return None
        ahead, is_first = self._slots.place_of(principal)
        share = principal.workspace_id.int
        if not self._database.is_late(share, ahead, self._patience, is_first=is_first):
            return None
        self.refused += 1
        now = self._clock()
        if now - self._logged_at >= _LOGGED_EVERY:
            _LOG.warning(
                "overloaded: %d operations were refused, the last one of workspace %s, since more come than the"
                " database serves in time",
                self.refused - self._logged,
                principal.workspace_id,
            )
            self._logged, self._logged_at = self.refused, now
        return Overloaded(
            "The server is overloaded: more operations of this workspace wait for the database than it serves in time."
            " Nothing was done; try again in a moment."
        )

    def require_room(self, principal: Principal) -> None:
        """Do nothing where an operation of the principal may begin; raises Overloaded."""
        if (refusal := self.find_refusal(principal)) is not None:
            raise refusal
