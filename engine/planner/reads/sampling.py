"""Sampling: which pages are to find out, when they are read, whether to follow their order or their condition."""

from collections.abc import Collection, Iterator

from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.changes.kinds.create_index import TRIGRAM
from fieldstone.metadata.model import Index, Object, Status
from fieldstone.sql.plan.elements import (
    Among,
    And,
    Column,
    Compare,
    Comparison,
    Condition,
    HasLinked,
    HasRelated,
    Matches,
    Not,
    Or,
    Related,
    Untrue,
)
from fieldstone.sql.plan.read import OrderKey


def is_sampled(context: PlanContext, object_: Object, condition: Condition, order: tuple[OrderKey, ...]) -> bool:
    """Return whether an index serves the order and others the condition, and note the choices."""
    terms = list(_flat(condition))
    has_links = any(isinstance(term, HasLinked) for term in terms)
    if not has_links and not _matches(terms):
        return False
    first = order[0]
    if first.hops or not isinstance(first.operand, Column):
        return False
    indexes = _ready_indexes(context, object_)
    if first.operand != object_.key and not any(_leads(object_, index, first.operand) for index in indexes):
        return False
    if has_links:
        unique = {object_.key, *(_columns(object_, index)[0] for index in indexes if index.is_unique)}
        return not _names_one(condition, unique) and _links_are_served(context, condition)
    trigrams = {column for index in indexes if index.method == TRIGRAM for column in _columns(object_, index)}
    return _narrows(condition, trigrams)


def _ready_indexes(context: PlanContext, object_: Object) -> list[Index]:
    known = context.snapshot.indexes_of.get(object_.id, ())
    context.indexes[object_.id] = known
    return [index for index in known if index.status is Status.READY]


def _matches(terms: Collection[Condition]) -> bool:
    """Whether there is a pattern, and nothing that is dear to test for one record."""
    return any(isinstance(term, Matches) for term in terms) and not any(
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
    objects = {object_.table: object_ for object_ in context.touched.values()}
    for term in _flat(condition):
        if isinstance(term, HasLinked):
            linked = objects[term.table]
            if not any(_leads(linked, index, term.link.column) for index in _ready_indexes(context, linked)):
                return False
        if isinstance(term, HasLinked | Related) and not _links_are_served(context, term.condition):
            return False
    return True


def _narrows(condition: Condition, columns: Collection[Column]) -> bool:
    match condition:
        case And():
            return any(_narrows(term, columns) for term in condition.terms)
        case Or():
            return all(_narrows(term, columns) for term in condition.terms)
        case Matches():
            return condition.column in columns
        case _:
            return False


def _columns(object_: Object, index: Index) -> list[Column]:
    return [part.column for id_ in index.field_ids for part in object_.by_id[id_].parts]


def _leads(object_: Object, index: Index, column: Column) -> bool:
    """Whether the index orders all records by the column."""
    is_whole = not (index.is_unique or index.is_partial)
    return index.method == "btree" and is_whole and _columns(object_, index)[:1] == [column]
