"""The statements of a nested write, each planned for the rows that a request will bring."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from fieldstone.engine.planner.access.write_rights import FREE, JudgedRights, find_rights, judge, plan_deferred
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Leaf
from fieldstone.engine.planner.bound_statement import compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, Site, visible
from fieldstone.engine.planner.writes.creates import (
    CreateInput,
    build_writer,
    left_out,
    marks_key,
    row_encoder,
    row_keys,
)
from fieldstone.engine.planner.writes.events import bind_given, event_target, touched_at
from fieldstone.engine.planner.writes.faults import build_faults, key_fields
from fieldstone.engine.planner.writes.nested.change_rows import build_change_writer
from fieldstone.engine.planner.writes.nested.links import with_known
from fieldstone.engine.planner.writes.nested.nodes import Item, Records
from fieldstone.engine.planner.writes.nested.steps import Certain, RowValue, Step, encode_columns, encode_objects
from fieldstone.engine.planner.writes.values.assignments import preset_assignments
from fieldstone.engine.planner.writes.values.connects import ReferenceName, known_reference, name_reference
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.plan.elements import Among, AmongPairs, And, Condition
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.writes.changes import Hold, Update, UpdateRows
from fieldstone.sql.plan.writes.elements import Assignment, Now, Null, Reference
from fieldstone.sql.plan.writes.inserts import Insert, InsertOne
from fieldstone.sql.plan.writes.look_ups import Find
from fieldstone.sql.types import SqlType

Rows = Sequence[dict[str, JsonValue]]


def plan_create(
    context: PlanContext, object_: Object, sample: Rows, blame: Blame, known: Sequence[Field], *, is_one: bool
) -> Records:
    """Return the plan that creates records, or one record of a root field.

    `known` are relations to records that the request finds or makes.
    """
    rows, rights = _begin(context), find_rights(context, object_, Action.CREATE, blame)
    data = CreateInput(tree=Leaf(sample=[_without(row, known) for row in sample]), many=True, blame=blame)
    columns, found, writer = build_writer(context, object_, data, rights)
    references = (*found, *(known_reference(context, field, f"{field.name}:known", blame) for field in known))
    plan = Insert(
        table=object_.table,
        key=object_.key,
        columns=columns,
        rows=rows,
        references=references,
        rights=(judged := judge(context, rights, marks=marks_key(rights))).rights,
        defaults=left_out(object_, columns, references) if judged.rights else (),
        event=event_target(context, object_, "created"),
        record=None,
    )
    keys = [*row_keys(columns, found, rights), *(str(reference.source) for reference in references[len(found) :])]
    faults = build_faults(context, object_, plan)
    id_ = [column.name for column in columns].index(object_.key.name)
    is_certain = judged is FREE and all(reference.condition is None for reference in references)
    encode = encode_objects(keys)
    step = Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode,
        object_=object_,
        action="create",
        references=_names(context, object_, references),
        faults=faults,
        keys=key_fields(object_, faults.keys),
        deferred=plan_deferred(context, object_, Action.CREATE, judged),
        written=None if judged.tells_ways else id_,
        certain=Certain(insert=plan, writer=writer, id=id_, known=bool(known), encode=encode) if is_certain else None,
    )
    if is_one and step.certain and not references and not object_.table.is_distributed:
        step = _of_one(context, plan, step, step.certain)

    def write(items: Sequence[Item], bindings: Bindings) -> Sequence[Sequence[RowValue]]:
        written = writer.write([with_known(item) for item in items], bindings)
        if not known:
            return written
        return [
            [*row, *(item.links.get(field.name) for field in known)] for row, item in zip(written, items, strict=True)
        ]

    return Records(object_=object_, creates=True, step=step, write=write)


def _of_one(context: PlanContext, plan: Insert, step: Step, certain: Certain) -> Step:
    """Return the step that inserts one row, whose values are parameters: it costs less than a list of one."""
    context.parameters = ParameterList()
    kinds = [column.type for column in plan.columns]
    row = context.parameters.add_row(lambda bindings: [*bindings.given], kinds)
    one = InsertOne(
        table=plan.table,
        key=plan.key,
        values=tuple(Assignment(column=column, value=slot) for column, slot in zip(plan.columns, row, strict=True)),
        event=event_target(context, step.object_, plan.event.action),
        record=None,
    )
    encode_row = row_encoder(kinds)

    def encode(rows: Sequence[Sequence[ColumnValue]]) -> tuple[bytes | None, ...]:
        return tuple(encode_row(*rows))

    bound = compile_bound(one, context.parameters)
    return replace(step, bound=bound, encode=encode, certain=replace(certain, insert=one, encode=encode))


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
    """Return the plan that changes records.

    `holder` is the key by which each belongs to its parent, and `among` the parent's relation to them.
    """
    rows, rights = _begin(context), find_rights(context, object_, Action.UPDATE, blame)
    admission = None if rights is None else rights.admission
    given = [_without(row, known) for row in sample]
    writer = build_change_writer(context, object_, given, blame, known=known, admission=admission)
    plan = UpdateRows(
        table=object_.table,
        key=object_.key,
        condition=And(terms=visible(context, object_, site=Site.POINT)),
        rows=rows,
        hold=None if holder is None else Hold(column=holder),
        columns=writer.columns,
        references=writer.references,
        assignments=touched_at(object_),
        rights=(judged := judge(context, rights, marks=marks_key(rights))).rights,
        event=event_target(context, object_, "updated"),
    )
    faults = build_faults(context, object_, plan)
    step = Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects(writer.keys),
        object_=object_,
        action="update",
        among=among,
        identity=0,
        references=_names(context, object_, writer.references),
        faults=faults,
        keys=key_fields(object_, faults.keys),
        deferred=plan_deferred(context, object_, Action.UPDATE, judged),
        written=None if judged.tells_ways else 0,
    )
    return Records(object_=object_, creates=False, step=step, write=writer.write)


def plan_move(context: PlanContext, object_: Object, holder: Field) -> Step:
    """Return the step that makes records hang on parents by the field `holder`: its rows are id, parent and ""."""
    rows = _begin(context)
    condition = And(terms=visible(context, object_, site=Site.POINT))
    judged, presets = _judge_alike(context, object_, Action.UPDATE, holder)
    plan = UpdateRows(
        table=object_.table,
        key=object_.key,
        condition=condition,
        rows=rows,
        hold=Hold(column=holder.parts[0].column, moves=True),
        assignments=(*_without_siblings(object_, holder), *presets, *touched_at(object_)),
        rights=judged.rights,
        event=event_target(context, object_, "updated"),
    )
    return Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_objects(("id", "parent", "given")),
        object_=object_,
        action="connect",
        identity=0,
        deferred=plan_deferred(context, object_, Action.UPDATE, judged),
    )


def plan_leave(context: PlanContext, object_: Object, holder: Field, *, among: str, deletes: bool) -> Step:
    """Return the step that disconnects or deletes records that hang on parents: its rows are parent and id."""
    parents, ids = _begin_pairs(context)
    pairs = AmongPairs(columns=(holder.parts[0].column, object_.key), values=(parents, ids))
    step = _plan_leaving(context, object_, holder, pairs, ids=ids, deletes=deletes)
    return replace(step, action="delete" if deletes else "disconnect", among=among, identity=1)


def plan_keep(context: PlanContext, object_: Object, holder: Field, kept: Column, *, deletes: bool) -> Step:
    """Return the step that disconnects or deletes the records that hang on parents, except those that are kept.

    Its rows are a parent, and the value of the column `kept` in a record of the parent's that stays, or NULL.
    """
    parents, values = _begin_pairs(context)
    column = holder.parts[0].column
    hanging = Among(column=column, values=parents)
    others = AmongPairs(columns=(column, kept), values=(parents, values), negated=True)
    return _plan_leaving(context, object_, holder, hanging, others, deletes=deletes, refuses=True)


def _plan_leaving(
    context: PlanContext,
    object_: Object,
    holder: Field,
    *terms: Condition,
    deletes: bool,
    ids: Parameter | None = None,
    refuses: bool = False,
) -> Step:
    """Return the step that disconnects or deletes the live records under these conditions; `ids` are all of them."""
    action = Action.DELETE if deletes else Action.UPDATE
    judged, presets = _judge_alike(context, object_, action, holder, refuses=refuses)
    plan = Update(
        table=object_.table,
        key=object_.key,
        condition=And(terms=(*terms, *visible(context, object_, site=Site.POINT))),
        ids=ids,
        limit=context.limits.bulk,
        assignments=(*_leaving(object_, holder, deletes=deletes), *presets, *touched_at(object_)),
        rights=judged.rights,
        event=event_target(context, object_, "deleted" if deletes else "updated"),
        record=None,
    )
    return Step(
        bound=compile_bound(plan, context.parameters),
        encode=encode_columns,
        object_=object_,
        action="disconnect",
        deferred=plan_deferred(context, object_, action, judged),
    )


def plan_find(
    context: PlanContext,
    object_: Object,
    lookups: Sequence[tuple[Column, ...]],
    *,
    result: Column | None = None,
    action: str = "find",
    terms: Callable[[], Sequence[Condition]] = tuple,
) -> Step:
    """Return the step that finds records of an object: its rows have a value for each of `lookups`.

    `terms` plans further conditions on the records.
    """
    rows = _begin(context)
    plan = Find(
        table=object_.table,
        result=result or object_.key,
        lookups=tuple(lookups),
        condition=And(terms=(*visible(context, object_, site=Site.POINT), *terms())),
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
    """Return a record's data without the links to records that the request makes or looks up."""
    left = {field.name for field in known if not _connects(row.get(field.name))}
    return {name: value for name, value in row.items() if name not in left}


def _connects(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.get("connect") is not None


def _names(context: PlanContext, object_: Object, references: Sequence[Reference]) -> tuple[ReferenceName, ...]:
    return tuple(name_reference(context.snapshot, object_, reference) for reference in references)


def _judge_alike(
    context: PlanContext, object_: Object, action: Action, holder: Field, *, refuses: bool = False
) -> tuple[JudgedRights, tuple[Assignment, ...]]:
    """Return the rights of a statement that changes records alike, the key `holder` of an update, and its presets."""
    blame = Blame(field=holder.name, path=())
    rights = find_rights(context, object_, action, blame)
    if rights is None or rights.admission is None:
        return judge(context, rights, refuses=refuses), ()
    admitted = rights.admission.admit([holder.name], context.role_name)
    presets = preset_assignments(context, object_, admitted, blame)
    return judge(context, rights, ways=admitted.ways, refuses=refuses), presets


def _leaving(object_: Object, holder: Field, *, deletes: bool) -> tuple[Assignment, ...]:
    if not deletes:
        return (Assignment(column=holder.parts[0].column, value=Null()),)
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
