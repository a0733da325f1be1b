"""Failed fields: the refusal of an argument becomes an error with its path in the answer, and nulls around it.

As the GraphQL specification has it (section 6.4.4): a field that fails is null, and where it must not be null, its
parent is, up to the nearest field that may be. In which records that is, is known only when the records are. So a
field that fails is answered by a mark, and the marks are replaced in the text that the database answers.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from fieldstone.engine.errors import ApiError
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.sql.plan.outputs import Literal

AnswerPath = tuple[str | int, ...]

MOST_ERRORS = 1_000
"""Errors reported for one operation; there may be more."""

_MARK = "\x00"
"""The beginning of a mark: a character that PostgreSQL's text cannot hold."""


@dataclass(slots=True, kw_only=True)
class Failures:
    """The fields of one query that fail.

    Attributes:
        errors: why they fail, each with the response keys that lead to its field.
        nullable: the response keys that lead to fields that may be null; none lead to the data as a whole.
    """

    errors: list[ApiError] = field(default_factory=list)
    nullable: set[AnswerPath] = field(default_factory=lambda: {()})

    def mark(self, error: ApiError, path: AnswerPath, locations: Sequence[tuple[int, int]]) -> Literal:
        """Return the mark in the answer of a field that fails; `path` has its response keys."""
        error.path = path
        error.locations = error.locations or locations
        self.errors.append(error)
        return Literal(text=dumps(f"{_MARK}{len(self.errors) - 1}"))


class _FieldFailed(Exception):
    """A field that must not be null has failed."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


def replace_marks(text: bytes, failures: Failures) -> tuple[bytes, Sequence[ApiError]]:
    """Return the data without marks, and an error for each field of each record that failed."""
    leading = {
        tuple(error.path or ())[:length] for error in failures.errors for length in range(len(error.path or ()) + 1)
    }
    found: list[ApiError] = []

    def replace_field(value: JsonValue, keys: AnswerPath, path: AnswerPath) -> JsonValue:
        try:
            return replace_value(value, keys, path)
        except _FieldFailed as failed:
            if keys not in failures.nullable:
                raise
            found.append(failed.error)
            return None

    def replace_value(value: JsonValue, keys: AnswerPath, path: AnswerPath) -> JsonValue:
        match value:
            case str() if value.startswith(_MARK):
                error = copy(failures.errors[int(value[1:])])
                error.path = path
                raise _FieldFailed(error)
            case list():
                return [replace_value(item, keys, (*path, place)) for place, item in enumerate(value)]
            case dict():
                return {
                    key: replace_field(member, (*keys, key), (*path, key)) if (*keys, key) in leading else member
                    for key, member in value.items()
                }
            case _:
                return value

    data = replace_field(loads(text), (), ())
    return dumps(data).encode(), found[:MOST_ERRORS]
