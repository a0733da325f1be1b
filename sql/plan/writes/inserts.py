"""The write plans that insert records."""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Reference
from fieldstone.sql.plan.writes.rights import Rights


@frozen
class Insert:
    """Insert one row for each element of the JSON list `rows`, in that order.

    An element's keys are the `columns`' names and the references' `source`s, of which an absent one means NULL; values
    are JSON texts or nulls, or any JSON for jsonb and JSON lists of texts for text[]. A column set by a Reference is
    not among `columns`. Columns that the list does not name take their defaults, of which a check of the `rights` reads
    those of `defaults`. The parameter is cast to json, whatever its type says.
    """

    table: Table
    key: Column
    columns: tuple[Column, ...]
    rows: Parameter
    references: tuple[Reference, ...] = ()
    rights: Rights | None = None
    defaults: tuple[Assignment, ...] = ()
    event: EventTarget
    record: Record | None
    most_bytes: int | None = None


@frozen
class InsertOne:
    """Insert one row of these values, in half the time that an Insert takes for it.

    Each reference has a parameter as its source, which is never NULL, and a column of its own. It `is_whole` if its
    values, its references and the defaults are those of all columns, as the database will have them.
    """

    table: Table
    key: Column
    values: tuple[Assignment, ...]
    references: tuple[Reference, ...] = ()
    rights: Rights | None = None
    defaults: tuple[Assignment, ...] = ()
    is_whole: bool = False
    event: EventTarget
    record: Record | None
    most_bytes: int | None = None


@frozen
class CreateTree:
    """Insert the rows of several places in one statement, and answer the records of one of them as a ReadBack does.

    No insert has rights, a record, or a reference that is looked up: a new record is related to those alone that are
    inserted beside it. The events have the order of the inserts; the `root` is the one whose records are answered.
    Unless they may be `many`, the statement fails, and writes nothing, if PostgreSQL passes over the only one.
    """

    inserts: tuple[Insert | InsertOne, ...]
    root: int
    many: bool
    record: Record
    most_bytes: int | None = None
