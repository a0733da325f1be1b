"""The reads of a write: of the records that it names, of its answer, and of the rows to blame for its failure."""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.changes import UpdateRows
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.plan.writes.upserts import UniqueKey, Upsert


@frozen
class ReadBack:
    """Read the records with the ids of a uuid[] parameter, in that order: one row, one column, a JSON list.

    Attributes:
        created: a boolean[] beside the ids, for a record that has the column CREATED.
        most_bytes: as in `ReadPlan`, of the answers of the whole transaction.
    """

    table: Table
    key: Column
    ids: Parameter
    created: Parameter | None = None
    record: Record
    most_bytes: int | None = None


@frozen
class Find:
    """Read one row, one column: a JSON list with the `result` of a row, or null, for each element of the list `rows`.

    The row found has in one column of each of `lookups` the element's value v0, v1 and so on, and fulfils `condition`.
    """

    table: Table
    result: Column
    lookups: tuple[tuple[Column, ...], ...]
    condition: Condition
    rows: Parameter


@frozen
class Unfit:
    """Read the first of the records with the ids of a uuid[] parameter that fulfils none of the `checks`, by its key.

    One row, one column: its id, NULL for none. Records that are not there any more are passed over.

    Attributes:
        checks: one for each way of a write; None is one that every record fulfils.
        ways: a text[] beside the ids, which marks the ways whose checks count for a record, as a statement tells them
            whose Rights have `tells_ways`. None: all count for each.
    """

    table: Table
    key: Column
    ids: Parameter
    checks: tuple[Condition | None, ...]
    ways: Parameter | None = None


@frozen
class Faults:
    """The first rows of a failed write of several that are to blame: one row, one column, NULL for none.

    It is a JSON list of [index of the row, values], `limit` at most, in the order of the rows. The parameters of the
    statement are those of the write's `rows`, in their order. The values of a key are NULL where a change gives some of
    them only.

    Attributes:
        missing: the indexes of the references whose targets are looked for; a change has none.
        keys: those of which no other record may have the values, nor another row; an insertion sets all of their
            columns. The record that an Upsert's row means may have them, as may the one that an UpdateRows changes.
    """

    write: Insert | Upsert | UpdateRows
    missing: tuple[int, ...]
    keys: tuple[UniqueKey, ...]
    deleted_at: Column | None
    limit: int

    @property
    def slots(self) -> tuple[int, ...]:
        """The places of the statement's parameters among those of the write."""
        rows = self.write.rows
        return (rows.slot,) if isinstance(rows, Parameter) else tuple(parameter.slot for _, parameter in rows)
