"""The condition that two rows are alike: their values by one of several criteria."""

from collections.abc import Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import row_source
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query
from fieldstone.sql.compiler.text_keys import text_key
from fieldstone.sql.plan.elements import Comparison, Table
from fieldstone.sql.plan.outputs import Alike, Likeness
from fieldstone.sql.text_order import FOLD, HIGH, LOW


def compile_alike(
    alike: Alike, table: Table, row: RowReference, other: RowReference, draft: StatementDraft
) -> Expression:
    """Return the condition that the row of a table is another one than the one at hand, and like it by a criterion."""
    key = alike.key.name
    is_same = expressions.equal(row.column(key), other.column(key))
    found = [
        _by_criterion(criterion, row, other)
        if any(one.has_index for one in criterion)
        else expressions.equal_to_any(row.column(key), _keys(alike, criterion, table, other, draft))
        for criterion in alike.criteria
    ]
    return expressions.all_of((expressions.any_of(found), expressions.is_true(is_same, negated=True)))


def _keys(
    alike: Alike, criterion: Sequence[Likeness], table: Table, other: RowReference, draft: StatementDraft
) -> Expression:
    """Return the keys of the rows that are like another one by a criterion without an index.

    Collected first, they leave the other criteria to their indexes, and no row is read for an empty value.
    """
    row = RowReference(alias=draft.alias())
    query = Query().from_(row_source(table, row.alias, draft)).select(row.column(alike.key.name))
    return expressions.array_from(query.only(_by_criterion(criterion, row, other)))


def _by_criterion(criterion: Sequence[Likeness], row: RowReference, other: RowReference) -> Expression:
    return expressions.all_of([part for likeness in criterion for part in _parts(likeness, row, other)])


def _parts(likeness: Likeness, row: RowReference, other: RowReference) -> list[Expression]:
    value, wanted = row.column(likeness.column.name), other.column(likeness.column.name)
    if not likeness.is_text:
        return [expressions.equal(value, wanted)]
    folded = expressions.call(FOLD, wanted)
    terms = [expressions.equal(expressions.call(FOLD, value), folded), _has_letters(folded)]
    if not likeness.has_index:
        return terms
    key = text_key(value)
    low, high = (expressions.call(function, wanted, expressions.TRUE) for function in (LOW, HIGH))
    bounds = ((Comparison.GE, low), (Comparison.LT, high))
    return [*(expressions.compare(key, comparison, bound) for comparison, bound in bounds), *terms]


def _has_letters(text: Expression) -> Expression:
    """Return the condition that a text has more than blanks."""
    stripped = expressions.call("btrim", text)
    return expressions.compare(stripped, Comparison.NE, expressions.text_literal(""))
