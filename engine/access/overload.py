"""Refuses operations that would wait too long, before anything is read of them.

Beyond the rate that the database or the process can serve, a queue only grows: all its operations are answered, and
each so late that nobody needs it any more. So the queue is bounded by the time that it takes, and a refusal costs
little.
"""

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.errors import Overloaded
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database


class OverloadGuard:
    """Refuses the operations of principals whose workspace has too many that wait.

    Args:
        slots: where operations wait before they may ask for a connection.
        database: where they wait for one.
        patience: the longest wait in seconds behind a queue that stands; 0 refuses nothing. A queue that was empty a
            second ago may take half as long again, and so may the only operation of a key: operations that one key
            sends in bulk do not shut the others out.
        shedding: makes the errors.
    """

    def __init__(self, slots: Slots, database: Database, *, patience: float, shedding: LoadShedding) -> None:
        self.shedding = shedding
        self._slots = slots
        self._database = database
        self._patience = patience

    def find_refusal(self, principal: Principal) -> Overloaded | None:
        """Return the error for an operation that would wait too long, and count it; None where it may begin."""
        if not self._patience:
            return None
        ahead, is_first = self._slots.place_of(principal)
        share = principal.workspace_id.int
        if self._slots.is_late(principal) or self._database.is_late(share, ahead, self._patience, is_first=is_first):
            return self.shedding.refuse(principal.workspace_id)
        return None

    def require_room(self, principal: Principal) -> None:
        """Do nothing where an operation of the principal may begin; raises Overloaded."""
        if (refusal := self.find_refusal(principal)) is not None:
            raise refusal
