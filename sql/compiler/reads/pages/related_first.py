"""Conditions whose related rows are found first, and the rows at hand by their keys.

PostgreSQL would decide by averages whether to begin with the related rows, and read both tables for values that few
rows have. Here few related rows lead to few keys, at any depth, and each level reads no more rows than match below it.
"""

from collections.abc import Iterator

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, row_source
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query
from fieldstone.sql.plan.elements import And, Condition, HasLinked, HasRelated, IsNull, Related, Table
from fieldstone.sql.plan.operands import Column

_ANY_ROW = And(terms=())


def compile_related_first(condition: Condition, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition over the row, false or unknown where it does not hold."""
    terms = list(_flat(condition))
    drivers = _drivers(terms)
    others = [term for term in terms if term not in drivers]
    compiled = [compile_condition(term, row, draft) for term in others]
    if drivers:
        # One array: an index would be searched with each pair of the items of two.
        near = drivers[0].hop.column if isinstance(drivers[0], Related) else drivers[0].link.key
        keys = expressions.array_of_common([_read_keys(driver, draft) for driver in drivers])
        compiled.append(expressions.equal_to_any(row.column(near.name), keys))
    return expressions.all_of(compiled)


def _flat(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, And):
        for term in condition.terms:
            yield from _flat(term)
    else:
        yield condition


def _drivers(terms: list[Condition]) -> list[Related | HasLinked]:
    """Return the terms whose related rows are found first: all linked ones, or a to-one hop if nothing else narrows."""
    linked: list[Related | HasLinked] = [
        term for term in terms if isinstance(term, HasLinked) and not term.negated and term.condition != _ANY_ROW
    ]
    if linked:
        return linked
    hops: list[Related | HasLinked] = [term for term in terms if isinstance(term, Related)]
    narrowing = [term for term in terms if not isinstance(term, IsNull | HasRelated | HasLinked)]
    return hops if len(narrowing) == len(hops) == 1 else []


def _read_keys(driver: Related | HasLinked, draft: StatementDraft) -> Query:
    """Return the query of the keys of the rows at hand that the related rows lead to."""
    match driver:
        case Related(hop=hop):
            return _keys(hop.table, hop.key, And(terms=(hop.condition, driver.condition)), draft)
        case HasLinked(link=link):
            return _keys(driver.table, link.column, And(terms=(driver.live, driver.condition)), draft)


def _keys(table: Table, key: Column, condition: Condition, draft: StatementDraft) -> Query:
    there = RowReference(alias=draft.alias())
    wanted = compile_related_first(condition, there, draft)
    return Query().from_(row_source(table, there.alias, draft)).select(there.column(key.name)).only(wanted)
