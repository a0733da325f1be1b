"""The PostgreSQL column types that Fieldstone creates, and how their values become JSON text."""

from enum import Enum
from typing import Final

DIGITS: Final = 1_000
"""The digits that a decimal number may have, before and behind the point together."""


class SqlType(Enum):
    """A column type; the value is its SQL spelling."""

    UUID = "uuid"
    TEXT = "text"
    INTEGER = "integer"
    BIGINT = "bigint"
    DOUBLE = "double precision"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    JSONB = "jsonb"
    TEXT_ARRAY = "text[]"
    TSVECTOR = "tsvector"


class Encoding(Enum):
    """How a value is written into the response's JSON text; NULL is always written as null."""

    STRING = "string"
    """Any text: escaped and quoted."""
    QUOTED = "quoted"
    """A value whose text needs no escaping (a UUID, a 64-bit integer, a date): quoted."""
    BARE = "bare"
    """A number or a boolean: its text as it is."""
    TRIMMED = "trimmed"
    """A computed numeric as a JSON number, without trailing zeros."""
    QUOTED_TRIMMED = "quoted trimmed"
    """A computed numeric as a string, without trailing zeros."""
    INSTANT = "instant"
    """A point in time: ISO 8601 in UTC with Z, fractional seconds only where there are any."""
    JSON = "json"
    """A jsonb value: its text as it is."""
    ARRAY = "array"
    """A text[]: a JSON list of strings."""
