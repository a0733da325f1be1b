"""The plan of a change: a transaction runs it, a dry run shows it. Pure, by the model, the change and table sizes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from psycopg.sql import Composed

from fieldstone.metadata.changes.apply import apply
from fieldstone.metadata.changes.difference import Difference, compare
from fieldstone.metadata.changes.row_work import RowWork
from fieldstone.metadata.changes.tables.alteration import build_statements
from fieldstone.metadata.changes.tables.deferral import defer, find_slow
from fieldstone.metadata.changes.tables.migration import RequiredColumn, find_required_columns, find_rewriting
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Index, Snapshot, Status
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.frozen import frozen

# https://www.postgresql.org/docs/current/limits.html
MAXIMUM_COLUMNS: Final = 1_600

BIG_TABLE: Final = 32 << 20
"""The bytes of a table from which on an index is built after the commit, beside readers and writers."""

LARGEST_REWRITE: Final = 256 << 20
"""The bytes of a table up to which a change may look at or write each of its rows while others wait."""


@frozen
class Bounds:
    """The bounds that a plan keeps to.

    Attributes:
        trigram: the operator class for trigram indexes, None where the server has not got it.
        big_table: the bytes of a table from which on work on each of its rows is left for after the commit.
        largest_rewrite: the bytes of a table up to which each row may be looked at or written while others wait.
    """

    trigram: TrigramClass | None
    big_table: int = BIG_TABLE
    largest_rewrite: int = LARGEST_REWRITE


class TableSize(NamedTuple):
    """The bytes of a table, None where they are not asked for or there is no table, and the columns that it has used.

    `dropped` of the columns are those of deleted fields.
    """

    bytes: int | None
    columns: int
    dropped: int


@frozen
class Draft:
    """A change applied to a model, before the sizes of its tables are known.

    Attributes:
        asked: the model after it, as if all tables were small.
        slow: the objects of which each row is looked at.
        rewriting: the new fields of objects that were there which write each row.
        added: the numbers of columns that objects get which were there.
    """

    change: Change
    before: Snapshot
    asked: Applied
    difference: Difference
    slow: frozenset[UUID]
    rewriting: tuple[Field, ...]
    added: Mapping[UUID, int]

    @property
    def weighed(self) -> frozenset[UUID]:
        """The objects whose tables' bytes are needed."""
        return self.slow | {field.object_id for field in self.rewriting}


@frozen
class ChangePlan:
    """All that a change does.

    Attributes:
        draft: the change as if all tables were small; its work are the checks that the rows must pass.
        applied: the change with its work for after the commit marked as such; its own work is done at once.
        difference: its difference from the model before.
        big: the objects whose tables are big and leave work for later.
        statements: those that change the tables, in order.
        required: the new columns whose tables must be empty.
    """

    draft: Draft
    applied: Applied
    difference: Difference
    big: frozenset[UUID]
    statements: tuple[Composed, ...]
    required: tuple[RequiredColumn, ...]

    @property
    def before(self) -> Snapshot:
        """The model before the change."""
        return self.draft.before

    @property
    def leaves_work(self) -> bool:
        """True if the builder has work to do after the commit."""
        changed: tuple[Index | Field, ...] = (*self.difference.indexes, *(one.after for one in self.difference.fields))
        return bool(self.big) or any(one.status is Status.BUILDING for one in changed)

    def is_deferred(self, work: RowWork) -> bool:
        """Return whether work on the rows is done after the commit."""
        return not any(work is one for one in self.applied.work)


def draft_change(before: Snapshot, change: Change) -> Draft | None:
    """Return a change applied to a model; None if it changes nothing.

    Raises:
        InvalidChange: it breaks a rule.
        UnknownObject: its subject is not there.
    """
    asked = apply(before, change)
    if asked.snapshot is before:
        return None
    difference = compare(before, asked.snapshot)
    return Draft(
        change=change,
        before=before,
        asked=asked,
        difference=difference,
        slow=find_slow(before, difference),
        rewriting=tuple(find_rewriting(difference)),
        added=_added_columns(difference),
    )


def plan_change(draft: Draft, sizes: Mapping[UUID, TableSize], bounds: Bounds) -> ChangePlan:
    """Return the plan of a change.

    Args:
        draft: the change.
        sizes: those of the tables of the objects that the draft weighs or adds columns to.
        bounds: the bounds that it keeps to.

    Raises:
        InvalidChange: a table is too large for it, or has no room for more columns, or the server cannot do it.
    """
    for problem in (*_check_rewrites(draft, sizes, bounds), *_check_room(draft, sizes)):
        raise problem
    big = frozenset(id_ for id_ in draft.slow if (size := sizes[id_].bytes) is not None and size > bounds.big_table)
    applied = defer(draft.asked, draft.difference, big)
    difference = compare(draft.before, applied.snapshot) if big else draft.difference
    return ChangePlan(
        draft=draft,
        applied=applied,
        difference=difference,
        big=big,
        statements=tuple(build_statements(draft.before, applied.snapshot, difference, trigram=bounds.trigram)),
        required=tuple(find_required_columns(applied.snapshot, difference)),
    )


def too_large(table: str, size: int, largest: int, why: str, way_out: str, *, argument: str = "type") -> InvalidChange:
    """Return the refusal of a change that would hold up a table for too long."""
    return InvalidChange(
        f"{why}, and the table {table} has {size >> 20:,} MiB, where at most {largest >> 20:,} MiB are"
        f" (FIELDSTONE_MAX_REWRITE_BYTES); {way_out}",
        field=argument,
    )


def _added_columns(difference: Difference) -> Mapping[UUID, int]:
    added = Counter[UUID]()
    for field in difference.new_fields:
        added[field.object_id] += len(field.parts)
    for changed in difference.fields:
        added[changed.after.object_id] += max(0, len(changed.after.parts) - len(changed.before.parts))
    return {id_: columns for id_, columns in added.items() if columns}


def _check_rewrites(draft: Draft, sizes: Mapping[UUID, TableSize], bounds: Bounds) -> Iterator[InvalidChange]:
    """Yield the refusals of new columns that would write each row of a large table."""
    for field in draft.rewriting:
        object_ = draft.asked.snapshot.objects[field.object_id]
        size = sizes[object_.id].bytes or 0
        if size > bounds.largest_rewrite:
            is_vector = field.type is FieldType.TS_VECTOR
            value = "a TS_VECTOR" if is_vector else "a value that is computed for each record"
            yield too_large(
                object_.table.name,
                size,
                bounds.largest_rewrite,
                f"{value} would rewrite every record of {object_.name_singular} while others wait",
                "raise it for a quiet hour"
                if is_vector
                else "create the field without defaultValue, and give it by updateField, for new records",
            )


def _check_room(draft: Draft, sizes: Mapping[UUID, TableSize]) -> Iterator[InvalidChange]:
    """Yield the refusals of new columns that a table has no room for: PostgreSQL counts those that were dropped."""
    for id_, added in draft.added.items():
        _, used, dropped = sizes[id_]
        if used + added > MAXIMUM_COLUMNS:
            object_ = draft.before.objects[id_]
            yield InvalidChange(
                f"{object_.name_singular} has used {used:,} columns, {dropped:,} of them of deleted fields, and a"
                f" table of PostgreSQL takes {MAXIMUM_COLUMNS:,} in its life; `fieldstone doctor --rewrite` makes"
                " room where fields were deleted, and a new object with a relation to"
                f" {object_.name_singular} can hold more",
                field="objectMetadataId",
            )
