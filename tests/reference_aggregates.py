"""The oracle's aggregates: computed from rows in memory with exact decimal numbers."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Part
from tests.reference_values import Rounded, Row, sort_value, write_value

_PRECISION = 2_000

COUNTS = ("countDistinct", "countEmpty", "countNotEmpty", "countTrue", "countFalse")
PERCENTAGES = ("percentEmpty", "percentNotEmpty")
NUMBERS = ("sum", "avg", "min", "max", "stddev", "variance", "median")


def aggregate(object_: Object, rows: Sequence[Row]) -> dict[str, Callable[..., Any]]:
    """The functions that answer each field of an object's aggregate over these rows."""
    found: dict[str, Callable[..., Any]] = {"count": _constant(len(rows))}
    for function in (*COUNTS, *PERCENTAGES, *NUMBERS):
        found[function] = partial(_members, function, object_, rows)
    return found


def _members(function: str, object_: Object, rows: Sequence[Row]) -> dict[str, Callable[..., Any]]:
    return {
        f"{name}Id" if field.relation_id else name: _member(function, field, rows)
        for name, field in object_.by_name.items()
        if field.parts
    }


def _member(function: str, field: Field, rows: Sequence[Row]) -> Callable[..., Any]:
    if field.is_composite:
        return _constant({part.name: _computed(function, field, part, rows) for part in field.parts})
    return _computed(function, field, field.parts[0], rows)


def _constant(value: Any) -> Callable[..., Any]:
    return lambda: value


def _computed(function: str, field: Field, part: Part, rows: Sequence[Row]) -> Callable[..., Any]:
    return lambda: compute(function, field, part, [row[part.column.name] for row in rows])


def compute(function: str, field: Field, part: Part, values: Sequence[Any]) -> Any:
    """An aggregate of a column's values, NULLs among them, as the API shows it."""
    found = compute_raw(function, field, part, values)
    if found is None or function in COUNTS:
        return found
    if function in {"min", "max"} or isinstance(found, date):
        return write_value(part, found)
    total = part.scalar.total
    if function in PERCENTAGES or field.type is FieldType.RATING or (total is not None and total.name == "Float"):
        return float(found)
    return format(found.normalize(), "f") if function in {"sum", "median"} else Rounded(found)


def compute_raw(function: str, field: Field, part: Part, values: Sequence[Any]) -> Any:
    """An aggregate of a column's values, NULLs among them, to compare it with."""
    empty = sum(map(_is_empty, values))
    present = [value for value in values if value is not None]
    match function:
        case "countDistinct":
            return len({_identity(value) for value in present})
        case "countEmpty":
            return empty
        case "countNotEmpty":
            return len(values) - empty
        case "percentEmpty" | "percentNotEmpty":
            counted = empty if function == "percentEmpty" else len(values) - empty
            return Decimal(100 * counted) / len(values) if values else None
        case "countTrue":
            return sum(value is True for value in present)
        case "countFalse":
            return sum(value is False for value in present)
        case "min" | "max":
            known = [value for value in present if sort_value(part, value) is not None]
            if not known:
                return None
            # The keys of texts have their beginnings alone.
            pick = min if function == "min" else max
            return pick(known, key=lambda one: (sort_value(part, one), one))
        case "median" if present and isinstance(present[0], date):
            return sorted(present)[(len(present) - 1) // 2]
    return _number(function, field, part, present)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _identity(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, sort_keys=True)
    # To Python 1 is true.
    return isinstance(value, bool), value


def _number(function: str, field: Field, part: Part, present: Sequence[Any]) -> Decimal | None:
    is_rating = field.type is FieldType.RATING
    ranks = [1 + sort_value(part, value) for value in present] if is_rating else present
    with localcontext() as context:
        context.prec = _PRECISION
        numbers = [Decimal(str(value)) if isinstance(value, float) else Decimal(value) for value in ranks]
        return _compute(function, numbers)


def _compute(function: str, numbers: list[Decimal]) -> Decimal | None:
    count = len(numbers)
    if not count or (count == 1 and function in {"stddev", "variance"}):
        return None
    total = sum(numbers, start=Decimal(0))
    match function:
        case "sum":
            return total
        case "avg":
            return total / count
        case "median":
            numbers.sort()
            return (numbers[(count - 1) // 2] + numbers[count // 2]) / 2
    mean = total / count
    variance = sum(((number - mean) ** 2 for number in numbers), start=Decimal(0)) / (count - 1)
    return variance if function == "variance" else variance.sqrt()
