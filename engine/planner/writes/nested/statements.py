"""The statements of a nested write, each planned for the rows that a request will bring."""

from collections.abc import Sequence

from fieldstone.engine.planner.arguments.trees import Blame, Leaf
from fieldstone.engine.planner.bound_statement import compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, visible
from fieldstone.engine.planner.writes.connects import ReferenceName, known_reference, name_reference
from fieldstone.engine.planner.writes.creates import CreateInput, build_writer
from fieldstone.engine.planner.writes.events import bind_given, event_target, touched_at
from fieldstone.engine.planner.writes.faults import build_faults, key_fields
from fieldstone.engine.planner.writes.nested.change_rows import build_change_writer
from fieldstone.engine.planner.writes.nested.links import with_known
from fieldstone.engine.planner.writes.nested.nodes import Item, Records
from fieldstone.engine.planner.writes.nested.steps import RowCell, Step, encode_columns, encode_objects
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.plan.elements import Among, AmongPairs, And, Column, Parameter
from fieldstone.sql.plan.write import (
    Assignment,
    Find,
    Hold,
    Insert,
    Now,
    Null,
    Reference,
    Update,
    UpdateRows,
)
from fieldstone.sql.types import SqlType

Rows = Sequence[dict[str, JsonValue]]


def plan_create(context: PlanContext, object_: Object, sample: Rows, blame: Blame, known: Sequence[Field]) -> Records:
    """Return the plan that creates records; `known` are relations to records that the request finds or makes."""
    rows = _begin(context)
    data = CreateInput(tree=Leaf(sample=[_without(row, known) for row in sample]), many=True, blame=blame)
    columns, found, writer = build_writer(context, object_, data)
    references = (*found, *(known_reference(context, field, f"{field.name}:known", blame) for field in known))
    plan = Insert(
        table=object_.table,
        key=object_.key,
        columns=columns,
        rows=rows,
        references=references,
        event=event_target(context, object_, "created"),
        record=None,
    )
    keys = [*(column.name for column in columns), *(str(reference.source) for reference in references)]
    faults = build_faults(context, object_, plan)
    step = Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects(keys),
        object_=object_,
        action="create",
        references=_names(context, object_, references),
        faults=faults,
        keys=key_fields(object_, faults.keys),
    )

    def write(items: Sequence[Item], actor: str) -> Sequence[Sequence[RowCell]]:
        written = writer.write([with_known(object_, item) for item in items], actor)
        if not known:
            return written
        return [
            [*row, *(item.links.get(field.name) for field in known)] for row, item in zip(written, items, strict=True)
        ]

    return Records(object_=object_, creates=True, step=step, write=write)


def plan_update(
    context: PlanContext,
    object_: Object,
    sample: Rows,
    blame: Blame,
    known: Sequence[Field],
    *,
    holder: Column | None = None,
    among: str | None = None,
) -> Records:
    """Return the plan that changes records, each of which hangs on its parent by `holder`, the relation `among`."""
    rows = _begin(context)
    writer = build_change_writer(context, object_, [_without(row, known) for row in sample], blame, known=known)
    plan = UpdateRows(
        table=object_.table,
        key=object_.key,
        condition=And(terms=visible(context, object_)),
        rows=rows,
        hold=None if holder is None else Hold(column=holder),
        columns=writer.columns,
        references=writer.references,
        assignments=touched_at(object_),
        event=event_target(context, object_, "updated"),
    )
    step = Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects(writer.keys),
        object_=object_,
        action="update",
        among=among,
        identity=0,
        references=_names(context, object_, writer.references),
    )
    return Records(object_=object_, creates=False, step=step, write=writer.write)


def plan_move(context: PlanContext, object_: Object, holder: Field) -> Step:
    """Return the step that makes records hang on parents by the field `holder`: its rows are id, parent and ""."""
    rows = _begin(context)
    plan = UpdateRows(
        table=object_.table,
        key=object_.key,
        condition=And(terms=visible(context, object_)),
        rows=rows,
        hold=Hold(column=holder.parts[0].column, moves=True),
        assignments=(*_without_siblings(object_, holder), *touched_at(object_)),
        event=event_target(context, object_, "updated"),
    )
    return Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects(("id", "parent", "given")),
        object_=object_,
        action="connect",
        identity=0,
    )


def plan_leave(context: PlanContext, object_: Object, holder: Column, *, among: str, deletes: bool) -> Step:
    """Return the step that disconnects or deletes records that hang on parents: its rows are parent and id."""
    parents, ids = _begin_pairs(context)
    pairs = AmongPairs(columns=(holder, object_.key), values=(parents, ids))
    plan = Update(
        table=object_.table,
        key=object_.key,
        condition=And(terms=(pairs, *visible(context, object_))),
        ids=ids,
        limit=context.limits.bulk,
        assignments=(*_leaving(object_, holder, deletes=deletes), *touched_at(object_)),
        event=event_target(context, object_, "deleted" if deletes else "updated"),
        record=None,
    )
    return Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_columns,
        object_=object_,
        action="delete" if deletes else "disconnect",
        among=among,
        identity=1,
    )


def plan_keep(context: PlanContext, object_: Object, holder: Column, kept: Column, *, deletes: bool) -> Step:
    """Return the step that disconnects or deletes the records that hang on parents, except those that are kept.

    Its rows are a parent, and the value of the column `kept` in a record of the parent's that stays, or NULL.
    """
    parents, values = _begin_pairs(context)
    hanging = Among(column=holder, values=parents)
    others = AmongPairs(columns=(holder, kept), values=(parents, values), negated=True)
    plan = Update(
        table=object_.table,
        key=object_.key,
        condition=And(terms=(hanging, others, *visible(context, object_))),
        limit=context.limits.bulk,
        assignments=(*_leaving(object_, holder, deletes=deletes), *touched_at(object_)),
        event=event_target(context, object_, "deleted" if deletes else "updated"),
        record=None,
    )
    return Step(
        bound=compile_bound(plan, context.parameters), encode=encode_columns, object_=object_, action="disconnect"
    )


def plan_find(
    context: PlanContext,
    object_: Object,
    lookups: Sequence[tuple[Column, ...]],
    *,
    result: Column | None = None,
    action: str = "find",
) -> Step:
    """Return the step that finds records of an object: its rows have a value for each of `lookups`."""
    rows = _begin(context)
    plan = Find(
        table=object_.table,
        result=result or object_.key,
        lookups=tuple(lookups),
        condition=And(terms=visible(context, object_)),
        rows=rows,
    )
    return Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects([f"v{index}" for index in range(len(lookups))]),
        object_=object_,
        action=action,
        finds=True,
    )


def _begin(context: PlanContext) -> Parameter:
    """Return the parameter of a new statement's rows."""
    context.parameters = ParameterList()
    return context.parameters.add(bind_given(0), SqlType.JSONB)


def _begin_pairs(context: PlanContext) -> tuple[Parameter, Parameter]:
    """Return the parameters of a new statement's pairs of ids."""
    context.parameters = ParameterList()
    first = context.parameters.add(bind_given(0), SqlType.UUID, array=True)
    return first, context.parameters.add(bind_given(1), SqlType.UUID, array=True)


def _without(row: dict[str, JsonValue], known: Sequence[Field]) -> dict[str, JsonValue]:
    """Return a record's data as far as a client names the records that it links to."""
    left = {field.name for field in known if not _connects(row.get(field.name))}
    return {name: value for name, value in row.items() if name not in left}


def _connects(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.get("connect") is not None


def _names(context: PlanContext, object_: Object, references: Sequence[Reference]) -> tuple[ReferenceName, ...]:
    return tuple(name_reference(context.snapshot, object_, reference) for reference in references)


def _leaving(object_: Object, holder: Column, *, deletes: bool) -> tuple[Assignment, ...]:
    if not deletes:
        return (Assignment(column=holder, value=Null()),)
    if object_.deleted_at is None:
        msg = f"records of {object_.name_plural} cannot be deleted softly"
        raise LookupError(msg)
    return (Assignment(column=object_.deleted_at, value=Now()),)


def _without_siblings(object_: Object, holder: Field) -> tuple[Assignment, ...]:
    """Return the assignments that empty the other keys of a morph relation."""
    return tuple(
        Assignment(column=field.parts[0].column, value=Null())
        for group in object_.morphs
        if any(field.id == holder.id for field in group)
        for field in group
        if field.id != holder.id
    )
