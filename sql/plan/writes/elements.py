"""The elements of write plans: new values of columns, foreign keys, and the places of events."""

from enum import Enum

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter


@frozen
class Now:
    """The transaction's time."""


@frozen
class Null:
    """SQL's NULL."""


class ChangeKind(Enum):
    """A change of a column's value by the value before. NULL stays NULL unless said."""

    ADD = "add a number"
    APPEND = "append to an array; NULL counts as an empty one"
    APPEND_NEW = "append the items that the array has not got; NULL counts as an empty one"
    REMOVE = "remove from an array, each item as often as it is there"
    SET_PATHS = "set values inside a JSON document: fieldstone.set_paths; NULL counts as an empty object"
    DELETE_PATHS = "remove values inside a JSON document: fieldstone.delete_paths"


@frozen
class Change:
    """A change of a column's value, in an Update alone; the operand has the column's type."""

    kind: ChangeKind
    operand: Parameter


@frozen
class Assignment:
    """One column's new value."""

    column: Column
    value: Parameter | Now | Null | Change


@frozen
class Reference:
    """A foreign key that the write sets: the target must exist under `condition`.

    `column` is the foreign key in the written table; `source` names the input value: for an Insert a key in each
    element of the JSON input, else a parameter. `lookup` is the target's column that the input value is
    compared with: its key, or a unique column (connect by unique key). A NULL input connects to nothing. Of several
    references that set one column, the first whose input is not NULL counts. Without a `condition` the input is the key
    of a record that the transaction knows, and nothing is looked up. With `keeps` the input is the target's key, and a
    record that has it already keeps it, though its target does not fulfil the condition any more.
    """

    column: Column
    table: Table
    key: Column
    lookup: Column
    condition: Condition | None
    source: str | Parameter
    keeps: bool = False


@frozen
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
