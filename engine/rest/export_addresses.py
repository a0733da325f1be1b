"""The addresses of exports and imports: their paths, such as `people.csv`, the formats in these, and the parameters."""

from enum import Enum
from typing import NamedTuple

PARAMETERS = ("filter", "order_by", "limit", "starting_after", "columns", "spreadsheet")
"""The parameters that an export takes; its `limit` has no bound of a page."""


IMPORT_PARAMETERS = ("upsert", "on_conflict", "all_or_nothing", "dry_run", "mapping")
"""The parameters that an import takes."""


class Format(Enum):
    """A format of an export or an import, by the extension of its path.

    CSV is that of https://www.rfc-editor.org/rfc/rfc4180, JSON Lines that of https://jsonlines.org.
    """

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> bytes:
        """The value of the response's Content-Type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {Format.CSV: b"text/csv; charset=utf-8; header=present", Format.JSONL: b"application/jsonl"}


class ExportAddress(NamedTuple):
    """The address of an export: the plural name of an object, which may not be there, and a format."""

    plural: str
    format: Format


def find_export(path: str) -> ExportAddress | None:
    """Return the export that a path behind `/rest/` names; None for another path."""
    plural, _, extension = path.rpartition(".")
    if not plural or "/" in plural or extension not in _EXTENSIONS:
        return None
    return ExportAddress(plural, Format(extension))


_EXTENSIONS = frozenset(format_.value for format_ in Format)
