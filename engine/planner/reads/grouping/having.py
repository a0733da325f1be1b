"""Conditions on the aggregates of groups."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree, listed
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.filters import part_condition
from fieldstone.engine.planner.reads.measures import compute
from fieldstone.metadata import operators
from fieldstone.metadata.aggregates import BY_NAME, Aggregation, aggregated, result_scalar
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.metadata.scalars import INT
from fieldstone.sql.plan.aggregates import Count, Measure, measure_column
from fieldstone.sql.plan.elements import And, Column, Condition, Not, Or

_JUNCTIONS = ("and", "or", "not")


@dataclass(slots=True, kw_only=True)
class Measures:
    """The measures of groups, each once: the count is the first."""

    found: dict[Measure, int] = field(default_factory=lambda: {Count(): 0})

    def column(self, measure: Measure) -> Column:
        """Return the column that has the measure in the groups."""
        return measure_column(measure, self.found.setdefault(measure, len(self.found)))


def build_having(
    context: PlanContext, object_: Object, tree: Tree, measures: Measures, blame: Blame
) -> Condition | None:
    """Return the condition of an argument having, None where it says nothing."""
    if tree is None or isinstance(tree, Absent):
        return None
    return _joined(
        [
            _member(context, object_, name, item, measures, blame.at(name))
            for name, item in _members(tree, blame).items()
        ]
    )


def _member(
    context: PlanContext, object_: Object, name: str, tree: Tree, measures: Measures, blame: Blame
) -> Condition | None:
    if tree is None:
        raise blame.error(f"'{name}' must not be null: leave it out.")
    if name in _JUNCTIONS:
        return _junction(context, object_, name, tree, measures, blame)
    if name == "count":
        column = measures.column(Count())
        part = Part(name=None, description="", column=column, scalar=INT, operators=operators.ORDERED)
        return part_condition(context, object_, part, tree, blame)
    aggregation = BY_NAME[name]
    return _joined(
        [
            part_condition(context, object_, _result(aggregation, of, part, measures), given, below)
            for of, part, given, below in aggregated_members(object_, aggregation, tree, blame)
        ]
    )


def _junction(
    context: PlanContext, object_: Object, name: str, tree: Tree, measures: Measures, blame: Blame
) -> Condition | None:
    if None in listed(tree):
        raise blame.error(f"'{name}' must not have null in its list.")
    found = [build_having(context, object_, item, measures, blame) for item in listed(tree)]
    terms = tuple(term for term in found if term is not None)
    if not terms:
        return None
    match name:
        case "and":
            return _joined(found)
        case "or":
            return Or(terms=terms)
        case _:
            return Not(term=cast("Condition", _joined(found)))


def _joined(found: list[Condition | None]) -> Condition | None:
    terms = tuple(term for term in found if term is not None)
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else And(terms=terms)


def aggregated_members(
    object_: Object, aggregation: Aggregation, tree: Tree, blame: Blame
) -> Iterator[tuple[Field, Part, Tree, Blame]]:
    """Yield the members of an object of aggregates, and of the composites in it, each with its field and its part."""
    members = {name: (of, parts) for name, of, parts in aggregated(object_, aggregation.role)}
    for name, item in _members(tree, blame).items():
        of, parts = members[name]
        below = blame.at(name)
        if not of.is_composite:
            yield of, parts[0], item, below
            continue
        by_name = {part.name: part for part in parts}
        for sub, given in _members(item, below).items():
            yield of, by_name[sub], given, below.at(sub)


def _members(tree: Tree, blame: Blame) -> dict[str, Tree]:
    if not isinstance(tree, dict):
        raise blame.error(f"'{blame.field}' must be an object, not null: leave it out.")
    return {name: item for name, item in tree.items() if not isinstance(item, Absent)}


def _result(aggregation: Aggregation, of: Field, part: Part, measures: Measures) -> Part:
    """Return the aggregate as if it were a field's part: its column, its scalar, and the operators on it."""
    scalar = result_scalar(aggregation.role, part.scalar, FIELD_TYPES[of.type])
    if scalar is None:
        msg = f"{of.name} has no {aggregation.name}"
        raise LookupError(msg)
    column = measures.column(compute(aggregation, of, part))
    if scalar is part.scalar:
        return replace(part, column=column)
    accepted = part.operators if scalar is part.scalar else operators.ORDERED
    return Part(name=None, description="", column=column, scalar=scalar, operators=accepted)
