"""Model files that are written, read and carried out."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes import (
    apply,
)
from fieldstone.metadata.model import MORPH_SETTING, Field, Object, Snapshot
from fieldstone.metadata.schema_file import export_model, plan_document
from fieldstone.metadata.schema_file.export import criteria_names
from fieldstone.metadata.schema_file.text import read_document, write_document
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk


def carry_out(snapshot: Snapshot, document: Any, *, prune: bool = False) -> tuple[Snapshot, int]:
    builds = plan_document(snapshot, document, prune=prune)
    for build in builds:
        snapshot = apply(snapshot, build(snapshot)).snapshot
    return snapshot, len(builds)


async def carry_out_at(desk: Desk, workspace_id: UUID, document: Any) -> None:
    """Carry a model file out in the database."""

    async def body(transaction: ModelTransaction) -> None:
        for build in plan_document(transaction.snapshot, document):
            await transaction.apply(build(transaction.snapshot))

    await desk.writer.run(workspace_id, body, actor="test")


def written(snapshot: Snapshot) -> Any:
    return read_document(write_document(export_model(snapshot)))


def shown_field(snapshot: Snapshot, object_: Object, field: Field) -> Any:
    """A field with names in the place of ids, and without its columns, whose names depend on the history."""
    known = {key: value for key, value in field.settings.items() if key not in {"columns", "fields", MORPH_SETTING}}
    sources = [object_.by_id[one.id].name for one in object_.fields if str(one.id) in field.settings.get("fields", ())]
    relation = snapshot.relations.get(field.relation_id) if field.relation_id else None
    ends = None
    if relation is not None:
        source, target = snapshot.objects[relation.source_object_id], snapshot.objects[relation.target_object_id]
        ends = (
            (source.name_singular, source.by_id[relation.source_field_id].name),
            (target.name_singular, target.by_id[relation.target_field_id].name),
            relation.on_delete,
            [one.name for group in object_.morphs if field in group for one in group],
        )
    plain = replace(
        field, id=object_.id, object_id=object_.id, column="", former_columns=(), relation_id=None, settings=known
    )
    return replace(plain, id=snapshot.workspace.id, object_id=snapshot.workspace.id), sources, ends


def shown(snapshot: Snapshot) -> Any:
    """Everything of a model, in its order, but for ids and physical names."""
    return [
        (
            object_.name_singular, object_.name_plural, object_.label_singular, object_.label_plural,
            object_.description,
            object_.icon, object_.position, object_.is_custom, object_.is_active,
            criteria_names(object_, lambda field: field.name),
            [shown_field(snapshot, object_, field) for field in object_.fields],
            {
                (*(object_.by_id[id_].name for id_ in index.field_ids), index.is_unique, index.is_partial, index.method)
                for index in snapshot.indexes.values()
                if index.object_id == object_.id
            },
        )
        for object_ in snapshot.objects.values()
    ]  # fmt: skip
