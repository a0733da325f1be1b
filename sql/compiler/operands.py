"""Operands: the values of a row that are compared, ordered and aggregated."""

from dataclasses import replace
from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.json_paths import compile_at_path
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.compiler.terms import Expression
from fieldstone.sql.compiler.text_keys import computed_once, text_key
from fieldstone.sql.plan.operands import AtPath, Column, Operand, Parameter, Ranked, Sorted
from fieldstone.sql.types import SqlType


def compile_operand(operand: Operand, row: RowReference) -> Expression:
    """Return the operand's value in the row."""
    match operand:
        case Column():
            return row.column(operand.name)
        case Ranked():
            return rank(operand, row.column(operand.column.name))
        case Sorted():
            return text_key(row.column(operand.column.name))
        case AtPath():
            return compile_at_path(operand, row.column(operand.column.name))
        case _:
            assert_never(operand)


def compile_operand_parameter(operand: Operand, parameter: Parameter) -> Expression:
    """Return the parameter as a value to compare the operand with: ranked, or a key, where the operand is."""
    match operand:
        case Column() | AtPath():
            return expressions.parameter(parameter)
        case Ranked():
            return rank(operand, expressions.parameter(parameter))
        case Sorted():
            return computed_once(text_key(expressions.parameter(replace(parameter, unplanned=False))))
        case _:
            assert_never(operand)


def rank(operand: Ranked, value: Expression) -> Expression:
    """Return the position of the text among the operand's values."""
    values = expressions.texts(operand.values)
    if operand.column.type is SqlType.TEXT_ARRAY:
        return expressions.positions(values, value)
    return expressions.call("array_position", values, value)
