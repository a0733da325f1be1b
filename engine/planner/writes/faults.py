"""The search for the rows of a failed create that are to blame."""

from collections.abc import Iterable

from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.row_errors import MOST_ROWS
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.write import Faults, Insert, UniqueKey, Upsert, WritePlan


def build_faults(context: PlanContext, object_: Object, insert: Insert) -> Faults:
    """Return the search for the rows of an insertion that failed."""
    written = {column.name for column in insert.columns} | {reference.column.name for reference in insert.references}
    known = unique_keys(context.snapshot, object_)
    keys = (
        UniqueKey(
            columns=tuple(part.column for field in key for part in field.unique_parts), of_live=key is not known[0]
        )
        for key in known
    )
    return Faults(
        insert=insert,
        missing=tuple(range(len(insert.references))),
        keys=tuple(key for key in keys if all(column.name in written for column in key.columns)),
        deleted_at=object_.deleted_at,
        limit=MOST_ROWS,
    )


def key_fields(object_: Object, keys: Iterable[UniqueKey]) -> tuple[tuple[str, ...], ...]:
    """Return the names of the fields of unique keys, in their order."""
    fields = {part.column.name: field.name for field in object_.by_name.values() for part in field.parts}
    return tuple(tuple(dict.fromkeys(fields[column.name] for column in key.columns)) for key in keys)


def keys_of(plan: WritePlan, faults: Faults | None) -> tuple[UniqueKey, ...]:
    """Return the unique keys that the errors of a write name."""
    if isinstance(plan, Upsert):
        return tuple(key for key, _ in plan.keys)
    return faults.keys if faults else ()
