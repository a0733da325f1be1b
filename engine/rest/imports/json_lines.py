"""The rows of a file of JSON Lines: https://jsonlines.org."""

from collections.abc import Callable

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.rest.imports.rows import Decode, Row, refuse_longer
from fieldstone.metadata.json_text import JsonValue

Prepare = Callable[[dict[str, JsonValue]], dict[str, JsonValue]]
"""Returns the data that a record is written by; raises ApiError."""


class JsonLines:
    """Reads JSON Lines.

    Args:
        decode: reads one line.
        prepare: makes the data of the record in it.
        most: characters of a line.
    """

    def __init__(self, decode: Decode, prepare: Prepare, most: int) -> None:
        self._decode = decode
        self._prepare = prepare
        self._most = most
        self._rest = ""
        self._line = self._number = 0

    def read(self, text: str, *, is_end: bool) -> list[Row]:
        """Return the rows that end in a piece of the text, as `Reader` says."""
        lines = (self._rest + text).split("\n")
        self._rest = "" if is_end else lines.pop()
        found = []
        for line in lines:
            self._line += 1
            if line and not line.isspace():
                refuse_longer(len(line), self._most, self._line)
                self._number += 1
                found.append(self._row(line))
        refuse_longer(len(self._rest), self._most, self._line + 1)
        return found

    def _row(self, line: str) -> Row:
        try:
            value = self._decode(line)
            if not isinstance(value, dict):
                raise BadUserInput("The line must be a JSON object.")
            return Row(self._number, self._line, self._prepare(value), len(line), text=line)
        except ApiError as error:
            return Row(self._number, self._line, {}, len(line), error, line)
