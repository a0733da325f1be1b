"""Measures: the aggregates that a filter, an order or a selection names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree
from fieldstone.metadata.aggregates import BY_NAME, Aggregation, aggregated, find_shorthand, result_scalar
from fieldstone.metadata.changes.rules.indexes.indexed_values import is_sorted
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.metadata.operators import ORDERED
from fieldstone.metadata.scalars import INT
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import AggregateFunction, Computed, Count, Measure, measure_column
from fieldstone.sql.plan.operands import Operand, Ranked, Sorted

_EXTREMES = frozenset({AggregateFunction.MIN, AggregateFunction.MAX})


def operand_of(part: Part) -> Operand:
    """Return the operand that a part is compared and ordered by: its options' positions where it has such."""
    if part.options is not None:
        return Ranked(column=part.column, values=part.options)
    return Sorted(column=part.column) if is_sorted(part) else part.column


def compute(aggregation: Aggregation, field: Field, *parts: Part) -> Computed:
    """Return an aggregate of a field's value, or of some parts of it that together are one."""
    scalar = result_scalar(aggregation.role, parts[0].scalar, FIELD_TYPES[field.type])
    if scalar is None:
        msg = f"{field.name} has no {aggregation.name}"
        raise LookupError(msg)
    return Computed(function=aggregation.function, operands=tuple(map(operand_of, parts)), encoding=scalar.encoding)


@frozen
class NamedMeasure:
    """A measure that an input names.

    Attributes:
        part: the measure as a part of a field, for its operators and its order; its column is the first measure's.
        name: the names that lead to it.
        tree: the input's value for it.
        blame: the input that an error names.
    """

    measure: Measure
    part: Part
    name: str
    tree: Tree
    blame: Blame

    def numbered(self, index: int) -> Part:
        """Return the part where it is the measure of this number."""
        return replace(self.part, column=measure_column(self.measure, index))


def named_measures(object_: Object, given: Mapping[str, Tree], blame: Blame) -> Iterator[NamedMeasure]:
    """Yield the measures of an object's records that an input names; absent variables name none.

    Raises:
        BadUserInput: null stands in the place of an object.
    """
    for name, tree in given.items():
        if isinstance(tree, Absent):
            continue
        if name == "count":
            part = Part(name=None, description="", column=measure_column(Count(), 0), scalar=INT, operators=ORDERED)
            yield NamedMeasure(measure=Count(), part=part, name=name, tree=tree, blame=blame.at(name))
            continue
        aggregation = BY_NAME[name]
        members = {member: (field, parts) for member, field, parts in aggregated(object_, aggregation.role)}
        for member, below in given_members(tree, blame.at(name)).items():
            field, parts = members[member]
            if not field.is_composite:
                yield _named(aggregation, field, parts, f"{name}.{member}", below, blame.at(member))
                continue
            by_name = {part.name: part for part in parts}
            for sub, value in given_members(below, blame.at(member)).items():
                yield _named(aggregation, field, (by_name[sub],), f"{name}.{member}.{sub}", value, blame.at(sub))


def short_measure(object_: Object, name: str, tree: Tree, blame: Blame) -> NamedMeasure | None:
    """Return the measure that an input names by the other name of an aggregate; None if it is none."""
    found = find_shorthand(object_, name)
    return None if found is None else _named(*found, name, tree, blame.at(name))


def given_members(tree: Tree, blame: Blame) -> dict[str, Tree]:
    """Return the members of an object that an input gives; raises BadUserInput for null in its place."""
    if not isinstance(tree, dict):
        raise blame.error(f"'{blame.field}' must be an object, not null: leave it out.")
    return {name: member for name, member in tree.items() if not isinstance(member, Absent)}


def _named(
    aggregation: Aggregation, field: Field, parts: Sequence[Part], name: str, tree: Tree, blame: Blame
) -> NamedMeasure:
    measure, part = compute(aggregation, field, *parts), parts[0]
    entry = None if field.is_composite else FIELD_TYPES[field.type]
    scalar = result_scalar(aggregation.role, part.scalar, entry)
    if scalar is None:
        msg = f"{field.name} has no {aggregation.name}"
        raise LookupError(msg)
    is_own = measure.function in _EXTREMES
    result = Part(
        name=None,
        description="",
        column=measure_column(measure, 0),
        scalar=scalar,
        operators=part.operators if scalar is part.scalar else ORDERED,
        options=part.options if is_own else None,
    )
    return NamedMeasure(measure=measure, part=result, name=name, tree=tree, blame=blame)
