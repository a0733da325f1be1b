"""Removal: the effect of destroying records on those that point to them, by the relations' onDelete."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, visible
from fieldstone.engine.planner.writes.events import bind_ids, event_target, touched_at
from fieldstone.metadata.model import Field, Object, OnDelete, Relation
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import Count
from fieldstone.sql.plan.elements import Among, And, Condition
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import AggregateRecord
from fieldstone.sql.plan.read import Aggregate, ReadPlan
from fieldstone.sql.plan.writes.changes import Delete, Update
from fieldstone.sql.plan.writes.elements import Assignment, Null
from fieldstone.sql.types import SqlType


@frozen
class Implied:
    """The effect on one relation when records of its target are destroyed.

    The statement takes the destroyed records' ids. For SET_NULL and CASCADE it writes, and answers as a write does; for
    RESTRICT it counts those that stand in the way, as `{"n":{"n":3}}`; those that a restricted role sees as "seen".

    Attributes:
        is_told: whether the role may be told of all records that it writes.
        limit: how many records the whole removal may write.
    """

    relation: Relation
    on_delete: OnDelete
    holder: Object
    field: Field
    statement: BoundStatement
    is_told: bool
    limit: int


Removal = Mapping[UUID, tuple[Implied, ...]]
"""The effects of destroying records of an object, by its id, for every object that a cascade reaches."""


def plan_removal(context: PlanContext, object_: Object) -> Removal:
    """Return the effects of destroying records of an object."""
    found: dict[UUID, tuple[Implied, ...]] = {}
    pending = [object_]
    while pending:
        target = pending.pop()
        if target.id in found:
            continue
        implied = tuple(
            _implied(context, relation)
            for relation in context.snapshot.relations.values()
            if relation.target_object_id == target.id
        )
        found[target.id] = implied
        pending += [one.holder for one in implied if one.on_delete is OnDelete.CASCADE]
    return found


def _implied(context: PlanContext, relation: Relation) -> Implied:
    holder = context.touch(context.snapshot.objects[relation.source_object_id])
    field = holder.by_id[relation.source_field_id]
    on_delete = relation.on_delete
    if on_delete is OnDelete.SET_NULL and not field.is_nullable:
        on_delete = OnDelete.RESTRICT  # a required relation cannot be emptied
    context.parameters = ParameterList()
    ids = context.parameters.add(bind_ids, SqlType.UUID, array=True)
    plan = _plan(context, holder, field, on_delete, ids)
    return Implied(
        relation=relation,
        on_delete=on_delete,
        holder=holder,
        field=field,
        statement=compile_bound(plan, context.parameters),
        is_told=holder.access is None or (is_shown(holder, field) and None in [way.rule for way in holder.rights.read]),
        limit=context.limits.bulk,
    )


def _plan(
    context: PlanContext, holder: Object, field: Field, on_delete: OnDelete, ids: Parameter
) -> Update | Delete | ReadPlan:
    column = field.parts[0].column
    pointing = Among(column=column, values=ids)
    match on_delete:
        case OnDelete.SET_NULL:
            return Update(
                table=holder.table,
                key=holder.key,
                condition=pointing,
                limit=context.limits.bulk,
                assignments=(Assignment(column=column, value=Null()), *touched_at(holder)),
                event=event_target(context, holder, "updated"),
                record=None,
            )
        case OnDelete.CASCADE:
            return Delete(
                table=holder.table,
                key=holder.key,
                condition=pointing,
                limit=context.limits.bulk,
                event=event_target(context, holder, "destroyed"),
                record=None,
            )
        case OnDelete.RESTRICT:
            counted: dict[str, Condition] = {"n": pointing}
            if holder.access is not None and is_shown(holder, field):
                counted["seen"] = And(terms=(pointing, *visible(context, holder, deleted=True)))
            count = AggregateRecord(entries=(("n", Count()),))
            return ReadPlan(
                entries=tuple(
                    (name, Aggregate(table=holder.table, condition=condition, record=count))
                    for name, condition in counted.items()
                )
            )


def is_shown(holder: Object, field: Field) -> bool:
    """Return whether the role may read some records of an object, and their field."""
    return holder.is_active and bool(holder.rights.read) and holder.shows(field)
