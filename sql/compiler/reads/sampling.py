"""Pages that find out, when they are read, whether to follow their order or their condition.

Where an index serves the order and another one the condition, following the order is best if many rows fulfil the
condition, and following the condition if few do. PostgreSQL would have to plan again for each pattern, which takes
longer than reading the page, and guesses from a hundred values of the column: where one of them happens to match, it
reads the whole table in order for a dozen rows.
"""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.plan.elements import And, Comparison, Condition, Matches, Not, Or

SAMPLE = 256
"""How many rows are looked at first, in order."""
ENOUGH = 3
"""How many of them must fulfil the condition: one or two may be chance, and a table be read in vain."""


def without_patterns(condition: Condition) -> Condition:
    """Return the condition with its patterns kept from PostgreSQL's planner, so that one plan serves all of them."""
    match condition:
        case And():
            return And(terms=_each(condition.terms))
        case Or():
            return Or(terms=_each(condition.terms))
        case Not():
            return Not(term=without_patterns(condition.term))
        case Matches():
            return replace(condition, pattern=replace(condition.pattern, unplanned=True))
        case _:
            return condition


def _each(terms: Sequence[Condition]) -> tuple[Condition, ...]:
    return tuple([without_patterns(term) for term in terms])


def compile_choice(first_rows: Query, condition: Condition, draft: StatementDraft) -> tuple[Expression, Expression]:
    """Return the conditions to follow the order and to follow the filter: exactly one of them holds.

    `first_rows` reads whole rows in order.
    """
    sample = query_source(first_rows.limit(SAMPLE).text(), draft.alias())
    fulfilled = compile_condition(condition, RowReference(alias=sample.alias), draft)
    hits = expressions.aggregate("count", expressions.ONE, only=fulfilled)
    name = draft.share(Query().from_(sample).select(expressions.named(hits, "hits")))
    return _compare_hits(name, Comparison.GE, draft), _compare_hits(name, Comparison.LT, draft)


def _compare_hits(name: str, comparison: Comparison, draft: StatementDraft) -> Expression:
    source = FromItem(name, draft.alias())
    hits = expressions.scalar(Query().from_(source).select(expressions.result(source.alias, "hits")))
    return expressions.compare(hits, comparison, expressions.number(ENOUGH))
