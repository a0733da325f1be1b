"""The event of a create apart: on a node of Citus two plain statements take a fraction of the time of one with both.

Citus runs each part of a statement with WITH queries by itself, and keeps the rows between them in files.
"""

from dataclasses import dataclass

from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.write import InsertOne


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedEvent:
    """Leave the event of the row that an insertion has inserted before, in the same transaction.

    The parameters of its statement are the row's key and the actor, in this order.
    """

    insert: InsertOne

    @property
    def slots(self) -> tuple[int, int]:
        """The places of these two among the parameters of the insertion."""
        key = key_of(self.insert)
        if key is None:
            raise TypeError("an insertion whose event is left apart gives the key")
        return key.slot, self.insert.event.actor.slot


def is_apart(insert: InsertOne) -> bool:
    """Return whether the event of an insertion is left by a statement of its own.

    A target or a check is looked up before the row is inserted. The answer is read back: behind RETURNING, Citus takes
    neither a sub-select nor a function that is not IMMUTABLE.
    """
    is_checked = insert.rights is not None and insert.rights.has_check
    is_read_back = insert.record is None
    return (
        insert.table.is_distributed
        and is_read_back
        and not is_checked
        and not insert.references
        and key_of(insert) is not None
    )


def key_of(insert: InsertOne) -> Parameter | None:
    """Return the parameter that is the key of an insertion's row; None where PostgreSQL makes the key."""
    values = (one.value for one in insert.values if one.column.name == insert.key.name)
    return next((value for value in values if isinstance(value, Parameter)), None)
