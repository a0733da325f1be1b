"""All statements of a change, in their order."""

from collections.abc import Iterator

from psycopg.sql import Composed

from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.tables.alteration import build_alterations
from fieldstone.metadata.changes.tables.migration import build_ddl
from fieldstone.metadata.changes.tables.morph_checks import change_morph_checks
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.ddl.create import TrigramClass


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
