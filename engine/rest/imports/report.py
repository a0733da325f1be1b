"""The report of an import: how many records were written, and which rows were refused."""

import re
from dataclasses import dataclass, field
from typing import Any

from fieldstone.engine.errors import ApiError, BadUserInput, NotFound
from fieldstone.engine.rest.errors import rename_inputs
from fieldstone.engine.rest.imports.rows import Row
from fieldstone.metadata.model import Object, capitalised
from fieldstone.metadata.scalars import shown as shown_value

MOST_LISTED = 1_000
"""Refused rows that a report lists."""
MOST_FAILED = 10_000
"""Refused rows after which an import ends."""

_PLACE = re.compile(r"\bdata\[\d+\]\.?")
"""The place of a row in its batch, which no client knows."""
_SAME_KEY = re.compile(r"^The records (?:\d+ and \d+ of 'data'|'data\b[^']*' and 'data\b[^']*') ")
"""The beginning of a message about two rows by their places in the batch."""


@dataclass(slots=True)
class Report:
    """A report; the rows of the file that are in none of its numbers were not read.

    Attributes:
        created, updated: the records that were written.
        failed: the rows that were refused.
        errors: the first of them.
        ignored: the names of the columns that were passed over.
        dry_run: whether nothing was written in the end.
    """

    created: int = 0
    updated: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def read(self) -> int:
        """The rows that were read, and written or refused."""
        return self.created + self.updated + self.failed

    def refuse(self, row: Row, error: ApiError) -> None:
        """Note that a row was refused.

        Raises:
            BadUserInput: too many were.
        """
        self.failed += 1
        if len(self.errors) < MOST_LISTED:
            self.errors.append(show_refused(row, error))
        if self.failed > MOST_FAILED:
            raise too_many_refused()

    def show(self, object_: Object) -> dict[str, Any]:
        """Return the data of the answer."""
        name = f"import{capitalised(object_.name_plural)}"
        shown = {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "failed": self.failed,
            "errors": sorted(self.errors, key=lambda error: error["row"]),
            "ignored": self.ignored,
            "dryRun": self.dry_run,
        }
        return {name: shown}


def too_many_refused() -> BadUserInput:
    """Return the error with which an import ends after `MOST_FAILED` refused rows."""
    return BadUserInput(f"The import has ended, since more than {MOST_FAILED:,} rows were refused.")


def field_of(error: ApiError) -> str:
    """Return the name of the field of a row that an error is about; empty if it is about the row."""
    return _PLACE.sub("", error.field or "").removeprefix("data")


def show_refused(row: Row, error: ApiError) -> dict[str, Any]:
    """Return a refused row as a report lists it."""
    error = rename_inputs(error)
    shown: dict[str, Any] = {"row": row.number, "line": row.line}
    name = field_of(error)
    if name:
        shown["field"] = name
    target = _say_target(row, name) if isinstance(error, NotFound) else ""
    shown["message"] = _PLACE.sub("", _SAME_KEY.sub("Several records ", error.message)) + target
    shown["code"] = error.code
    return shown


def _say_target(row: Row, link: str) -> str:
    """Return the sentence with the value by which a row names the record of a relation; empty if it names none."""
    match row.data.get(link), row.data.get(f"{link}Id"):
        case {"connect": {"where": dict(where)}}, _ if len(where) == 1:
            ((key, value),) = where.items()
            return f" The row has {shown_value(value)} in '{link}.{key}'."
        case None, str(id_):
            return f" The row has {shown_value(id_)} in '{link}Id'."
        case _:
            return ""
