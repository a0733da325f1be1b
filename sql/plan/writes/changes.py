"""The write plans that change records, and those that remove them."""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Reference
from fieldstone.sql.plan.writes.rights import Rights


@frozen
class Expected:
    """The time in a column of the row to write: at `earliest` or later, and earlier than `before`; else CHANGED.

    In a Merge both are arrays, which have the times of the rows in the places of their `ids`.
    """

    column: Column
    earliest: Parameter
    before: Parameter


@frozen
class Update:
    """Set `assignments` on the rows under `condition`, locked in key order; soft deletion is an update too.

    With `ids` the rows are those of a uuid[] parameter, each of which must be there under `condition` (else
    NOT_FOUND). No row where there `must_match` one: NOT_FOUND without ids. More than `limit` rows: TOO_MANY. The answer
    is ordered by key. It assigns something: one of `assignments` and `references` is not empty. `expected` is of the
    only row. A record under `condition` that is named, but that no rule of the `rights` allows, is FORBIDDEN.
    """

    table: Table
    key: Column
    condition: Condition
    ids: Parameter | None = None
    must_match: bool = False
    limit: int
    assignments: tuple[Assignment, ...]
    references: tuple[Reference, ...] = ()
    expected: Expected | None = None
    rights: Rights | None = None
    event: EventTarget
    record: Record | None
    most_bytes: int | None = None


@frozen
class Hold:
    """The foreign key by which the rows of an UpdateRows hang on their parents.

    A row must hang on the parent that its input names, else it is NOT_FOUND; where it `moves`, it is made to, and a row
    that hangs there already stays as it is, whatever the rights.
    """

    column: Column
    moves: bool = False


@frozen
class UpdateRows:
    """Change the record with the id of each element of the JSON list `rows`, locked in key order.

    An element has `id`, `parent` where there is a `hold`, the columns' values as v0, v1 .. and the references'
    `source`s, as for an Insert, and `given`: a text with a 1 for each of the columns, and then for each foreign key of
    the references in their order, that the record's data sets, else a 0. Each id stands in it once. A record that is
    not there under `condition`: NOT_FOUND (details: JSON [index of the row]). `assignments` are for every row. There is
    no answer; the ids are those of the rows that moved, if there is a `hold` that moves them, those of all rows if the
    `rights` tell ways, else NULL.
    """

    table: Table
    key: Column
    condition: Condition
    rows: Parameter
    hold: Hold | None = None
    columns: tuple[Column, ...] = ()
    references: tuple[Reference, ...] = ()
    assignments: tuple[Assignment, ...]
    rights: Rights | None = None
    event: EventTarget


@frozen
class Delete:
    """Remove the rows under `condition` for good; `ids`, `must_match`, `limit`, `rights` and answer as for an Update.

    The records are as they were before, connections included.
    """

    table: Table
    key: Column
    condition: Condition
    ids: Parameter | None = None
    must_match: bool = False
    limit: int
    expected: Expected | None = None
    rights: Rights | None = None
    event: EventTarget
    record: Record | None
    most_bytes: int | None = None
