"""The scalar types: one entry each with its column type, its JSON encoding, and how a client's value is read.

A coerced value is the *value of a column*: the text that PostgreSQL reads; for a list a list of such texts; for JSON
the JSON value itself.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue, unstorable
from fieldstone.sql.frozen import frozen
from fieldstone.sql.types import DIGITS, Encoding, SqlType

ColumnValue = Any
"""A str; for a list a list of str; for JSON any JSON value."""

# With IGNORECASE it would take four times as long.
UUID_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@frozen
class Scalar:
    """A scalar type of the API.

    Attributes:
        coerce: a client's JSON value to a column's; raises InvalidValue ("must be ...").
        total: the scalar of `sum` and `avg`, None where there is none.
        extremes: whether `min` and `max` exist.
        element: for a list, the scalar of its items, whose name it shares; a list's value is a list of its items'.
        specification: the address of the text that says how its values are written; None for GraphQL's own.
    """

    name: str
    description: str
    sql_type: SqlType
    encoding: Encoding
    coerce: Callable[[JsonValue], ColumnValue]
    total: "Scalar | None" = None
    extremes: bool = False
    element: "Scalar | None" = None
    specification: str | None = None

    @property
    def filter_name(self) -> str:
        """The name of the filter input of its columns."""
        return f"{self.name}{'List' if self.element else ''}Filter"

    @property
    def is_comparable(self) -> bool:
        """Whether records can be ordered and grouped by its columns: by any but JSON and search vectors."""
        return self.sql_type not in {SqlType.JSONB, SqlType.TSVECTOR}


def _uuid(value: JsonValue) -> ColumnValue:
    if isinstance(value, str) and UUID_FORM.fullmatch(value):
        return value.lower()
    raise InvalidValue(f"must be a UUID such as 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e, not {shown(value)}")


def _text(value: JsonValue) -> ColumnValue:
    if not isinstance(value, str):
        raise InvalidValue(f"must be text, not {shown(value)}")
    if reason := unstorable(value):
        raise InvalidValue(reason)
    return value


def _boolean(value: JsonValue) -> ColumnValue:
    if isinstance(value, bool):
        return "true" if value else "false"
    raise InvalidValue(f"must be true or false, not {shown(value)}")


def _whole_number(value: JsonValue, bits: int, *, text: bool) -> ColumnValue:
    number = _number(value, text=text)
    limit = 1 << (bits - 1)
    if number != number.to_integral_value() or not -limit <= number < limit:
        raise InvalidValue(f"must be a whole number from {-limit} to {limit - 1}, not {shown(value)}")
    return str(int(number))


def _decimal(value: JsonValue, *, text: bool) -> ColumnValue:
    return format(_number(value, text=text), "f")


def _double(value: JsonValue) -> ColumnValue:
    number = float(_number(value, text=False))
    if math.isinf(number):
        raise InvalidValue(f"must be a number of at most 1.8e308, not {shown(value)}")
    return repr(number)


def _number(value: JsonValue, *, text: bool) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | (str if text else int)):
        raise InvalidValue(f"must be a number, not {shown(value)}")
    # Python also takes 1_000, and the digits of other scripts.
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise InvalidValue(f"must be a number, not {shown(value)}")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        raise InvalidValue(f"must be a number, not {shown(value)}") from None
    if not number.is_finite():
        raise InvalidValue(f"must be a finite number, not {shown(value)}")
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) + max(exponent, 0) > DIGITS or -exponent > DIGITS:
        raise InvalidValue(f"must have at most {DIGITS} digits before and behind the point")
    return number


def _date(value: JsonValue) -> ColumnValue:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise InvalidValue(f"must be a date such as 2024-01-31, not {shown(value)}")


def _instant(value: JsonValue) -> ColumnValue:
    """A time without an offset is UTC; digits behind the microsecond are refused rather than lost."""
    example = "must be a date and time such as 2024-01-31T09:30:00Z"
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(f"{example}, not {shown(value)}")
    day, time, offset = found.groups()
    if time and len(time.partition(".")[2].rstrip("0")) > 6:
        raise InvalidValue(f"must not be finer than a microsecond, not {shown(value)}")
    if time and "." in time:
        whole, _, fraction = time.partition(".")
        time = f"{whole}.{fraction[:6]:0<6}"
    try:
        instant = datetime.fromisoformat(f"{day}T{time or '00:00'}{(offset or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(f"{example}, not {shown(value)}") from None
    return instant.isoformat()


def _json(value: JsonValue) -> ColumnValue:
    pending = [value]
    while pending:
        part = pending.pop()
        match part:
            case str():
                _text(part)
            case dict():
                pending += part.keys()
                pending += part.values()
            case list():
                pending += part
            case Decimal():
                _number(part, text=False)
    return value


def _texts(value: JsonValue) -> ColumnValue:
    items = value if isinstance(value, list | tuple) else [value]
    if None in items:
        raise InvalidValue("must not have null in its list")
    return [_text(item) for item in items]


def _never(value: JsonValue) -> ColumnValue:
    raise InvalidValue(f"is computed and cannot be given, not even as {shown(value)}")


def shown(value: JsonValue) -> str:
    """Return a client's value as an error message may quote it: short, and all of it printable."""
    match value:
        case None | bool():
            text = {None: "null", True: "true", False: "false"}[value]
        case str():
            text = f'"{value}"'
        case list():
            text = "a list"
        case dict():
            text = "an object"
        case _:
            text = str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _scalar(
    name: str,
    description: str,
    sql_type: SqlType,
    encoding: Encoding,
    coerce: Callable[[JsonValue], ColumnValue],
    **more: Any,
) -> Scalar:
    return Scalar(name=name, description=description, sql_type=sql_type, encoding=encoding, coerce=coerce, **more)


_POSTGRESQL = "https://www.postgresql.org/docs/current"
_NUMERIC = f"{_POSTGRESQL}/datatype-numeric.html#DATATYPE-NUMERIC-DECIMAL"
_INTERNET_TIME = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"

# One row a scalar.
# fmt: off
TOTAL = _scalar("Float", "A computed number.", SqlType.NUMERIC, Encoding.TRIMMED,
    lambda value: _decimal(value, text=False))
BIG_TOTAL = _scalar("BigFloat", "A computed number of any precision, as a string.", SqlType.NUMERIC,
    Encoding.QUOTED_TRIMMED, lambda value: _decimal(value, text=True), specification=_NUMERIC)
UUID = _scalar("UUID", "A UUID, in lower case.", SqlType.UUID, Encoding.QUOTED, _uuid,
    specification="https://www.rfc-editor.org/rfc/rfc9562#section-4")
STRING = _scalar("String", "Text.", SqlType.TEXT, Encoding.STRING, _text, extremes=True)
STRING_LIST = _scalar("String", "A list of text.", SqlType.TEXT_ARRAY, Encoding.ARRAY, _texts, element=STRING)
TS_VECTOR = _scalar("TSVector",
    "The lexemes of a record with their positions, in the notation of PostgreSQL's text search.",
    SqlType.TSVECTOR, Encoding.STRING, _never, specification=f"{_POSTGRESQL}/datatype-textsearch.html")
BOOLEAN = _scalar("Boolean", "true or false.", SqlType.BOOLEAN, Encoding.BARE, _boolean)
DECIMAL = _scalar("Float", "A decimal number; all its digits are kept.", SqlType.NUMERIC, Encoding.BARE,
    lambda value: _decimal(value, text=False), total=TOTAL, extremes=True)
BIG_FLOAT = _scalar("BigFloat", "A decimal number of any precision, as a string; accepts numbers and strings.",
    SqlType.NUMERIC, Encoding.QUOTED, lambda value: _decimal(value, text=True), total=BIG_TOTAL, extremes=True,
    specification=_NUMERIC)
DOUBLE = _scalar("Float", "A double-precision number.", SqlType.DOUBLE, Encoding.BARE, _double, total=TOTAL,
    extremes=True)
INT = _scalar("Int", "A whole number of 32 bits.", SqlType.INTEGER, Encoding.BARE,
    lambda value: _whole_number(value, 32, text=False), total=TOTAL, extremes=True)
BIG_INT = _scalar("BigInt", "A whole number of 64 bits, as a string; accepts numbers and strings.", SqlType.BIGINT,
    Encoding.QUOTED, lambda value: _whole_number(value, 64, text=True), total=BIG_TOTAL, extremes=True,
    specification=f"{_POSTGRESQL}/datatype-numeric.html#DATATYPE-INT")
DATE = _scalar("Date", "A date, ISO 8601: 2024-01-31.", SqlType.DATE, Encoding.QUOTED, _date, extremes=True,
    specification=_INTERNET_TIME)
DATE_TIME = _scalar("DateTime",
    "A point in time, ISO 8601 in UTC: 2024-01-31T09:30:00Z. Input without an offset is UTC.",
    SqlType.TIMESTAMP, Encoding.INSTANT, _instant, extremes=True, specification=_INTERNET_TIME)
JSON = _scalar("JSON", "Any JSON value.", SqlType.JSONB, Encoding.JSON, _json,
    specification="https://www.rfc-editor.org/rfc/rfc8259")
# fmt: on


def show_time(time: datetime) -> str:
    """Return a time as answers that Python writes show it: in UTC, with a Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
