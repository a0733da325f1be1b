"""Plans an import: a PostgreSQL schema becomes changes of a model, rows to copy and notes."""

from fieldstone.metadata.changes.plan import MAXIMUM_COLUMNS
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.memory import Made
from fieldstone.metadata.schema_import.source import SourceSchema


def plan_import(snapshot: Snapshot, source: SourceSchema, made: Made, *, with_keys: bool = False) -> ImportDraft:
    """Return the plan that adds a schema's tables to a model; existing objects and fields stay unchanged.

    Args:
        snapshot: the model.
        source: the schema.
        made: the ids created by earlier imports.
        with_keys: whether keys that only count rows become fields.

    Raises:
        InvalidChange: a table has too many columns.
    """
    draft = ImportDraft(snapshot, source, made, with_keys=with_keys)
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
    for object_ in draft.snapshot.objects.values():
        used = sum(len(field.parts) for field in object_.fields)
        if used > MAXIMUM_COLUMNS:
            raise InvalidChange(
                f"the table of the object {object_.name_singular} would have {used:,} columns with those that each"
                f" object has, and PostgreSQL takes {MAXIMUM_COLUMNS:,}; --skip leaves columns out"
            )
    return draft
