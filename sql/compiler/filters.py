"""The conditions of WHERE, in SQL's three-valued logic."""

from enum import Enum
from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.json_paths import compile_json_test
from fieldstone.sql.compiler.measures import compile_measure
from fieldstone.sql.compiler.moments import compile_moment
from fieldstone.sql.compiler.operands import compile_operand, compile_operand_parameter
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source, rows_source, table_source
from fieldstone.sql.compiler.text_keys import text_keys
from fieldstone.sql.compiler.text_matching import compile_matching, compile_range, compile_resembling
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import (
    Among,
    AmongPairs,
    And,
    Compare,
    Comparison,
    Condition,
    Finding,
    HasLinked,
    HasRelated,
    HasTotals,
    Hop,
    IsEmpty,
    IsNull,
    JsonTest,
    KeyRange,
    Matches,
    Not,
    Or,
    Related,
    Resembles,
    Searches,
    Table,
    Test,
    Untrue,
)
from fieldstone.sql.plan.operands import Column, Moment, Parameter, Sorted, column_of
from fieldstone.sql.types import SqlType

FAN_OUT = 4
"""How many linked rows a sample asks about rows that are linked to them."""


class Search(Enum):
    """How the related rows that a condition asks for are found."""

    PLANNED = "as PostgreSQL decides"
    SINGLY = "for each row at hand by itself, by an index"
    SAMPLED = "as SINGLY, but only among the first of many"


def row_source(table: Table, alias: str, draft: StatementDraft, *, among: str | None = None) -> FromItem:
    """Return the rows of a table with their guarded columns, as a sub-select that PostgreSQL dissolves.

    With `among` they are those of the WITH query of this name, which has the table's columns.
    """
    among = among or draft.inserted.get((table.schema, table.name))
    if not table.guarded:
        return table_source(table, alias) if among is None else FromItem(among, alias)
    row = RowReference(alias=draft.alias())
    source = table_source(table, row.alias) if among is None else FromItem(among, row.alias)
    query = Query().from_(source).select(expressions.whole_row(row.alias))
    for one in table.guarded:
        value = expressions.case([(compile_condition(one.guard, row, draft), row.column(one.of.name))])
        query.select(expressions.renamed(value, one.column.name))
    return query_source(query.text(), alias)


def with_guards(table: Table, alias: str, draft: StatementDraft) -> RowReference:
    """Return the row of a table that has an alias, with its guarded columns, for statements that lock the row."""
    row = RowReference(alias=alias)
    if not table.guarded:
        return row
    values = {
        one.column.name: expressions.case([(compile_condition(one.guard, row, draft), row.column(one.of.name))])
        for one in table.guarded
    }
    return FutureRow(alias=alias, values=values)


def compile_condition(
    condition: Condition,
    row: RowReference,
    draft: StatementDraft,
    *,
    negated: bool = False,
    search: Search = Search.PLANNED,
) -> Expression:
    """Return the condition over the row.

    `negated` says that the condition stands below an odd number of NOTs. Only there does it matter whether a missing
    related row makes it unknown or false: elsewhere three-valued logic is monotone, so that false in the place of
    unknown never changes the rows that a WHERE keeps.
    """
    match condition:
        case And():
            return expressions.all_of(
                [compile_condition(term, row, draft, negated=negated, search=search) for term in condition.terms]
            )
        case Or():
            return expressions.any_of(
                [compile_condition(term, row, draft, negated=negated, search=search) for term in condition.terms]
            )
        case Not(term=Not(term=term)):
            return compile_condition(term, row, draft, negated=negated, search=search)
        case Not(term=term):
            return expressions.negation(compile_condition(term, row, draft, negated=not negated, search=search))
        case Untrue(term=term):
            # False and unknown are the same in it, as they are in a WHERE.
            return expressions.is_true(compile_condition(term, row, draft, search=search), negated=True)
        case HasTotals():
            answer = row.answer(condition)
            return compile_totals(condition, row, draft, search=search) if answer is None else answer
        case Related() | HasRelated() | HasLinked():
            return _compile_relation(condition, row, draft, negated=negated, search=search)
        case AmongPairs():
            return _compile_pairs(condition, row, draft)
        case Among(values=Parameter(of_principal=True)):
            return _compile_claims(condition, row, negated=negated)
        case Compare(singly=True) if search is not Search.PLANNED and not negated:
            return expressions.case([(_compile_test(condition, row), expressions.TRUE)])
        case _:
            return _compile_test(condition, row)


def _compile_claims(condition: Among, row: RowReference, *, negated: bool) -> Expression:
    """Return the condition with a principal's list, unknown for NULL also where the list is empty.

    PostgreSQL compares nothing with an empty array, and whether this list is empty is no part of the plan.
    """
    among, value = _compile_test(condition, row), row.column(column_of(condition.column).name)
    if condition.negated:
        return expressions.all_of((among, expressions.equal(value, value)))
    return expressions.any_of((among, expressions.compare(value, Comparison.NE, value))) if negated else among


def _compile_pairs(condition: AmongPairs, row: RowReference, draft: StatementDraft) -> Expression:
    given = expressions.call("unnest", *map(expressions.parameter, condition.values))
    source = rows_source(given, draft.alias(), ("a", "b", "position"))
    pairs = Query().from_(source).select(*(expressions.result(source.alias, name) for name in ("a", "b")))
    pair = expressions.row([row.column(column.name) for column in condition.columns])
    return expressions.is_true(expressions.equal_to_row_of(pair, pairs), negated=condition.negated)


def crosses(condition: Condition) -> bool:
    """Return whether the condition depends on related rows."""
    match condition:
        case And() | Or():
            return any(map(crosses, condition.terms))
        case Not() | Untrue():
            return crosses(condition.term)
        case _:
            return isinstance(condition, Related | HasRelated | HasLinked | HasTotals)


def linked_depth(condition: Condition) -> int:
    """Return how many levels of linked rows the condition asks for, also to know whether a related row counts."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            return max(map(linked_depth, terms), default=0)
        case Not(term=term) | Untrue(term=term):
            return linked_depth(term)
        case Related(hop=hop, condition=term):
            return max(linked_depth(hop.condition), linked_depth(term))
        case HasRelated(hop=hop):
            return linked_depth(hop.condition)
        case HasLinked(live=live, condition=term) | HasTotals(live=live, condition=term):
            return 1 + max(linked_depth(live), linked_depth(term))
        case _:
            return 0


def _compile_test(condition: Test, row: RowReference) -> Expression:
    match condition:
        case Compare():
            left = compile_operand(condition.left, row)
            return expressions.compare(left, condition.comparison, _compile_right(condition, row))
        case Among():
            among = expressions.unlike_all if condition.negated else expressions.equal_to_any
            values = expressions.parameter(condition.values)
            if isinstance(condition.column, Sorted):
                values = text_keys(values)
            return among(compile_operand(condition.column, row), values)
        case Matches():
            text = row.column(condition.column.name)
            if condition.column.type is not SqlType.TEXT:
                text = expressions.cast_to_text(text)
            return compile_matching(condition, text)
        case Resembles():
            return compile_resembling(condition, row.column(condition.column.name))
        case KeyRange():
            return compile_range(condition, row.column(condition.column.name))
        case IsNull():
            return expressions.is_null(row.column(condition.column.name), negated=condition.negated)
        case IsEmpty():
            return expressions.is_empty(row.column(condition.column.name), negated=condition.negated)
        case JsonTest():
            return compile_json_test(condition, row)
        case Searches():
            return expressions.searches(row.column(condition.column.name), expressions.parameter(condition.query))
        case _:
            assert_never(condition)


def _compile_right(condition: Compare, row: RowReference) -> Expression:
    match condition.right:
        case Column():
            return row.column(condition.right.name)
        case Moment():
            return compile_moment(condition.right)
        case Parameter():
            return compile_operand_parameter(condition.left, condition.right)


def _compile_relation(
    condition: Related | HasRelated | HasLinked,
    row: RowReference,
    draft: StatementDraft,
    *,
    negated: bool,
    search: Search,
) -> Expression:
    match condition:
        case Related() if negated:
            return _compile_answer(condition, row, draft, search)
        case Related(hop=hop):
            wanted = And(terms=(hop.condition, condition.condition))
            step = _Step(table=hop.table, far=hop.key, near=hop.column, condition=wanted)
            if condition.finding is Finding.GATHERED and search is Search.PLANNED:
                return _compile_gathered(step, row, draft)
            return _compile_exists(step, row, draft, search)
        case HasRelated(hop=hop):
            step = _Step(table=hop.table, far=hop.key, near=hop.column, condition=hop.condition)
            return _compile_exists(step, row, draft, search, negated=condition.negated)
        case HasLinked(link=link):
            wanted = And(terms=(condition.live, condition.condition))
            step = _Step(table=condition.table, far=link.column, near=link.key, condition=wanted)
            if condition.finding is Finding.GATHERED and search is Search.PLANNED:
                return _compile_gathered(step, row, draft)
            return _compile_exists(step, row, draft, search, negated=condition.negated, are_many=True)
        case _:
            assert_never(condition)


@frozen
class _Step:
    """The rows of `table` whose `far` equals `near` of the row at hand and that fulfil `condition`."""

    table: Table
    far: Column
    near: Column
    condition: Condition

    def read(self, draft: StatementDraft, there: RowReference, selected: Expression, *conditions: Expression) -> Query:
        """Return the query of these rows, short of how they are tied to the row at hand."""
        source = row_source(self.table, there.alias, draft)
        return Query().from_(source).select(selected).only(expressions.all_of(conditions))


def _compile_exists(
    step: _Step,
    row: RowReference,
    draft: StatementDraft,
    search: Search,
    *,
    negated: bool = False,
    are_many: bool = False,
) -> Expression:
    there = RowReference(alias=draft.alias())
    tie = expressions.equal(there.column(step.far.name), row.column(step.near.name))
    if are_many and search is Search.SAMPLED and not negated and linked_depth(step.condition):
        first = step.read(draft, there, expressions.whole_row(there.alias), tie).limit(FAN_OUT)
        there = RowReference(alias=draft.alias())
        source = query_source(first.text(), there.alias)
        query = Query().from_(source).select(expressions.ONE)
        query.only(compile_condition(step.condition, there, draft, search=search))
    else:
        query = step.read(
            draft, there, expressions.ONE, tie, compile_condition(step.condition, there, draft, search=search)
        )
    if search is not Search.PLANNED:
        # With an OFFSET it becomes neither a join nor a hash of the whole table.
        query.offset(expressions.number(0))
    return expressions.exists(query, negated=negated)


def _compile_gathered(step: _Step, row: RowReference, draft: StatementDraft) -> Expression:
    """Return that the row's key is in the array of those that the related rows lead to, which is computed once.

    An index serves it also beside other conditions in an OR, where PostgreSQL would ask for each row by itself.
    """
    there = RowReference(alias=draft.alias())
    query = step.read(draft, there, there.column(step.far.name), compile_condition(step.condition, there, draft))
    return expressions.equal_to_any(row.column(step.near.name), expressions.array_from(query))


def compile_totals(
    condition: HasTotals, row: RowReference, draft: StatementDraft, *, search: Search = Search.PLANNED
) -> Expression:
    """Return the value of `having` over the measures; never a semi-join, which would lose the rows without any."""
    there = RowReference(alias=draft.alias())
    wanted = And(terms=(condition.live, condition.condition))
    tie = expressions.equal(there.column(condition.link.column.name), row.column(condition.link.key.name))
    query = read_measures(condition, there, draft)
    query.only(expressions.all_of((tie, compile_condition(wanted, there, draft, search=search))))
    totals = RowReference(alias=draft.alias())
    having = compile_condition(condition.having, totals, draft)
    return expressions.scalar(Query().from_(query_source(query.text(), totals.alias)).select(having))


def read_measures(condition: HasTotals, there: RowReference, draft: StatementDraft) -> Query:
    """Return the query of the measures over related rows, short of the condition on them."""
    query = Query().from_(row_source(condition.table, there.alias, draft))
    for index, measure in enumerate(condition.measures):
        query.select(expressions.named(compile_measure(measure, there), "m" + str(index)))
    return query


def _compile_answer(condition: Related, row: RowReference, draft: StatementDraft, search: Search) -> Expression:
    """Return the value of the condition over the related row, NULL if there is no such row."""
    there = RowReference(alias=draft.alias())
    wanted = compile_condition(condition.condition, there, draft, negated=True, search=search)
    arrived = compile_arrival(condition.hop, row, there, draft)
    answer = wanted if condition.hop.is_unique else aggregation.aggregate("bool_or", wanted)
    query = Query().from_(row_source(condition.hop.table, there.alias, draft))
    return expressions.scalar(query.select(answer).only(arrived))


def compile_arrival(hop: Hop, row: RowReference, there: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition that `there` is the row that the hop leads to from `row`."""
    step = expressions.equal(there.column(hop.key.name), row.column(hop.column.name))
    return expressions.all_of((step, compile_condition(hop.condition, there, draft)))
