"""Snapshots made in memory: the standard objects, the catalog's own, any others, and large ones."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID, uuid5

from fieldstone.metadata.catalog.api_model.model import catalog_snapshot
from fieldstone.metadata.changes import Change, CreateField, CreateObject, NewRelation, apply
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Relation, Snapshot, Workspace
from fieldstone.metadata.workspaces.standard_model import standard_changes
from fieldstone.sql.plan.elements import Table

NAMESPACE = UUID("0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e")
WORKSPACE = Workspace(id=NAMESPACE, name="default", schema="workspace")


def empty_snapshot() -> Snapshot:
    """Return a snapshot without objects."""
    return Snapshot(workspace=WORKSPACE, version=1, objects={}, relations={}, indexes={})


def apply_all(snapshot: Snapshot, changes: Iterable[Change]) -> Snapshot:
    """Return the snapshot after these changes."""
    for change in changes:
        snapshot = apply(snapshot, change).snapshot
    return snapshot


def standard_snapshot() -> Snapshot:
    """Return the definitions that a new workspace starts with."""
    return apply_all(empty_snapshot(), standard_changes(with_trigram=False))


def metadata_snapshot() -> Snapshot:
    """Return the definitions that the Metadata API reads."""
    return catalog_snapshot(WORKSPACE)


def add_object(snapshot: Snapshot, singular: str, plural: str | None = None) -> tuple[Snapshot, UUID]:
    """Return the snapshot with a new object, and the object's id."""
    change = CreateObject(
        name_singular=singular,
        name_plural=plural or f"{singular}s",
        label_singular=singular.title(),
        label_plural=(plural or f"{singular}s").title(),
    )
    return apply(snapshot, change).snapshot, change.id


def add_field(
    snapshot: Snapshot,
    object_id: UUID,
    name: str,
    type_: FieldType,
    *,
    options: JsonValue = None,
    settings: JsonValue = None,
) -> Snapshot:
    """Return the snapshot with a new field, no relation."""
    change = CreateField(
        object_id=object_id, name=name, label=name.title(), type=type_, options=options, settings=settings
    )
    return apply(snapshot, change).snapshot


def add_relation(snapshot: Snapshot, source: UUID, name: str, target: UUID, inverse: str) -> Snapshot:
    """Return the snapshot with a new many-to-one relation."""
    relation = NewRelation(target_object_id=target, target_field_label=inverse.title(), target_field_name=inverse)
    change = CreateField(object_id=source, name=name, label=name.title(), type=FieldType.RELATION, relation=relation)
    return apply(snapshot, change).snapshot


_SETTINGS: Mapping[FieldType, JsonValue] = {FieldType.TS_VECTOR: {"fields": ["name", "textField"]}}


def all_types_snapshot() -> Snapshot:
    """Return two objects, `object_` with a field of every type, and of every variant of a type."""
    snapshot, object_ = add_object(empty_snapshot(), "thing")
    snapshot, other = add_object(snapshot, "other")
    for type_, entry in FIELD_TYPES.items():
        if type_ in RELATIONS:
            continue
        for variant in entry.variants or ("",):
            snapshot = add_field(
                snapshot,
                object_,
                f"{type_.name.replace('_', '').lower()}{variant.title()}Field",
                type_,
                options=[{"value": "ONE", "label": "One"}, {"value": "TWO", "label": "Two"}]
                if entry.has_options and not entry.fixed_options
                else None,
                settings={"dataType": variant} if variant else _SETTINGS.get(type_),
            )
    snapshot = add_relation(snapshot, object_, "other", other, "things")
    return add_relation(snapshot, object_, "parent", object_, "children")


def large_snapshot(objects: int, fields: int = 20) -> Snapshot:
    """Return a workspace of `objects` objects with `fields` fields each, in a ring of relations.

    It is put together directly, since changing a large snapshot some 10,000 times takes minutes.
    """
    first, _ = add_object(empty_snapshot(), "object0")
    (model,) = first.objects.values()
    ids = [uuid5(NAMESPACE, f"object {number}") for number in range(objects)]
    made: dict[UUID, Object] = {}
    relations: dict[UUID, Relation] = {}
    for number, id_ in enumerate(ids):
        nearby = ids[(number + 1) % objects], ids[(number - 1) % objects]
        out, into = (uuid5(id_, name) for name in ("next", "previous"))
        relation, inverse = (uuid5(end, "relation") for end in (id_, nearby[1]))
        own = [replace(field, id=uuid5(id_, field.name), object_id=id_) for field in model.fields]
        own.append(_relation_end(id_, out, "next", "next", relation))
        own.append(_relation_end(id_, into, "previous", "", inverse))
        own += [_text(id_, f"text{count}") for count in range(fields - len(own))]
        made[id_] = replace(
            model,
            id=id_,
            name_singular=f"object{number}",
            name_plural=f"object{number}s",
            table=Table(schema=WORKSPACE.schema, name=f"object{number}"),
            fields=tuple(own),
        )
        relations[relation] = Relation(
            id=relation,
            source_object_id=id_,
            source_field_id=out,
            target_object_id=nearby[0],
            target_field_id=uuid5(nearby[0], "previous"),
        )
    return replace(first, objects=made, relations=relations, indexes={})


def _text(object_id: UUID, name: str) -> Field:
    return Field(
        id=uuid5(object_id, name),
        object_id=object_id,
        name=name,
        type=FieldType.TEXT,
        label=name,
        column=name,
    )


def _relation_end(object_id: UUID, id_: UUID, name: str, column: str, relation: UUID) -> Field:
    return Field(
        id=id_,
        object_id=object_id,
        name=name,
        type=FieldType.RELATION,
        label=name,
        column=column,
        relation_id=relation,
    )
