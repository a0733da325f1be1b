"""The refused rows of a job as CSV, each with its reason and its text."""

from collections.abc import Hashable
from uuid import UUID

from fieldstone.engine.rest.exports.csv_lines import write_cells
from fieldstone.engine.rest.import_jobs.store import JobStore

_HEADER = ("row", "line", "field", "code", "message", "record")


async def write_errors(store: JobStore, id_: UUID, *, share: Hashable) -> str:
    """Return the file; an import ends after so few refused rows that it fits into memory."""
    lines, after = [write_cells(_HEADER)], 0
    while rows := await store.list_errors(id_, after, share=share):
        lines += [write_cells(row) for row in rows]
        after = int(rows[-1].row)
    return "".join(lines)
