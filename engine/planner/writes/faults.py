"""The search for the rows of a failed write of several records that are to blame."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.row_errors import MOST_ROWS
from fieldstone.engine.planner.writes.values.connects import PresetReference
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.writes.changes import UpdateRows
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.plan.writes.look_ups import Faults
from fieldstone.sql.plan.writes.upserts import UniqueKey, Upsert


def build_faults(context: PlanContext, object_: Object, write: Insert | Upsert | UpdateRows) -> Faults:
    """Return the search for the rows of a write that failed."""
    written = {column.name for column in write.columns} | {reference.column.name for reference in write.references}
    if isinstance(write, Upsert):
        keys = tuple(key for key, _ in write.keys)
    else:
        known = unique_keys(context.snapshot, object_.whole)
        each = (
            UniqueKey(
                columns=tuple(part.column for field in key for part in field.unique_parts), of_live=key is not known[0]
            )
            for key in known
        )
        has = any if isinstance(write, UpdateRows) else all
        keys = tuple(key for key in each if has(column.name in written for column in key.columns))
    # The statement has no parameters besides the rows: targets that a rule decides about are not looked for.
    bound = [any(isinstance(part, Parameter) for part in parts_of(one.condition)) for one in write.references]
    references = tuple(
        replace(one, condition=And(terms=())) if is_bound else one
        for one, is_bound in zip(write.references, bound, strict=True)
    )
    # No row names the target of a preset.
    missing = tuple(
        place for place, one in enumerate(write.references) if not (bound[place] or isinstance(one, PresetReference))
    )
    bare = replace(write, references=references)
    is_change = isinstance(bare, UpdateRows)
    return Faults(
        write=_without_rights(bare) if isinstance(bare, Upsert) else replace(bare, rights=None),
        missing=() if is_change else missing,
        keys=keys,
        deleted_at=object_.deleted_at,
        limit=MOST_ROWS,
    )


def _without_rights(upsert: Upsert) -> Upsert:
    rows = upsert.rows
    if not isinstance(rows, Parameter):
        judged = [one.admitted for one in (upsert.rights, upsert.updating) if one is not None]
        rows = tuple((name, one) for name, one in rows if name not in judged)
    return replace(upsert, rows=rows, readable=None, rights=None, updating=None)


def key_fields(object_: Object, keys: Iterable[UniqueKey]) -> tuple[tuple[str, ...], ...]:
    """Return the names of the fields of unique keys, in their order; none of a key that a role may not know."""
    fields = {part.column.name: field for field in object_.active.values() for part in field.parts}
    return tuple(_names(object_, [fields[column.name] for column in key.columns]) for key in keys)


def _names(object_: Object, fields: Sequence[Field]) -> tuple[str, ...]:
    rights = object_.rights
    is_known = all(
        field.name in object_.by_name or rights.gives(Action.CREATE, field.id) or rights.gives(Action.UPDATE, field.id)
        for field in fields
    )
    return tuple(dict.fromkeys(field.name for field in fields)) if is_known else ()
