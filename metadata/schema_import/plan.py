"""A schema of PostgreSQL becomes changes of a model, what is to be copied, and a report of what could not be."""

from dataclasses import dataclass

from fieldstone.metadata.changes import Change
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_import.draft import ImportDraft, RowCopy
from fieldstone.metadata.schema_import.memory import Made
from fieldstone.metadata.schema_import.source import SourceSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import does.

    Attributes:
        changes: of the model, one after the other.
        copies: of rows, once the model is changed.
        notes: what could not be, and what is not as it was; each a sentence about a table or a column.
        snapshot: the model as it will be.
        made: what became of each table and column, whether by this import or an earlier one.
    """

    changes: tuple[Change, ...]
    copies: tuple[RowCopy, ...]
    notes: tuple[str, ...]
    snapshot: Snapshot
    made: Made


def plan_import(snapshot: Snapshot, source: SourceSchema, made: Made) -> ImportPlan:
    """Return how a model gets what a schema has; nothing that the model has already is changed.

    Args:
        snapshot: the model.
        source: the schema.
        made: what earlier imports made of it.
    """
    draft = ImportDraft(snapshot, source, made)
    for name, kind in source.others:
        draft.notes.append(f"{name}: {kind}, which is not imported")
    for table in source.tables:
        draft.add_object(table)
    for table in source.tables:
        draft.add_columns(table)
    for table in source.tables:
        draft.add_relations(table)
    for table in source.tables:
        draft.add_indexes(table)
    return ImportPlan(
        changes=tuple(draft.changes),
        copies=tuple(draft.copies(table) for table in source.tables),
        notes=tuple(draft.notes),
        snapshot=draft.snapshot,
        made=draft.made,
    )
