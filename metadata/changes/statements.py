"""All that a change means for the tables, in its order."""

from collections.abc import Iterator

from psycopg.sql import Composed

from metadata.changes.alteration import build_alterations
from metadata.changes.difference import Difference
from metadata.changes.migration import build_ddl
from metadata.changes.morph_checks import change_morph_checks
from metadata.changes.types import Applied
from metadata.model import Snapshot
from sql.ddl import TrigramClass


def build_statements(
    before: Snapshot, applied: Applied, difference: Difference, *, trigram: TrigramClass | None
) -> Iterator[Composed]:
    """Yield the statements that bring the tables from the model before to the one that was applied.

    Raises:
        InvalidChange: the server cannot do it.
    """
    yield from build_alterations(before, difference)
    yield from build_ddl(applied, trigram=trigram)
    yield from change_morph_checks(difference)
