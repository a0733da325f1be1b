"""The oracle's filters and orders by aggregates: the values that an input names, over the rows of related records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.metadata import scalars
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType
from tests.reference_aggregates import compute_raw
from tests.reference_values import Row

_NUMBER = Part(
    name=None, description="", column=Column(name="", type=SqlType.NUMERIC), scalar=scalars.DECIMAL, operators=()
)


def totals(object_: Object, rows: Sequence[Row], given: Mapping[str, Any]) -> Iterator[tuple[Part, Any, Any]]:
    """Each aggregate that is named, as a part that says how it compares, with its value and its given operand."""
    for name, below in given.items():
        if name == "count":
            yield _NUMBER, len(rows), below
            continue
        for member, value in below.items():
            field = object_.foreign_keys.get(member) or object_.by_name[member]
            if field.is_composite:
                parts = {part.name: part for part in field.parts}
                for sub, inner in value.items():
                    yield _total(name, field, parts[sub], rows, inner)
            else:
                yield _total(name, field, field.parts[0], rows, value)


def _total(name: str, field: Field, part: Part, rows: Sequence[Row], given: Any) -> tuple[Part, Any, Any]:
    is_own = name in {"min", "max"} or (name == "median" and part.column.type in {SqlType.DATE, SqlType.TIMESTAMP})
    value = compute_raw(name, field, part, [row[part.column.name] for row in rows])
    return (part if is_own else _NUMBER), value, given
