"""Aggregates as SQL: a measure's value over the rows at hand, and its JSON text."""

from collections.abc import Iterable
from typing import TypeGuard, assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.measures import compile_measure
from fieldstone.sql.compiler.output import TextPiece, encode_value, object_pieces
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.plan.aggregates import COUNTS, Computed, Count, Measure, measure_type
from fieldstone.sql.plan.operands import column_of
from fieldstone.sql.plan.outputs import AggregateRecord, Literal


def aggregate_pieces(record: AggregateRecord, row: RowReference) -> list[TextPiece]:
    """Return the JSON object of aggregates over all rows of the FROM clause that `row` stands for."""
    return object_pieces([(key, measure_pieces(measure, row)) for key, measure in record.entries])


def measure_pieces(measure: Measure | Literal | AggregateRecord, row: RowReference) -> list[TextPiece]:
    """Return the JSON text of one measure over all rows of the FROM clause."""
    match measure:
        case Literal():
            return [measure.text]
        case AggregateRecord():
            return aggregate_pieces(measure, row)
        case Count():
            return [expressions.cast_to_text(expressions.COUNT)]
        case Computed():
            kind = measure_type(measure)
            nullable = measure.function not in COUNTS
            return encode_value(compile_measure(measure, row), kind, measure.encoding, nullable=nullable)
        case _:
            assert_never(measure)


def is_measured(entry: object) -> TypeGuard[Measure | AggregateRecord]:
    """Return whether a part of the output is computed from rows: a record of aggregates may be of constants alone."""
    if isinstance(entry, AggregateRecord):
        return any(is_measured(inner) for _, inner in entry.entries)
    return isinstance(entry, Computed | Count)


def constant_pieces(record: AggregateRecord) -> list[TextPiece]:
    """Return the JSON object of a record that nothing is computed for."""
    return aggregate_pieces(record, RowReference(alias=""))


def measured_columns(measures: Iterable[Measure | Literal | AggregateRecord]) -> list[str]:
    """Return the columns that the measures read, in the order of their first use."""
    columns: dict[str, None] = {}
    for measure in measures:
        match measure:
            case AggregateRecord():
                columns.update(dict.fromkeys(measured_columns([inner for _, inner in measure.entries])))
            case Computed():
                columns.update(dict.fromkeys([column_of(operand).name for operand in measure.operands]))
            case Count() | Literal():
                pass
            case _:
                assert_never(measure)
    return list(columns)
