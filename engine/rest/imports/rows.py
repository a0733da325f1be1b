"""The rows of a file: each the data of one record, or the reason for which it is none."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fieldstone.engine.client_json import decode_json_text
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.metadata.json_text import JsonValue

Decode = Callable[[str], JsonValue]
"""Returns the value of JSON text; raises ApiError."""


class Row(NamedTuple):
    """A row of a file.

    Attributes:
        number: its place among the records of the file, from 1.
        line: the line of the file that it begins in, from 1.
        data: of its record, as a create takes it.
        size: characters of its text.
        error: the reason for which it is no record.
        text: that of the record, as the file has it.
    """

    number: int
    line: int
    data: dict[str, JsonValue]
    size: int
    error: ApiError | None = None
    text: str = ""


def decode_record(text: str) -> JsonValue:
    """Return the value of JSON text in a file; raises ApiError."""
    return decode_json_text(text, name="The text")


class Reader(Protocol):
    """Reads the rows of a file from its pieces."""

    def read(self, text: str, *, is_end: bool) -> list[Row]:
        """Return the rows that end in a piece of the text; the rest is kept until the next piece.

        Raises:
            ApiError: no row can be read from here on.
        """


def refuse_longer(size: int, most: int, line: int) -> None:
    """Raise BadUserInput if the text of one record, of `size` characters, has more than `most`."""
    if size > most:
        raise BadUserInput(
            f"The record in line {line} has more than {most:,} characters, which is the limit of one record"
            " (FIELDSTONE_MAX_BODY_BYTES)."
        )
