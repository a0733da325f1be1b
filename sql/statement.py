"""A statement: SQL text with numbered parameters, as a server prepares it."""

from collections.abc import Sequence
from dataclasses import field, replace
from hashlib import blake2b
from typing import Self

from fieldstone.sql.errors import ValueOutOfRange
from fieldstone.sql.frozen import frozen

Parameters = Sequence[bytes | None]
"""The values of $1..$n as UTF-8 text in PostgreSQL's input format, None for NULL."""

Row = tuple[bytes | None, ...]
"""One row of an answer: its columns as UTF-8 text in PostgreSQL's output format, None for NULL."""


@frozen
class Statement:
    """SQL text that names its parameters $1..$n and casts each of them, so that all travel as untyped text.

    Attributes:
        text: the SQL.
        counted: the leading columns whose bytes count for the limit of an answer; None: all.
        sql: the same in UTF-8.
        name: the prepared statement's name on every connection; equal texts have equal names.
    """

    text: str
    counted: int | None = None
    sql: bytes = field(init=False, repr=False, compare=False)
    name: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sql = self.text.encode()
        object.__setattr__(self, "sql", sql)
        object.__setattr__(self, "name", b"fs_" + blake2b(sql, digest_size=16).hexdigest().encode())

    def unlimited(self) -> Self:
        """Return the statement with an answer of any size: it bounds its rows itself, or has a single one."""
        return replace(self, counted=0)


Step = tuple[Statement, Parameters]
"""A statement with its parameters' values."""


def refuse_nul(parameters: Parameters) -> None:
    """Refuse values with a zero byte, at which libpq would silently cut them.

    Raises:
        ValueOutOfRange: A value has a zero byte, which no PostgreSQL type can hold as text.
    """
    for value in parameters:
        # A number is looked for ten times as fast as a text of one byte.
        if value is not None and 0 in value:
            raise ValueOutOfRange("a text value may not hold a NUL character", sqlstate="22021")


def array_text(items: Sequence[str | None]) -> str:
    """Return PostgreSQL's text of an array of texts; None is NULL."""
    quoted = ["NULL" if item is None else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + ",".join(quoted) + "}"
