"""The answer to an operation, as JSON text."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Self

from fieldstone.engine.errors import ApiError
from fieldstone.engine.introspection.deflated import DeflatedText
from fieldstone.metadata.json_text import dumps
from fieldstone.sql.statement import Row


class Explain(Enum):
    """The explanation that an answer has in its extensions."""

    NOT = "none"
    FULLY = "stages, statements and plans"
    REFUSED = "a hint that explanations are for development"


class Answer(NamedTuple):
    """A response: its body is JSON text.

    Attributes:
        status: 200 where the operation was executed, else the HTTP status of its error.
        errors: those that the body lists.
    """

    body: bytes
    status: int
    errors: tuple[ApiError, ...] = ()

    @property
    def held(self) -> int:
        """The bytes that it takes in memory."""
        return len(self.body)


SHARED_TEXT_RATIO = 4
"""How many times larger than another answer a `SchemaAnswer` may be: all requests share its compressed text, and it is
sent piece by piece. A thousand objects of twenty fields are described by some 120 MB."""


class SchemaAnswer(Answer):
    """The schema, which may be megabytes: its text is kept compressed, and is whole only in `body`."""

    text: DeflatedText

    def __new__(cls, text: DeflatedText) -> Self:
        """Return the answer that has this text."""
        made = super().__new__(cls, b"", 200)
        made.text = text
        return made

    @property
    def body(self) -> bytes:
        """The whole text."""
        return bytes(self.text)

    @property
    def held(self) -> int:
        """None beside the text, which all requests share."""
        return 0


def executed(data: bytes, errors: Sequence[ApiError] = (), *, extensions: bytes = b"") -> Answer:
    """Return the answer of an operation that was executed, with the members of its extensions where there are some."""
    tail = b',"extensions":{%b}}' % extensions if extensions else b"}"
    if not errors:
        return Answer(body=b'{"data":' + data + tail, status=200)
    listed = dumps([error.formatted() for error in errors]).encode("utf-8", "replace")
    return Answer(body=b'{"errors":' + listed + b',"data":' + data + tail, status=200, errors=tuple(errors))


def text_of(row: Row) -> bytes:
    """Return the data that the row of a query's statement is, as JSON text."""
    return row[0] or b"null"


def data_body(data: bytes) -> bytes:
    """Return the body of the answer of an operation in which nothing failed."""
    return b'{"data":' + data + b"}"


def refusal(errors: Sequence[ApiError]) -> Answer:
    """Return the answer of an operation that failed: with `data: null` where it is a field that failed."""
    listed = [error.formatted() for error in errors]
    if any(error.path is not None for error in errors):
        status = errors[0].status if errors[0].status == 503 else 200
        body = dumps({"errors": listed, "data": None}).encode("utf-8", "replace")
        return Answer(body=body, status=status, errors=tuple(errors))
    body = dumps({"errors": listed}).encode("utf-8", "replace")
    return Answer(body=body, status=errors[0].status, errors=tuple(errors))
