"""Filters: a filter argument becomes a condition on its object's rows."""

from dataclasses import dataclass, replace
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, listed
from fieldstone.engine.planner.context import PlanContext, Site, hop_over, readable, visible
from fieldstone.engine.planner.reads.filters.operators import operator_condition
from fieldstone.engine.planner.reads.measures import named_measures
from fieldstone.engine.planner.reads.text_indexes import fit_indexes
from fieldstone.metadata.api_names import AGGREGATE_ENDING, JUNCTIONS, Quantifier
from fieldstone.metadata.model import Field, Object, Part, RelationEnd, relation_end
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import Measure
from fieldstone.sql.plan.elements import (
    And,
    Condition,
    HasLinked,
    HasRelated,
    HasTotals,
    Link,
    Not,
    Or,
    Related,
    Table,
    Untrue,
)


@dataclass(slots=True, kw_only=True)
class _Level:
    """One object's filter with the `and`, `or`, `not` inside it, but not the filters across a relation."""

    context: PlanContext
    object_: Object
    blame: Blame
    names_deleted: bool = False


def select_condition(
    context: PlanContext, object_: Object, tree: Tree, blame: Blame, *, site: Site = Site.SCAN
) -> Condition:
    """Return the condition of a read: the filter, on records that are not deleted unless it names deletedAt."""
    level = _Level(context=context, object_=context.touch(object_), blame=blame)
    said = _object(level, tree)
    return _all(*visible(context, object_, deleted=level.names_deleted, site=site), said)


def filter_condition(context: PlanContext, object_: Object, tree: Tree, blame: Blame) -> Condition | None:
    """Return the condition of a filter alone, on any record, deleted or not; None where the filter says nothing."""
    return _object(_Level(context=context, object_=context.touch(object_), blame=blame), tree)


def write_filter(context: PlanContext, object_: Object, tree: Tree, blame: Blame) -> tuple[Condition, bool]:
    """Return the filter of a bulk write alone, and whether it names deletedAt.

    Raises:
        BadUserInput: it says nothing, or a variable in it is absent.
    """
    if absent := _find_absent(tree):
        raise blame.error(
            f"The variable '${absent.variable}' is absent: every variable in a bulk write's filter must have a value."
        )
    return said_filter(context, object_, tree, blame)


def said_filter(context: PlanContext, object_: Object, tree: Tree, blame: Blame) -> tuple[Condition, bool]:
    """Return a filter alone, and whether it names deletedAt.

    Raises:
        BadUserInput: it says nothing.
    """
    level = _Level(context=context, object_=context.touch(object_), blame=blame)
    said = _object(level, tree)
    if said is None:
        raise blame.error("The filter says nothing; to mean all records write { id: { is: NOT_NULL } }.")
    return said, level.names_deleted


def part_condition(context: PlanContext, object_: Object, part: Part, tree: Tree, blame: Blame) -> Condition | None:
    """Return the condition of operators on one part, None where they say nothing."""
    return _part(_Level(context=context, object_=object_, blame=blame), part, tree, blame)


def _find_absent(tree: Tree) -> Absent | None:
    match tree:
        case Absent():
            return tree
        case dict():
            return next(filter(None, map(_find_absent, tree.values())), None)
        case list():
            return next(filter(None, map(_find_absent, tree)), None)
        case _:
            return None


def _object(level: _Level, tree: Tree) -> Condition | None:
    if tree is None or isinstance(tree, Absent):
        return None
    members = _members(tree, level.blame)
    return conjunction(
        [_member(level, name, member) for name, member in members.items() if not isinstance(member, Absent)]
    )


def _members(tree: Tree, blame: Blame) -> dict[str, Tree]:
    if not isinstance(tree, dict):
        raise blame.error(f"The filter of '{blame.field}' must be an object.")
    return tree


def _member(level: _Level, name: str, tree: Tree) -> Condition | None:
    object_, blame = level.object_, level.blame.at(name)
    if tree is None:
        raise blame.error(f"The filter of '{name}' must not be null; {_in_place_of_null(level, name)}.")
    if name in JUNCTIONS:
        return _junction(level, name, tree)
    if holder := object_.foreign_keys.get(name):
        return _part(level, holder.parts[0], tree, blame)
    if name not in object_.by_name:
        return _totals(level, object_.by_name[name.removesuffix(AGGREGATE_ENDING)], tree, blame)
    field = object_.by_name[name]
    if field.relation_id is not None:
        return _relation(level, field, tree, blame)
    if name == "deletedAt" and object_.deleted_at is not None:
        said = _part(level, field.parts[0], tree, blame)
        level.names_deleted |= said is not None
        return said
    if field.is_composite:
        parts = {part.name: part for part in field.parts}
        return conjunction(
            [
                _part(level, parts[sub], member, blame.at(sub))
                for sub, member in _members(tree, blame).items()
                if not isinstance(member, Absent)
            ]
        )
    return _part(level, field.parts[0], tree, blame)


def _in_place_of_null(level: _Level, name: str) -> str:
    if name not in level.object_.by_name and name.endswith(AGGREGATE_ENDING):
        return f"for records without any write {{ {name}: {{ count: {{ eq: 0 }} }} }}"
    end = relation_end(level.context.snapshot, field) if (field := level.object_.by_name.get(name)) else None
    if end is not None and not end.to_one:
        return f"for no records write {{ {name}: {{ isEmpty: true }} }}"
    return f"for NULL itself write {{ {name}: {{ is: NULL }} }}"


def _junction(level: _Level, name: str, tree: Tree) -> Condition | None:
    if None in listed(tree):
        raise level.blame.at(name).error(f"'{name}' must not have null in its list.")
    terms = [said for item in listed(tree) if (said := _object(level, item)) is not None]
    if not terms:
        return None
    match name:
        case "and":
            return conjunction(terms)
        case "or":
            return terms[0] if len(terms) == 1 else Or(terms=tuple(terms))
        case _:
            return _opposite(cast("Condition", conjunction(terms)))


def _opposite(condition: Condition) -> Condition:
    match condition:
        case HasLinked(negated=negated):
            return replace(condition, negated=not negated)
        case _:
            return Not(term=condition)


def _relation(level: _Level, field: Field, tree: Tree, blame: Blame) -> Condition | None:
    context = level.context
    end = relation_end(context.snapshot, field)
    if end is None:
        raise blame.error(f"'{field.name}' cannot be filtered by.")
    members = dict(_members(tree, blame))
    if not end.to_one:
        return conjunction(
            [
                _quantifier(level, end, Quantifier(name), member, blame)
                for name, member in members.items()
                if not isinstance(member, Absent)
            ]
        )
    terms: list[Condition | None] = []
    for name in ("is", "isNot"):
        presence = members.pop(name, Absent(variable=""))
        if not isinstance(presence, Absent) and name not in end.target.by_name:
            null = presence is None or cast("Leaf", presence).sample == "NULL"
            terms.append(HasRelated(hop=hop_over(context, end), negated=null is (name == "is")))
    below = _Level(context=context, object_=context.touch(end.target), blame=blame)
    said = _object(below, members)
    if said is not None:
        terms.append(Related(hop=hop_over(context, end, deleted=below.names_deleted), condition=said))
    return conjunction(terms)


@frozen
class LinkedRecords:
    """The records that a to-many relation leads to, under a filter."""

    table: Table
    link: Link
    live: And
    condition: Condition


def linked_records(context: PlanContext, end: RelationEnd, tree: Tree, blame: Blame) -> LinkedRecords:
    """Return the records that a to-many relation leads to, under the filter `tree` of their object."""
    below = _Level(context=context, object_=context.touch(end.target), blame=blame)
    return _linked(below, end, _object(below, tree))


def _linked(below: _Level, end: RelationEnd, said: Condition | None) -> LinkedRecords:
    """Return the records of a level that fulfil a condition; None says nothing."""
    return LinkedRecords(
        table=readable(below.context, end.target),
        link=Link(column=end.far, key=end.near),
        live=And(terms=visible(below.context, end.target, deleted=below.names_deleted)),
        condition=said or And(terms=()),
    )


def _totals(level: _Level, field: Field, tree: Tree, blame: Blame) -> Condition | None:
    """Return the conditions on the aggregates of the records that a to-many relation leads to."""
    end = relation_end(level.context.snapshot, field)
    if end is None:
        raise blame.error(f"'{field.name}' cannot be filtered by.")
    given = dict(_members(tree, blame))
    filter_ = given.pop("filter", None)
    measures: list[Measure] = []
    terms: list[Condition | None] = []
    for named in named_measures(end.target, given, blame):
        if named.tree is None:
            raise named.blame.error(f"The filter of '{named.name}' must not be null.")
        if named.measure not in measures:
            measures.append(named.measure)
        terms.append(_part(level, named.numbered(measures.index(named.measure)), named.tree, named.blame))
    having = conjunction(terms)
    if having is None:
        return None
    linked = linked_records(level.context, end, filter_, blame.at("filter"))
    return HasTotals(
        table=linked.table,
        link=linked.link,
        live=linked.live,
        condition=linked.condition,
        measures=tuple(measures),
        having=having,
    )


def _quantifier(level: _Level, end: RelationEnd, quantifier: Quantifier, tree: Tree, blame: Blame) -> Condition | None:
    """Return the condition on the records that a to-many relation leads to; it is never unknown."""
    context = level.context
    context.count_comparison()
    if tree is None:
        raise blame.error(f"The operator '{quantifier.value}' of '{blame.field}' must not be null.")
    below = _Level(context=context, object_=context.touch(end.target), blame=blame)
    if quantifier is Quantifier.IS_EMPTY:
        said, negated = None, bool(cast("Leaf", tree).sample)
    else:
        said, negated = _object(below, tree), quantifier is not Quantifier.SOME
        if said is None and (quantifier is Quantifier.EVERY or _find_absent(tree)):
            return None
    linked = _linked(below, end, said)
    wanted = Untrue(term=linked.condition) if quantifier is Quantifier.EVERY else linked.condition
    return HasLinked(table=linked.table, link=linked.link, live=linked.live, condition=wanted, negated=negated)


def _part(level: _Level, part: Part, tree: Tree, blame: Blame) -> Condition | None:
    operators = {operator.name: operator for operator in part.operators}
    found = [
        operator_condition(level.context, operators[name], part, argument, blame)
        for name, argument in _members(tree, blame).items()
        if not isinstance(argument, Absent)
    ]
    return conjunction([said and fit_indexes(level.context, level.object_, part, said) for said in found])


def conjunction(terms: list[Condition] | list[Condition | None]) -> Condition | None:
    """Return the condition that holds where all of some terms do, None where none says anything."""
    kept = tuple(term for term in terms if term is not None)
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else And(terms=kept)


def _all(*terms: Condition | None) -> Condition:
    return And(terms=tuple(term for term in terms if term is not None))
