"""The row of a write apart from its event: only the row's statement goes to a node of Citus.

Citus runs each part of a statement with WITH queries by itself and keeps the rows between them in files, and it reads a
row back from the node with a message of its own. A statement whose parts change nothing but the rows of one node goes
there whole, unless a part is an INSERT, and one that names no distributed table is PostgreSQL's alone.
"""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget
from fieldstone.sql.plan.writes.inserts import InsertOne


@frozen
class RowApart:
    """Insert the row of an insertion and nothing else.

    The parameters of its statement are those of the row's values, in their order.
    """

    insert: InsertOne

    @property
    def values(self) -> tuple[Assignment, ...]:
        """The value of each column, also of those that an insertion leaves to the database."""
        return (*self.insert.values, *self.insert.defaults)

    @property
    def slots(self) -> tuple[int, ...]:
        """The places of the statement's parameters among those of the insertion."""
        return tuple(one.value.slot for one in self.values if isinstance(one.value, Parameter))

    @property
    def key(self) -> int:
        """The place of the row's key among the parameters of the insertion."""
        for one in self.values:
            if one.column.name == self.insert.key.name and isinstance(one.value, Parameter):
                return one.value.slot
        raise TypeError("a row whose values are known has its key among them")


@frozen
class CreatedEvent:
    """Leave the event of such a row in the same transaction, and answer as the insertion would, with its parameters."""

    row: RowApart


def is_apart(insert: InsertOne) -> bool:
    """Return whether the row of an insertion is inserted apart: its values are known before.

    A target or a check is looked up before the row is inserted.
    """
    is_checked = insert.rights is not None and insert.rights.has_check
    return insert.table.is_distributed and insert.is_whole and not is_checked and not insert.references


@frozen
class ChangeApart:
    """Change or remove one record, and leave no event: behind the columns of the answer are those for a ChangedEvent.

    They are the records before, as jsonb[], those afterwards, or NULL, and the actor.
    """

    change: Update | Delete


@frozen
class ChangedEvent:
    """Leave the event of a ChangeApart; the parameters are its ids, and then the columns behind its answer."""

    event: EventTarget


ApartPlan = RowApart | CreatedEvent | ChangeApart | ChangedEvent
