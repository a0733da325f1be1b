"""Conditions on texts in the form that the object's indexes serve."""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.changes.rules.indexes.indexed_values import (
    BTREE,
    TRIGRAM,
    first_value,
    indexed_values,
    is_sorted,
)
from fieldstone.metadata.changes.rules.settings import KEEP_ACCENTS
from fieldstone.metadata.model import Index, Object, Part, Status
from fieldstone.sql.plan.elements import (
    Among,
    And,
    Compare,
    Comparison,
    Condition,
    KeyRange,
    Matches,
    Place,
    Resembles,
)
from fieldstone.sql.plan.operands import Column, Parameter, Sorted
from fieldstone.sql.plan.outputs import OrderKey


def fit_indexes(context: PlanContext, object_: Object, part: Part, condition: Condition) -> Condition:
    """Return the condition of an operator on one column, as its indexes serve it best."""
    match condition:
        case Resembles() if is_sorted(part):
            keeps_accents = _keeps_accents(object_, part)
            if condition.place in (Place.START, Place.WHOLE) and _is_keyed(context, object_, part):
                whole = condition.place is Place.WHOLE
                said = replace(condition, keeps_accents=keeps_accents)
                return And(terms=(KeyRange(column=said.column, text=said.text, whole=whole), said))
            is_narrowed = keeps_accents and _has_trigrams(context, object_, part)
            return replace(condition, keeps_accents=keeps_accents, narrowed=is_narrowed)
        case Matches():
            return replace(condition, narrowed=_has_trigrams(context, object_, part))
        case Compare(left=Column() as column, comparison=Comparison.EQ, right=Parameter()) if is_sorted(part):
            if _is_keyed(context, object_, part) and not _is_plain(context, object_, part):
                return And(terms=(replace(condition, left=Sorted(column=column)), condition))
        case Among(column=Column() as column, negated=False) if is_sorted(part):
            if _is_keyed(context, object_, part) and not _is_plain(context, object_, part):
                return And(terms=(replace(condition, column=Sorted(column=column)), condition))
        case _:
            pass
    return condition


def note_order(context: PlanContext, object_: Object, order: Sequence[OrderKey]) -> None:
    """Note whether a page of all of an object's records is in the order of a text that no index serves."""
    first = order[0]
    if first.hops or not isinstance(first.operand, Sorted) or leads(context, object_, first.operand):
        return
    column = first.operand.column
    # An order by an aggregate is by a text of other records, which no index of these serves.
    names = [field.name for field in object_.fields if any(part.column == column for part in field.parts)]
    context.unserved.update({(object_.name_singular, name): None for name in names})


def ready_indexes(context: PlanContext, object_: Object) -> list[Index]:
    """Return the indexes that are in use, and note that the plan depends on which there are."""
    known = context.snapshot.indexes_of.get(object_.id, ())
    context.indexes[object_.id] = known
    return [index for index in known if index.status is Status.READY]


def _keeps_accents(object_: Object, part: Part) -> bool:
    return any(field.settings.get(KEEP_ACCENTS) is True and part in field.parts for field in object_.fields)


def _is_keyed(context: PlanContext, object_: Object, part: Part) -> bool:
    return leads(context, object_, Sorted(column=part.column))


def _is_plain(context: PlanContext, object_: Object, part: Part) -> bool:
    return leads(context, object_, part.column)


def leads(context: PlanContext, object_: Object, value: Column | Sorted) -> bool:
    """Return whether a B-tree in use begins with this value, and note that the plan depends on it."""
    leading = context.leading.get(object_.id)
    if leading is None:
        trees = [index for index in ready_indexes(context, object_) if index.method == BTREE]
        leading = frozenset(first_value(object_, index) for index in trees)
        context.leading[object_.id] = leading
    return value in leading


def _has_trigrams(context: PlanContext, object_: Object, part: Part) -> bool:
    return any(
        index.method == TRIGRAM and index.text_order > 0 and indexed_values(object_, index) == (part.column,)
        for index in ready_indexes(context, object_)
    )
