"""Sampling: which pages are to find out, when they are read, whether to follow their order or their condition."""

from collections.abc import Collection, Iterator

from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.reads.text_indexes import ready_indexes
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, TRIGRAM, indexed_parts, indexed_values
from fieldstone.metadata.model import Index, Object
from fieldstone.sql.plan.elements import (
    Among,
    And,
    Compare,
    Comparison,
    Condition,
    Finding,
    HasLinked,
    HasRelated,
    HasTotals,
    KeyRange,
    Matches,
    Not,
    Or,
    Related,
    Resembles,
    Table,
    Untrue,
)
from fieldstone.sql.plan.operands import Column, Operand, Parameter, Ranked
from fieldstone.sql.plan.outputs import OrderKey, Sample


def find_sample(
    context: PlanContext, object_: Object, condition: Condition, order: tuple[OrderKey, ...]
) -> Sample | None:
    """Return the choice of a page between order and condition if indexes serve both, and note these indexes."""
    if not _is_sampled(context, object_, condition, order):
        return None
    return Sample(unfound=_find_unfound(context, condition))


def _is_sampled(context: PlanContext, object_: Object, condition: Condition, order: tuple[OrderKey, ...]) -> bool:
    terms = list(_flat(condition))
    has_links = any(isinstance(term, HasLinked | HasTotals) for term in terms)
    # The principal of a rule may have any number of the records, and one plan serves all of them.
    by_rule = _is_gathered(condition) or is_anchored(condition, context.parameters.claims.values())
    if not (has_links or by_rule) and not _matches(terms):
        return False
    first = order[0]
    if first.hops or first.totals or isinstance(first.operand, Ranked):
        return False
    indexes = ready_indexes(context, object_)
    if first.operand != object_.key and not any(_leads(object_, index, first.operand) for index in indexes):
        return False
    if has_links or by_rule:
        unique = {object_.key, *(next(indexed_parts(object_, index)).column for index in indexes if index.is_unique)}
        return not _names_one(condition, unique) and _links_are_served(context, condition)
    return _narrows(condition, _trigrams(object_, indexes))


def _find_unfound(context: PlanContext, condition: Condition) -> tuple[Table, ...]:
    """Return the tables of the rows that `sql/compiler/reads/pages/related_first.py` finds first without an index.

    Rows that are asked about further related ones are left out: a longer sample would take too long.
    """
    match condition:
        case And(terms=terms):
            return tuple(table for term in terms for table in _find_unfound(context, term))
        case HasLinked(negated=False, table=table, condition=wanted) if wanted != And(terms=()):
            asked = _flat(And(terms=(condition.live, wanted)))
            is_plain = not any(isinstance(term, HasLinked | HasTotals | Related) for term in asked)
            return (table,) if is_plain and not _is_found(context, table, wanted) else ()
        case _:
            return ()


def _is_found(context: PlanContext, table: Table, condition: Condition) -> bool:
    """Whether an index finds the rows of a table that fulfil the condition."""
    (object_,) = (one for one in context.touched.values() if one.table.name == table.name)
    indexes = ready_indexes(context, object_)
    match condition:
        case And(terms=terms):
            return any(_is_found(context, table, term) for term in terms)
        case Or(terms=terms):
            return all(_is_found(context, table, term) for term in terms)
        case Compare(left=column, comparison=comparison) if comparison is not Comparison.NE:
            return any(_begins(object_, index, column) for index in indexes)
        case Among(column=column, negated=False):
            return any(_begins(object_, index, column) for index in indexes)
        case _:
            return _narrows(condition, _trigrams(object_, indexes))


def _trigrams(object_: Object, indexes: Collection[Index]) -> Collection[Column]:
    """Return the columns in which indexes find patterns."""
    return {
        part.column
        for index in indexes
        if index.method == TRIGRAM and index.text_order > 0
        for part in indexed_parts(object_, index)
    }


def is_anchored(condition: Condition, claims: Collection[Parameter]) -> bool:
    """Return whether few rows fulfil the condition: those that have a principal's value, or are related to such."""
    match condition:
        case And(terms=terms):
            return any(is_anchored(term, claims) for term in terms)
        case Or(terms=terms):
            return bool(terms) and all(is_anchored(term, claims) for term in terms)
        case Compare(comparison=Comparison.EQ, right=Parameter() as value) | Among(negated=False, values=value):
            return value in claims
        case Related(condition=term) | HasLinked(negated=False, condition=term):
            return is_anchored(term, claims)
        case _:
            return False


def _is_gathered(condition: Condition) -> bool:
    """Whether a rule lets through the records that related ones lead to, of which a principal may have any number."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            return any(map(_is_gathered, terms))
        case Related() | HasLinked():
            return condition.finding is Finding.GATHERED
        case _:
            return False


def _matches(terms: Collection[Condition]) -> bool:
    """Whether there is a pattern, and nothing that is dear to test for one record."""
    return any(isinstance(term, Matches | Resembles) for term in terms) and not any(
        isinstance(term, Related | HasRelated) for term in terms
    )


def _flat(condition: Condition) -> Iterator[Condition]:
    match condition:
        case And() | Or():
            for term in condition.terms:
                yield from _flat(term)
        case Not() | Untrue():
            yield from _flat(condition.term)
        case _:
            yield condition


def _names_one(condition: Condition, unique: Collection[Column]) -> bool:
    """Whether the condition asks for the value of a unique column, so that few records can fulfil it."""
    match condition:
        case And(terms=terms):
            return any(_names_one(term, unique) for term in terms)
        case Compare(left=Column() as column, comparison=Comparison.EQ) | Among(column=column, negated=False):
            return column in unique
        case _:
            return False


def _links_are_served(context: PlanContext, condition: Condition) -> bool:
    """Whether an index finds the records that each link leads to, at any depth."""
    objects = {object_.table.name: object_ for object_ in context.touched.values()}
    for term in _flat(condition):
        if isinstance(term, HasLinked | HasTotals):
            linked = objects[term.table.name]
            if not any(_leads(linked, index, term.link.column) for index in ready_indexes(context, linked)):
                return False
        if isinstance(term, HasLinked | HasTotals | Related) and not _links_are_served(context, term.condition):
            return False
    return True


def _narrows(condition: Condition, columns: Collection[Column]) -> bool:
    match condition:
        case And():
            return any(_narrows(term, columns) for term in condition.terms)
        case Or():
            return all(_narrows(term, columns) for term in condition.terms)
        case Matches() | Resembles():
            return condition.column in columns
        case KeyRange():
            return True
        case _:
            return False


def _leads(object_: Object, index: Index, operand: Operand) -> bool:
    """Whether the index orders all records by the operand."""
    return not index.is_unique and _begins(object_, index, operand)


def _begins(object_: Object, index: Index, operand: Operand) -> bool:
    """Whether the index orders all live records by the operand."""
    return index.method == BTREE and not index.is_partial and indexed_values(object_, index)[:1] == (operand,)
