"""Sampling: which pages are to find out, when they are read, whether to follow their order or their condition."""

from collections.abc import Collection, Iterator

from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.changes.kinds.create_index import TRIGRAM
from fieldstone.metadata.model import Index, Object, Status
from fieldstone.sql.plan.elements import And, Column, Condition, HasRelated, Matches, Not, Or, Related
from fieldstone.sql.plan.read import OrderKey


def is_sampled(context: PlanContext, object_: Object, condition: Condition, order: tuple[OrderKey, ...]) -> bool:
    """Return whether trigrams narrow the condition and an index serves the order, and note the choices."""
    if not _matches(condition):
        return False
    first = order[0]
    if first.hops or not isinstance(first.operand, Column):
        return False
    known = context.snapshot.indexes_of.get(object_.id, ())
    context.indexes[object_.id] = known
    indexes = [index for index in known if index.status is Status.READY]
    trigrams = {column for index in indexes if index.method == TRIGRAM for column in _columns(object_, index)}
    if not _narrows(condition, trigrams):
        return False
    return first.operand == object_.key or any(_leads(object_, index, first.operand) for index in indexes)


def _matches(condition: Condition) -> bool:
    """Whether it has a pattern, and nothing that is dear to test for one record."""
    terms = list(_flat(condition))
    return any(isinstance(term, Matches) for term in terms) and not any(
        isinstance(term, Related | HasRelated) for term in terms
    )


def _flat(condition: Condition) -> Iterator[Condition]:
    match condition:
        case And() | Or():
            for term in condition.terms:
                yield from _flat(term)
        case Not():
            yield from _flat(condition.term)
        case _:
            yield condition


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
