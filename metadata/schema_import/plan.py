"""Plans an import: a PostgreSQL schema becomes changes of a model, rows to copy and notes."""

from dataclasses import dataclass

from fieldstone.metadata.changes import Change
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_import.draft import ImportDraft, RowCopy
from fieldstone.metadata.schema_import.memory import Made
from fieldstone.metadata.schema_import.source import SourceSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """The plan of an import.

    Attributes:
        changes: of the model, one after the other.
        copies: of rows, once the model is changed.
        notes: sentences about tables and columns that are left out or differ from their source.
        snapshot: the model as it will be.
        made: the object or field of each table and column, by this import or an earlier one.
    """

    changes: tuple[Change, ...]
    copies: tuple[RowCopy, ...]
    notes: tuple[str, ...]
    snapshot: Snapshot
    made: Made


def plan_import(snapshot: Snapshot, source: SourceSchema, made: Made) -> ImportPlan:
    """Return the plan that adds a schema's tables to a model; existing objects and fields stay unchanged.

    Args:
        snapshot: the model.
        source: the schema.
        made: the ids created by earlier imports.
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
