"""Changes of a column's value by the value before, and the rows whose numbers they would drive out of range."""

from collections.abc import Sequence
from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.elements import Assignment, Change, ChangeKind, Now, Null
from fieldstone.sql.types import DIGITS, SqlType

_LARGEST = {
    SqlType.INTEGER: (1 << 31) - 1,
    SqlType.BIGINT: (1 << 63) - 1,
    SqlType.DOUBLE: int(1.7976931348623157e308),
}
_SMALLEST = {
    SqlType.INTEGER: -(1 << 31),
    SqlType.BIGINT: -(1 << 63),
    SqlType.DOUBLE: -int(1.7976931348623157e308),
}
"""The ends of the types' ranges; that of a numeric is `DIGITS`."""


def assigned_value(assignment: Assignment, row: RowReference | None = None) -> Expression:
    """Return the value of an assignment; a change is one of the row's value."""
    match assignment.value:
        case Parameter():
            return expressions.parameter(assignment.value)
        case Now():
            return expressions.NOW
        case Null():
            return expressions.NULL
        case Change() if row is not None:
            return changed_value(assignment.value, row.column(assignment.column.name))
        case Change():
            raise TypeError("only an update changes values by the values before")
        case _:
            assert_never(assignment.value)


def changed_value(change: Change, value: Expression) -> Expression:
    """Return a column's value after a change."""
    operand = expressions.parameter(change.operand)
    match change.kind:
        case ChangeKind.ADD:
            return expressions.plus(value, operand)
        case ChangeKind.APPEND:
            return expressions.concatenation((expressions.coalesce(value, expressions.NO_TEXTS), operand))
        case ChangeKind.APPEND_NEW:
            there = expressions.coalesce(value, expressions.NO_TEXTS)
            return expressions.concatenation((there, expressions.items_without(operand, there)))
        case ChangeKind.REMOVE:
            rest = expressions.items_without(value, operand)
            return expressions.case([(expressions.is_null(value, negated=True), rest)])
        case ChangeKind.SET_PATHS:
            return expressions.call("fieldstone.set_paths", value, operand)
        case ChangeKind.DELETE_PATHS:
            return expressions.call("fieldstone.delete_paths", value, operand)


def out_of_range(assignments: Sequence[Assignment], key: Column, draft: StatementDraft) -> list[Query]:
    """Return for each addition the problem of the first locked row whose sum is out of the column's range."""
    found: list[Query] = []
    for index, assignment in enumerate(assignments):
        kind, change = assignment.column.type, assignment.value
        if not isinstance(change, Change) or change.kind is not ChangeKind.ADD:
            continue
        locked = FromItem("locked", draft.alias())
        value = expressions.as_decimal(expressions.column(locked.alias, assignment.column.name))
        total = expressions.plus(value, expressions.as_decimal(expressions.parameter(change.operand)))
        beyond = _has_more_digits(total) if kind is SqlType.NUMERIC else _is_beyond(total, kind)
        identifier = expressions.column(locked.alias, key.name)
        details = expressions.json_list(expressions.number(index), identifier)
        text = expressions.concatenation(
            (expressions.text_literal(Problem.OUT_OF_RANGE.value + ":"), expressions.cast_to_text(details))
        )
        found.append(Query().from_(locked).select(text).only(beyond).order(identifier).limit(1))
    return found


def _is_beyond(total: Expression, kind: SqlType) -> Expression:
    return expressions.any_of(
        [
            expressions.compare(total, Comparison.GT, expressions.number(_LARGEST[kind])),
            expressions.compare(total, Comparison.LT, expressions.number(_SMALLEST[kind])),
        ]
    )


def _has_more_digits(total: Expression) -> Expression:
    """Return whether a number has more digits than the API takes: the zeros before the first other one do not count."""
    text = expressions.call("ltrim", expressions.cast_to_text(total), expressions.text_literal("-0."))
    digits = expressions.call("replace", text, expressions.text_literal("."), expressions.text_literal(""))
    return expressions.compare(expressions.call("length", digits), Comparison.GT, expressions.number(DIGITS))
