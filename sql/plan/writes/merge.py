"""The plans of a merge of records: the records themselves, and those that point to them, as plain frozen data.

Each is one statement that answers one row of three columns, as the write plans do (`sql/plan/write.py`).
"""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.writes.changes import Expected
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget
from fieldstone.sql.plan.writes.rights import Rights


@frozen
class Merge:
    """Fill the blanks of the row `kept` with the values of the other rows of `ids` (a uuid[]), and mark those deleted.

    All rows are locked in key order; one that is not there under `condition`: NOT_FOUND. Columns of one of the `units`
    have their values from one row: the first of `ids`, `kept` before all others, in which one of them has a value that
    is not blank. Blank are NULL, an empty text, list or JSON document, and in a column of `own_keys`, which hold keys
    of the same table, each of the `ids`, unless it is `kept` in the row `kept` itself. The answer's
    ids are `kept` alone.

    Attributes:
        filled: more assignments of the row that is kept.
        deleted: the assignments that mark the others.
        events: those of the row that is kept, and of the others; None: all are locked and judged, and stay as they are.
        filling, deleting: the rights to change the row that is kept, and to delete the others. A row that no rule
            allows is FORBIDDEN, one that no way allows as it will be CHECK (details of both: JSON [id, action]).
        expected: of each row; else CHANGED (details: JSON [time, id, place in `ids`]).
    """

    table: Table
    key: Column
    condition: Condition
    ids: Parameter
    kept: Parameter
    expected: Expected | None = None
    units: tuple[tuple[Column, ...], ...]
    own_keys: tuple[Column, ...] = ()
    filled: tuple[Assignment, ...]
    deleted: tuple[Assignment, ...]
    events: tuple[EventTarget, EventTarget] | None
    filling: Rights | None = None
    deleting: Rights | None = None


@frozen
class Repoint:
    """Have the rows whose `keys` are some of `ids` point to `kept` instead; deleted rows are meant, too.

    All rows under `condition` are locked in key order; more than `limit`: TOO_MANY. Rows that are themselves among the
    `ids` (in the table of the merged records) stay as they are. The answer's ids are those of the rows that are moved,
    if it `tells_moved`.

    Attributes:
        alone: those of the keys that no two live rows share: if `kept` has such a row under `condition`, or gets one of
            an earlier one of `ids`, a row stays where it is.
        pair: foreign keys that no two live rows share together, as in a junction: a live row that would be the second
            one is marked as deleted instead, and so is one whose keys among `keys` would all be `kept`.
        moved: more assignments of a row that is moved.
        deleted: the assignments that mark a row as deleted.
        moving, deleting: the rights to change a row, and to mark it as deleted; problems are those of a Merge.
        barred: for each way of `moving`, the keys that it does not allow to change.
        events: those of rows that are moved, and of rows that are marked; None: as of a Merge.
    """

    table: Table
    key: Column
    keys: tuple[Column, ...]
    ids: Parameter
    kept: Parameter
    is_own: bool
    limit: int
    alone: tuple[Column, ...] = ()
    pair: tuple[Column, ...] = ()
    condition: Condition | None = None
    deleted_at: Column | None
    moved: tuple[Assignment, ...]
    deleted: tuple[Assignment, ...]
    events: tuple[EventTarget, EventTarget] | None
    moving: Rights | None = None
    deleting: Rights | None = None
    barred: tuple[tuple[Column, ...], ...] = ()
    tells_moved: bool = False


MergePlan = Merge | Repoint
