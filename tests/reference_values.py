"""Values as the oracle writes them, and its agreement with the engine's answers.

Cursors are the reference's own, numbers are compared by their value, and rounded ones to twelve digits.
"""

import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from fieldstone.metadata.model import Part
from fieldstone.sql.types import SqlType
from tests.sql.text_functions import sort_key

Row = Mapping[str, Any]
Rows = Mapping[Any, Mapping[str, Row]]
"""The rows of each object by its id, by their own ids, keyed by physical column names."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number that PostgreSQL rounds, sent as a string."""

    value: Decimal


class NumberText(str):
    """The text of a number, which may be written in several ways."""

    __slots__ = ()


DIRECTIONS = {
    "ASC": (False, False),
    "DESC": (True, True),
    "AscNullsFirst": (False, True),
    "AscNullsLast": (False, False),
    "DescNullsFirst": (True, True),
    "DescNullsLast": (True, False),
}
"""The directions: whether each is descending, and whether NULLs come first."""


def refuse(message: str) -> GraphQLError:
    """The error of a value that is refused."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def sort_value(part: Part, value: Any) -> Any:
    """The key that a row's value is ordered by; None for NULL."""
    if value is None or part.options is None:
        return sort_key(value) if isinstance(value, str) and part.column.type is SqlType.TEXT else value
    if isinstance(value, list | tuple):
        return [part.options.index(item) for item in value]
    return part.options.index(value) if value in part.options else None


def encode_cursor(tag: str, key: str) -> str:
    """The reference's own cursor: it names the row."""
    return urlsafe_b64encode(json.dumps([tag, key]).encode()).decode()


def write_value(part: Part, value: Any) -> Any:
    """A row's value as the API shows it."""
    match value:
        case datetime():
            fraction = f".{value.microsecond:06}".rstrip("0").rstrip(".")
            return f"{value.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}Z"
        case date():
            return value.isoformat()
        case Decimal() if part.scalar.name == "BigFloat":
            return format(value, "f")
        case int() if part.column.type is SqlType.BIGINT:
            return str(value)
        case _:
            return value


def agree(actual: Any, expected: Any) -> bool:
    """Whether the engine's answer is the reference's: keys in the same order, any cursor for any other."""
    match expected:
        case dict():
            return (
                isinstance(actual, dict)
                and list(actual) == list(expected)
                and all(agree(actual[key], value) for key, value in expected.items())
            )
        case list():
            return (
                isinstance(actual, list)
                and len(actual) == len(expected)
                and all(agree(one, other) for one, other in zip(actual, expected, strict=True))
            )
        case bool() | None:
            return actual is expected
        case Rounded(value=value):
            return isinstance(actual, str) and math.isclose(float(actual), float(value), rel_tol=1e-12)
        case float():
            return not isinstance(actual, str | bool) and math.isclose(float(actual), expected, rel_tol=1e-12)
        case NumberText():
            return isinstance(actual, str) and math.isclose(float(actual), float(expected), rel_tol=1e-12)
        case str() if expected.startswith(_CURSOR_START):
            return isinstance(actual, str)
        case _:
            return type(actual) is not bool and bool(actual == expected)


_CURSOR_START = urlsafe_b64encode(b'["[\\').decode()[:4]
