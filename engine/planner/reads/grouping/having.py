"""Conditions on the aggregates of groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree, listed
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.filters.conditions import conjunction, part_condition
from fieldstone.engine.planner.reads.measures import NamedMeasure, given_members, named_measures
from fieldstone.metadata.api_names import JUNCTIONS
from fieldstone.metadata.model import Object, Part
from fieldstone.sql.plan.aggregates import Count, Measure, measure_column
from fieldstone.sql.plan.elements import Condition, Not, Or
from fieldstone.sql.plan.operands import Column, column_of


@dataclass(slots=True, kw_only=True)
class Measures:
    """The measures of groups, each once: the count is the first."""

    found: dict[Measure, int] = field(default_factory=lambda: {Count(): 0})

    def column(self, measure: Measure) -> Column:
        """Return the column that has the measure in the groups."""
        return measure_column(measure, self.found.setdefault(measure, len(self.found)))

    def names(self, object_: Object) -> Mapping[str, str]:
        """Return the function and operands of each measure by its column, whose number depends on those beside it."""
        shown = object_.guarded_columns
        return {self.column(measure).name: _name(measure, shown) for measure in self.found}

    def part(self, named: NamedMeasure) -> Part:
        """Return a named measure as the part of a field, with its column in the groups."""
        return replace(named.part, column=self.column(named.measure))


def _name(measure: Measure, shown: Mapping[str, str]) -> str:
    if isinstance(measure, Count):
        return "count"
    names = [column_of(operand).name for operand in measure.operands]
    return " ".join([measure.function.value, *(shown.get(name, name) for name in names)])


def build_having(
    context: PlanContext, object_: Object, tree: Tree, measures: Measures, blame: Blame
) -> Condition | None:
    """Return the condition of an argument having, None where it says nothing."""
    if tree is None or isinstance(tree, Absent):
        return None
    return conjunction(
        [_member(context, object_, name, item, measures, blame) for name, item in given_members(tree, blame).items()]
    )


def _member(
    context: PlanContext, object_: Object, name: str, tree: Tree, measures: Measures, above: Blame
) -> Condition | None:
    if tree is None:
        raise above.at(name).error(f"'{name}' must not be null: leave it out.")
    if name in JUNCTIONS:
        return _junction(context, object_, name, tree, measures, above.at(name))
    return conjunction(
        [
            part_condition(context, object_, measures.part(named), named.tree, named.blame)
            for named in named_measures(object_, {name: tree}, above)
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
            return conjunction(found)
        case "or":
            return Or(terms=terms)
        case _:
            return Not(term=cast("Condition", conjunction(found)))
