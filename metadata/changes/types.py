"""The base, the unset value and the result that all kinds of change of the model share."""

from enum import Enum
from typing import Final, TypeVar

from fieldstone.metadata.changes.row_work import RowWork
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen


class Change:
    """A change of the model, as data; each kind stands in a module of `kinds`."""

    __slots__ = ()


class Unset(Enum):
    """The value of a member that an update leaves as it is."""

    UNSET = "left as it is"


UNSET: Final = Unset.UNSET

T = TypeVar("T")


def chosen(given: T | Unset, old: T) -> T:
    """Return the value that is given, or else the old one."""
    return old if isinstance(given, Unset) else given


@frozen
class Applied:
    """The next snapshot, its version still that of the one before.

    Attributes:
        work: the checks and updates of rows that are made before the tables are changed.
    """

    snapshot: Snapshot
    work: tuple[RowWork, ...] = ()
