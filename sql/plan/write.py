"""Write plans: records inserted, changed and removed, each with its event, as plain frozen data.

Each write plan is one statement that answers one row of three columns:

    problem  NULL, or the error (see `Problem`), and then nothing was written
    ids      uuid[] of the records written, in the answer's order; NULL from an InsertOne that has a `record`
    answer   JSON text: a list of the records, or NULL where `record` is None (the answer is then read back)
"""

from dataclasses import dataclass
from enum import Enum

from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.rights import Rights
from fieldstone.sql.types import SqlType


class Problem(Enum):
    """The reason why a write wrote nothing; the value stands in the problem column before a colon and details.

    Of several problems the one told is too many, then not found, then the first row's first missing target.
    """

    NOT_FOUND = "not_found"
    """A record is not there (details: JSON list of the ids, in the order given; empty where it was not named by id)."""
    TARGET_NOT_FOUND = "target_not_found"
    """A record to connect to is not there or is deleted (details: JSON [index of the reference, index of the row])."""
    CHANGED = "changed"
    """The row was changed at another time than the one expected (details: JSON [that time, in UTC])."""
    FORBIDDEN = "forbidden"
    """A record is there, but no rule lets it be written (details as of NOT_FOUND, of these ids)."""
    CHECK = "check"
    """No way allows a record as it would be (JSON [index of the row], or [id] of an update)."""
    OUT_OF_RANGE = "out_of_range"
    """A number would leave its column's range (details: JSON [index of the assignment, id of the row])."""
    TOO_MANY = "too_many"
    """More records than `limit` are meant (no colon, no details)."""
    KEY_TWICE = "key_twice"
    """Two rows of an upsert have one unique key (JSON [index of the key, of the first row, of the second, values])."""
    RECORD_TWICE = "record_twice"
    """Two rows of an upsert mean one record by different keys (JSON [index of the first row, of the second])."""
    TWO_RECORDS = "two_records"
    """The keys of an upsert's row are those of different records (JSON [index of the row, one id, another id])."""
    KEY_TAKEN = "key_taken"
    """Another record has a key of a row to insert (JSON [index of the key, index of the row, values])."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The transaction's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """SQL's NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A foreign key that the write sets: the target must exist under `condition`.

    `column` is the foreign key in the written table; `source` names the input value: for an Insert a key in each
    element of the JSON input, else a parameter. `lookup` is the target's column that the input value is
    compared with: its key, or a unique column (connect by unique key). A NULL input connects to nothing. Of several
    references that set one column, the first whose input is not NULL counts. Without a `condition` the input is the key
    of a record that the transaction knows, and nothing is looked up.
    """

    column: Column
    table: Table
    key: Column
    lookup: Column
    condition: Condition | None
    source: str | Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTarget:
    """Where each written record leaves its event row, in the same statement.

    The staging table has the columns workspace_id uuid, object_id uuid, record_id uuid, action text, before jsonb,
    after jsonb, actor text (its sequence number and time are defaults).
    """

    table: Table
    workspace_id: str
    object_id: str
    action: str
    actor: Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
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
    defaults: tuple["Assignment", ...] = ()
    event: EventTarget
    record: Record | None


class ChangeKind(Enum):
    """A change of a column's value by the value before. NULL stays NULL unless said."""

    ADD = "add a number"
    APPEND = "append to an array; NULL counts as an empty one"
    APPEND_NEW = "append the items that the array has not got; NULL counts as an empty one"
    REMOVE = "remove from an array, each item as often as it is there"
    SET_PATHS = "set values inside a JSON document: fieldstone.set_paths; NULL counts as an empty object"
    DELETE_PATHS = "remove values inside a JSON document: fieldstone.delete_paths"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a column's value, in an Update alone; the operand has the column's type."""

    kind: ChangeKind
    operand: Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One column's new value."""

    column: Column
    value: Parameter | Now | Null | Change


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueKey:
    """Columns whose values no two rows share (no two live rows, where `of_live`); NULL equals nothing."""

    columns: tuple[Column, ...]
    of_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenColumn:
    """A column that an Upsert sets in a row that is there, if the input's row gives it: see `Upsert.given`."""

    column: Column
    bit: int


CREATED = Column(name=":created", type=SqlType.BOOLEAN, nullable=False)
"""In the record of an Upsert and its ReadBack: whether the record was created. No table has such a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """Update the live row that a row of `rows` means, or insert the row, in the order of the rows.

    `columns` and `references` are those of an Insert; `given` is one more key of each row, a text with a 1
    at the place of each column that the client gave and a 0 at the others. A statement that loses a race raises
    SQLSTATE 40001. The answer has a fourth column, boolean[]: which of the `ids` were created.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The time in a column of the row to write: at `earliest` or later, and earlier than `before`; else CHANGED."""

    column: Column
    earliest: Parameter
    before: Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The foreign key by which the rows of an UpdateRows hang on their parents.

    A row must hang on the parent that its input names, else it is NOT_FOUND; where it `moves`, it is made to, and a row
    that hangs there already stays as it is.
    """

    column: Column
    moves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRows:
    """Change the record with the id of each element of the JSON list `rows`, locked in key order.

    An element has `id`, `parent` where there is a `hold`, the columns' values as v0, v1 .. and the references'
    `source`s, as for an Insert, and `given`: a text with a 1 for each of the columns, and then for each foreign key of
    the references in their order, that the record's data sets, else a 0. Each id stands in it once. A record that is
    not there under `condition`: NOT_FOUND (details: JSON [index of the row]). `assignments` are for every row. There is
    no answer.
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """Read the records with the ids of a uuid[] parameter, in that order: one row, one column, a JSON list.

    Attributes:
        created: a boolean[] beside the ids, for a record that has the column CREATED.
        most_bytes: as in `ReadPlan`, of the connections of the whole transaction.
    """

    table: Table
    key: Column
    ids: Parameter
    created: Parameter | None = None
    record: Record
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTree:
    """Insert the rows of several places in one statement, and answer the records of one of them as a ReadBack does.

    No insert has rights, a record, or a reference that is looked up: a new record is related to those alone that are
    inserted beside it. The events have the order of the inserts; the `root` is the one whose records are answered.
    """

    inserts: tuple[Insert | InsertOne, ...]
    root: int
    record: Record
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Read one row, one column: a JSON list with the `result` of a row, or null, for each element of the list `rows`.

    The row found has in one column of each of `lookups` the element's value v0, v1 and so on, and fulfils `condition`.
    """

    table: Table
    result: Column
    lookups: tuple[tuple[Column, ...], ...]
    condition: Condition
    rows: Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Read the first of the records with the ids of a uuid[] parameter that does not fulfil the `check`, by its key.

    One row, one column: its id, NULL for none. Records that are not there any more are passed over.
    """

    table: Table
    key: Column
    ids: Parameter
    check: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The first rows of a failed Insert or Upsert that are to blame: one row, one column, NULL for none.

    It is a JSON list of [index of the row, values], `limit` at most, in the order of the rows. The parameters of the
    statement are those of the write's `rows`, in their order.

    Attributes:
        missing: the indexes of the references whose targets are looked for.
        keys: those of which no record may have the values, nor another row; the write sets their columns. The record
            that an Upsert's row means may have them.
    """

    insert: Insert | Upsert
    missing: tuple[int, ...]
    keys: tuple[UniqueKey, ...]
    deleted_at: Column | None
    limit: int

    @property
    def slots(self) -> tuple[int, ...]:
        """The places of the statement's parameters among those of the write."""
        rows = self.insert.rows
        return (rows.slot,) if isinstance(rows, Parameter) else tuple(parameter.slot for _, parameter in rows)


WritePlan = Insert | InsertOne | Upsert | Update | Delete
NestedPlan = CreateTree | UpdateRows | Find | Unfit
