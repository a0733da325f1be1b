"""Filters by aggregates of related records: computed for each of few records by itself, for many all at once."""

from collections.abc import Callable, Iterator

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, compile_totals, read_measures, row_source
from fieldstone.sql.compiler.reads.pages.sampling import KnownOnce, Many
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, LeftJoin, Query, query_source
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition, HasTotals, Not, Or, Table, Untrue

Find = Callable[[Condition, RowReference, StatementDraft], Expression]
"""Compiles a condition over a row."""


@frozen
class AnsweredRow(RowReference):
    """The row of a source whose columns are the answers to conditions about it, NULL where an answer is unknown."""

    answers: dict[Condition, Expression]

    def answer(self, condition: Condition) -> Expression | None:
        """Return the value of the condition, if the source has it."""
        return self.answers.get(condition)


def compile_filtered(
    table: Table, condition: Condition, row: RowReference, draft: StatementDraft, find: Find = compile_condition
) -> tuple[FromItem, Expression]:
    """Return the source of `row`, and the condition over it, which all records of the table are held against.

    Args:
        table: the row's.
        condition: the condition.
        row: the row, of whose alias the source is.
        draft: the statement.
        find: compiles conditions over the row.
    """
    source = row_source(table, row.alias, draft)
    asked = list(dict.fromkeys(_totals(condition)))
    if not asked:
        return source, find(condition, row, draft)
    there = RowReference(alias=draft.alias())
    others = find(_without_totals(condition), there, draft)
    candidates = Query().from_(row_source(table, there.alias, draft)).only(others)
    are_many = Many(candidates, [one.table for one in asked], draft)
    answers: dict[Condition, Expression] = {}
    for one in asked:
        join, answer = _join_answer(one, row, are_many, draft)
        source = source.joined(join)
        answers[one] = answer
    return source, find(condition, AnsweredRow(alias=row.alias, names=row.names, answers=answers), draft)


def _join_answer(
    condition: HasTotals, row: RowReference, are_many: KnownOnce, draft: StatementDraft
) -> tuple[LeftJoin, Expression]:
    """Return the join of the answers for all rows whose answer is not that for a row without related ones."""
    nothing = read_measures(condition, RowReference(alias=draft.alias()), draft).only(expressions.FALSE)
    totals = RowReference(alias=draft.alias())
    having = compile_condition(condition.having, totals, draft)
    by_default = KnownOnce(Query().from_(query_source(nothing.text(), totals.alias)), having, "answer", draft)
    there = RowReference(alias=draft.alias())
    key = there.column(condition.link.column.name)
    wanted = compile_condition(And(terms=(condition.live, condition.condition)), there, draft)
    # Rows without a key are linked to no row, and would be one large group.
    is_linked = expressions.is_null(key, negated=True)
    grouped = read_measures(condition, there, draft).select(expressions.named(key, "k")).group(key)
    grouped.only(expressions.all_of((are_many.ask(lambda it: it), is_linked, wanted)))
    totals = RowReference(alias=draft.alias())
    having = compile_condition(condition.having, totals, draft)
    differs = expressions.is_distinct(having, by_default.ask(lambda it: it))
    answered = Query().from_(query_source(grouped.text(), totals.alias)).only(differs)
    answered.select(expressions.result(totals.alias, "k"), expressions.named(having, "answer"))
    found = RowReference(alias=draft.alias())
    near = row.column(condition.link.key.name)
    join = LeftJoin(
        query_source(answered.text(), found.alias), expressions.equal(expressions.result(found.alias, "k"), near)
    )
    is_default = expressions.is_null(expressions.result(found.alias, "k"))
    of_all = expressions.case(
        [(is_default, by_default.ask(lambda it: it))], otherwise=expressions.result(found.alias, "answer")
    )
    singly = compile_totals(condition, row, draft)
    return join, expressions.case([(are_many.ask(lambda it: it), of_all)], otherwise=singly)


def _totals(condition: Condition) -> Iterator[HasTotals]:
    """Yield the conditions on the aggregates of rows that are related to the row at hand."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from _totals(term)
        case Not(term=term) | Untrue(term=term):
            yield from _totals(term)
        case HasTotals():
            yield condition
        case _:
            pass


def _without_totals(condition: Condition) -> Condition:
    """Return the terms of the condition that no aggregate decides about."""
    match condition:
        case And(terms=terms):
            return And(terms=tuple([_without_totals(term) for term in terms]))
        case _:
            return And(terms=()) if next(_totals(condition), None) else condition
