"""The write plan that updates records, or inserts those that are not there."""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Reference
from fieldstone.sql.plan.writes.rights import Rights
from fieldstone.sql.types import SqlType


@frozen
class UniqueKey:
    """Columns whose values no two rows share (no two live rows, where `of_live`); NULL equals nothing."""

    columns: tuple[Column, ...]
    of_live: bool


@frozen
class GivenColumn:
    """A column that an Upsert sets in a row that is there, if the input's row gives it: see `Upsert.given`."""

    column: Column
    bit: int


CREATED = Column(name=":created", type=SqlType.BOOLEAN, nullable=False)
"""In the record of an Upsert and its ReadBack: whether the record was created. No table has such a column."""


@frozen
class Upsert:
    """Update the live row that a row of `rows` means, or insert the row, in the order of the rows.

    `columns` and `references` are those of an Insert; `given` is one more key of each row, a text with a 1
    at the place of each column that the client gave and a 0 at the others. A statement that loses a race raises
    SQLSTATE 40001. The answer has a last column, boolean[]: which of the `ids` were created. If `rights` or `updating`
    tell ways, each record has those of its creation or of its change.

    Attributes:
        rows: a JSON list as of an Insert; or the keys of the only row, each with its parameter.
        keys: all unique keys of the table, with the places of their columns in `given`; the primary key is the first.
        by: the indexes of the keys that a row is found by: the primary key before all others, of which all found must
            be the same. A key is looked for where the client gave all of its columns.
        clashing: the indexes of the keys of a row to insert that another row may have, although it was not found.
        deleted_at: marks deleted rows.
        revives: whether a row that finds no live one means the one that was deleted last.
        updates: the columns to set in a row that is there; empty: the row stays as it is.
        touched: more assignments of an updated row.
        many: whether there may be several rows, which must not have one key.
        rights: those of an insertion.
        updating: those of the change of a row. One that is not `readable`, or that no rule allows, is not found: its
            keys are taken.
        defaults: as of an Insert.
    """

    table: Table
    key: Column
    columns: tuple[Column, ...]
    rows: Parameter | tuple[tuple[str, Parameter], ...]
    given: str
    references: tuple[Reference, ...] = ()
    keys: tuple[tuple[UniqueKey, tuple[int, ...]], ...]
    by: tuple[int, ...]
    clashing: tuple[int, ...]
    deleted_at: Column | None
    revives: bool
    updates: tuple[GivenColumn, ...]
    touched: tuple[Assignment, ...]
    many: bool
    readable: Condition | None = None
    rights: Rights | None = None
    updating: Rights | None = None
    defaults: tuple[Assignment, ...] = ()
    event: EventTarget
    record: Record | None
    most_bytes: int | None = None

    @property
    def tells_ways(self) -> bool:
        """Whether the statement answers the ways that took each record."""
        return any(rights is not None and rights.tells_ways for rights in (self.rights, self.updating))
