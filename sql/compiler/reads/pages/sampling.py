"""Pages that find out, when they are read, whether to follow their order or their condition.

Where an index serves the order and others the condition, following the order is best if many rows fulfil the
condition, and following the condition if few do. PostgreSQL would have to plan again for each value, which takes
longer than reading the page, and guesses: for a pattern from a hundred values of the column, for related rows from
averages. Where it is wrong it reads the whole table in order for a dozen rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import FAN_OUT, Search, compile_condition, linked_depth
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.plan.elements import (
    And,
    Compare,
    Comparison,
    Condition,
    HasLinked,
    HasTotals,
    Matches,
    Not,
    Or,
    Related,
    Table,
    Untrue,
)
from fieldstone.sql.plan.operands import Column, Parameter

T = TypeVar("T")

SAMPLE = 256
"""How many rows are looked at first, in order; fewer where rows that are linked to linked ones are asked for."""
SMALLEST_SAMPLE = 16
LONGER = 15
"""How many times as many further rows are looked at before the condition reads a large table."""
LARGE = 8 << 20
"""Bytes of a table that takes longer to read than all of the sample: some ten of its rows for each row of that."""
MANY = 2_000
"""How many rows, at least, make it cheaper to compute a total for all at once than for each by itself."""
MANY_BYTES = 4_096
"""Bytes of the related table for each of which that bound grows by one row, as all at once reads the whole table."""
ENOUGH = 3
"""How many of them must fulfil the condition: one or two may be chance, and a table be read in vain."""


def without_values(condition: Condition) -> Condition:
    """Return the condition, its patterns and all values about related rows kept from PostgreSQL's planner.

    So one plan serves all of them.
    """
    match condition:
        case And(terms=terms):
            return And(terms=tuple([without_values(term) for term in terms]))
        case Or(terms=terms):
            return Or(terms=tuple([without_values(term) for term in terms]))
        case Not(term=term):
            return Not(term=without_values(term))
        case Untrue(term=term):
            return Untrue(term=without_values(term))
        case Matches() | Related() | HasLinked() | HasTotals():
            return _hide(condition)
        case Compare(comparison=Comparison.EQ, right=Parameter(of_principal=True)):
            # PostgreSQL takes the rows of one value for few, and would find and sort them.
            return replace(condition, singly=True)
        case _:
            return condition


def _hide(part: T) -> T:
    """Return the part of a plan with all of its parameters unplanned."""
    if isinstance(part, Parameter):
        return replace(part, unplanned=True)
    if isinstance(part, tuple):
        return type(part)(map(_hide, part))
    if is_dataclass(part) and not isinstance(part, type | Column):
        return replace(part, **{field.name: _hide(getattr(part, field.name)) for field in fields(part)})
    return part


def sample_size(condition: Condition) -> int:
    """Return how many rows are looked at first: all in all, about SAMPLE linked ones are asked the last question."""
    size = SAMPLE
    for _ in range(linked_depth(condition) - 1):
        size //= FAN_OUT
    return max(SMALLEST_SAMPLE, size)


def takes_longer(tables: Sequence[Table], around: Table) -> Expression:
    """Return the condition that reading one of the tables takes longer than sampling many more rows around it.

    A look-up reads many rows if each row around it has many related ones.
    """
    bound = expressions.arithmetic(expressions.number(FAN_OUT), "*", _bytes_of(around))
    return expressions.any_of(
        [
            expressions.all_of(
                (
                    expressions.compare(_bytes_of(table), Comparison.GE, expressions.number(LARGE)),
                    expressions.compare(_bytes_of(table), Comparison.LE, bound),
                )
            )
            for table in tables
        ]
    )


def _bytes_of(table: Table) -> Expression:
    return expressions.call("pg_relation_size", expressions.table_oid(table))


def compile_sample(
    first_rows: str,
    row: RowReference,
    condition: Condition,
    draft: StatementDraft,
    *,
    selected: Sequence[Expression],
    most: int,
) -> str:
    """Return the name of the WITH query of the first rows in order that fulfil the condition, `most` at most.

    Args:
        first_rows: the query of the first rows in order.
        row: a row of it, under the alias that it gets here.
        condition: the condition.
        draft: the statement.
        selected: the values of the row that are handed on.
        most: how many rows are enough: no more are looked at than it takes to find them.
    """
    fulfilled = compile_condition(condition, row, draft, search=Search.SAMPLED)
    found = Query().from_(query_source(first_rows, row.alias)).select(*selected)
    return draft.share(found.only(fulfilled).limit(most))


class KnownOnce:
    """A value that a WITH query of the statement computes once, if at all.

    Args:
        query: the query that computes it.
        value: the value, in that query.
        name: its name there.
        draft: the statement.
    """

    def __init__(self, query: Query, value: Expression, name: str, draft: StatementDraft) -> None:
        self._name = name
        self._draft = draft
        self._query = draft.share(query.select(expressions.named(value, name)))

    def ask(self, make: Callable[[Expression], Expression]) -> Expression:
        """Return the expression that is made of the value."""
        source = FromItem(self._query, self._draft.alias())
        return expressions.scalar(Query().from_(source).select(make(expressions.result(source.alias, self._name))))


class Hits(KnownOnce):
    """The number of rows of a source."""

    def __init__(self, source: FromItem, draft: StatementDraft) -> None:
        super().__init__(Query().from_(source), expressions.COUNT, "hits", draft)

    def are(self, *bounds: tuple[Comparison, int]) -> Expression:
        """Return the condition that the number is within these bounds."""
        return self.ask(
            lambda hits: expressions.all_of(
                [expressions.compare(hits, comparison, expressions.number(bound)) for comparison, bound in bounds]
            )
        )


class Many(KnownOnce):
    """Whether a query has so many rows that one pass over these tables totals them all in less time than a pass each.

    The query has all clauses but SELECT and LIMIT.
    """

    def __init__(self, rows: Query, tables: Sequence[Table], draft: StatementDraft) -> None:
        each = expressions.number(MANY_BYTES)
        shares = [expressions.arithmetic(_bytes_of(table), "/", each) for table in dict.fromkeys(tables)]
        bound = expressions.call("greatest", expressions.number(MANY), *shares)
        counted = rows.select(expressions.named(expressions.ONE, "hit")).limit(bound)
        is_reached = expressions.compare(expressions.COUNT, Comparison.GE, bound)
        source = query_source(counted.text(), draft.alias())
        super().__init__(Query().from_(source), is_reached, "are_many", draft)
