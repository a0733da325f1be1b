"""The conditions of WHERE, in SQL's three-valued logic."""

from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query, table_source
from fieldstone.sql.plan.elements import (
    Among,
    And,
    Column,
    Compare,
    Condition,
    HasRelated,
    Hop,
    IsEmpty,
    IsNull,
    Matches,
    Not,
    Operand,
    Or,
    Parameter,
    Ranked,
    Related,
    Searches,
)
from fieldstone.sql.types import SqlType


def compile_operand(operand: Operand, row: RowReference) -> Expression:
    """Return the operand's value in the row."""
    match operand:
        case Column():
            return row.column(operand.name)
        case Ranked():
            return rank(operand, row.column(operand.column.name))
        case _:
            assert_never(operand)


def compile_operand_parameter(operand: Operand, parameter: Parameter) -> Expression:
    """Return the parameter as a value to compare the operand with: ranked where the operand is."""
    value = expressions.parameter(parameter)
    return rank(operand, value) if isinstance(operand, Ranked) else value


def rank(operand: Ranked, value: Expression) -> Expression:
    """Return the position of the text among the operand's values."""
    values = expressions.texts(operand.values)
    if operand.column.type is SqlType.TEXT_ARRAY:
        return expressions.positions(values, value)
    return expressions.call("array_position", values, value)


def compile_condition(
    condition: Condition, row: RowReference, draft: StatementDraft, *, negated: bool = False
) -> Expression:
    """Return the condition over the row.

    `negated` says that the condition stands below an odd number of NOTs. Only there does it matter whether a missing
    related row makes it unknown or false: elsewhere three-valued logic is monotone, so that false in the place of
    unknown never changes the rows that a WHERE keeps.
    """
    match condition:
        case And():
            return expressions.all_of(
                [compile_condition(term, row, draft, negated=negated) for term in condition.terms]
            )
        case Or():
            return expressions.any_of(
                [compile_condition(term, row, draft, negated=negated) for term in condition.terms]
            )
        case Not(term=Not(term=term)):
            return compile_condition(term, row, draft, negated=negated)
        case Not():
            return expressions.negation(compile_condition(condition.term, row, draft, negated=not negated))
        case Related():
            return _compile_related(condition, row, draft, negated=negated)
        case HasRelated():
            return expressions.exists(_across(condition.hop, row, draft), negated=condition.negated)
        case _:
            return _compile_test(condition, row)


def crosses(condition: Condition) -> bool:
    """Return whether the condition depends on related rows."""
    match condition:
        case And() | Or():
            return any(map(crosses, condition.terms))
        case Not():
            return crosses(condition.term)
        case _:
            return isinstance(condition, Related | HasRelated)


def _compile_test(condition: Compare | Among | Matches | IsNull | IsEmpty | Searches, row: RowReference) -> Expression:
    match condition:
        case Compare():
            left = compile_operand(condition.left, row)
            right = (
                row.column(condition.right.name)
                if isinstance(condition.right, Column)
                else compile_operand_parameter(condition.left, condition.right)
            )
            return expressions.compare(left, condition.comparison, right)
        case Among():
            among = expressions.unlike_all if condition.negated else expressions.equal_to_any
            return among(row.column(condition.column.name), expressions.parameter(condition.values))
        case Matches():
            text = row.column(condition.column.name)
            if condition.column.type is not SqlType.TEXT:
                text = expressions.cast_to_text(text)
            pattern = expressions.parameter(condition.pattern)
            return expressions.matches(text, pattern, case_sensitive=condition.case_sensitive)
        case IsNull():
            return expressions.is_null(row.column(condition.column.name), negated=condition.negated)
        case IsEmpty():
            return expressions.is_empty(row.column(condition.column.name), negated=condition.negated)
        case Searches():
            return expressions.searches(row.column(condition.column.name), expressions.parameter(condition.query))
        case _:
            assert_never(condition)


def _compile_related(condition: Related, row: RowReference, draft: StatementDraft, *, negated: bool) -> Expression:
    alias = draft.alias()
    there = RowReference(alias=alias)
    wanted = compile_condition(condition.condition, there, draft, negated=negated)
    arrived = compile_arrival(condition.hop, row, there, draft)
    query = Query().from_(table_source(condition.hop.table, alias))
    if negated:
        answer = wanted if condition.hop.is_unique else expressions.aggregate("bool_or", wanted)
        return expressions.scalar(query.select(answer).only(arrived))
    return expressions.exists(query.select(expressions.ONE).only(expressions.all_of((arrived, wanted))))


def _across(hop: Hop, row: RowReference, draft: StatementDraft) -> Query:
    alias = draft.alias()
    arrived = compile_arrival(hop, row, RowReference(alias=alias), draft)
    return Query().from_(table_source(hop.table, alias)).select(expressions.ONE).only(arrived)


def compile_arrival(hop: Hop, row: RowReference, there: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition that `there` is the row that the hop leads to from `row`."""
    step = expressions.equal(there.column(hop.key.name), row.column(hop.column.name))
    return expressions.all_of((step, compile_condition(hop.condition, there, draft)))
