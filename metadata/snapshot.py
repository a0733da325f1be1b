"""Rows of the catalog become a snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import (
    Access,
    Field,
    Index,
    Object,
    OnDelete,
    Option,
    Part,
    Relation,
    Snapshot,
    Status,
    Workspace,
    build_parts,
)
from fieldstone.sql.plan.elements import Table

CatalogRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogRows:
    """The rows of one workspace, each kind in the order of creation, with the columns that queries.sql loads."""

    objects: Iterable[CatalogRow]
    fields: Iterable[CatalogRow]
    relations: Iterable[CatalogRow]
    indexes: Iterable[CatalogRow]
    retired_names: Iterable[CatalogRow]


def build_snapshot(workspace: Workspace, version: int, rows: CatalogRows) -> Snapshot:
    """Return the snapshot that the rows stand for."""
    fields: defaultdict[UUID, list[Field]] = defaultdict(list)
    for row in rows.fields:
        field = _build_field(row)
        fields[field.object_id].append(field)
    retired: defaultdict[UUID | None, set[str]] = defaultdict(set)
    for object_id, name in rows.retired_names:
        retired[object_id].add(name)
    return Snapshot(
        workspace=workspace,
        version=version,
        objects={
            row[0]: _build_object(row, workspace.schema, tuple(fields[row[0]]), frozenset(retired[row[0]]))
            for row in rows.objects
        },
        relations={row[0]: _build_relation(row) for row in rows.relations},
        indexes={row[0]: _build_index(row) for row in rows.indexes},
        retired_tables=frozenset(retired[None]),
    )


def build_newer_snapshot(
    base: Snapshot, workspace: Workspace, version: int, rows: CatalogRows, object_ids: Sequence[UUID]
) -> Snapshot:
    """Return the snapshot that the older `base` became; an object that is equal to the one before is the same instance.

    `rows` are those of the objects that have moved since, with the relations that begin or end at one of them;
    `object_ids` are those of all objects that there are, in the order of creation.
    """
    moved = build_snapshot(workspace, version, rows)
    objects = {}
    for id_ in object_ids:
        known, loaded = base.objects.get(id_), moved.objects.get(id_)
        objects[id_] = base.objects[id_] if loaded is None or loaded == known else loaded
    touched = {*moved.objects, *(id_ for id_ in base.objects if id_ not in objects)}
    relations = {
        id_: relation
        for id_, relation in base.relations.items()
        if relation.source_object_id not in touched and relation.target_object_id not in touched
    }
    indexes = {id_: index for id_, index in base.indexes.items() if index.object_id not in touched}
    return replace(
        moved, objects=objects, relations=relations | dict(moved.relations), indexes=indexes | dict(moved.indexes)
    )


def carry_look_ups(before: Snapshot, after: Snapshot, moved: Iterable[UUID]) -> None:
    """Give a snapshot the look-up tables that the one before it had made, with the moved objects in their places.

    Those of which names, objects or indexes have come or gone are made at first use. To make one looks at each object,
    of which there may be thousands; to copy it does not.
    """
    known, carried = vars(before), vars(after)
    if before.indexes is after.indexes:
        carried.update((table, known[table]) for table in ("indexes_of", "constraints") if table in known)
    objects = [(before.objects.get(id_), after.objects[id_]) for id_ in moved]
    have_names = all(old and _called(old) == _called(new) for old, new in objects)
    if not have_names or len(before.objects) != len(after.objects):
        return
    for table, name in (("by_singular", "name_singular"), ("by_plural", "name_plural"), ("by_type_name", "type_name")):
        if table in known:
            carried[table] = known[table] | {getattr(new, name): new for _, new in objects if new.is_active}
    is_same = len(before.relations) == len(after.relations) and len(before.indexes) == len(after.indexes)
    if is_same and "weight" in known:
        carried["weight"] = known["weight"] + sum(new.weight - old.weight for old, new in objects if old)


def _called(object_: Object) -> tuple[object, ...]:
    return object_.name_singular, object_.name_plural, object_.is_active


def _build_object(row: CatalogRow, schema: str, fields: tuple[Field, ...], retired: frozenset[str]) -> Object:
    id_, singular, plural, label_singular, label_plural, description, icon, table, is_custom, is_system, is_active = row
    return Object(
        id=id_,
        name_singular=singular,
        name_plural=plural,
        label_singular=label_singular,
        label_plural=label_plural,
        description=description,
        icon=icon,
        table=Table(schema=schema, name=table),
        is_custom=is_custom,
        is_system=is_system,
        is_active=is_active,
        fields=fields,
        retired_columns=retired,
    )


def _build_field(row: CatalogRow) -> Field:
    (id_, object_id, name, type_name, label, description, icon, column, is_nullable, is_unique, is_active) = row[:11]
    (is_custom, is_system, default, options_text, settings_text, relation_id, access, status, backfill, failure) = row[
        11:
    ]
    field_type = FieldType(type_name)
    options = _build_options(options_text)
    settings: Mapping[str, JsonValue] = loads(settings_text) if settings_text else {}
    return Field(
        id=id_,
        object_id=object_id,
        name=name,
        type=field_type,
        label=label,
        description=description,
        icon=icon,
        column=column,
        is_nullable=is_nullable,
        is_unique=is_unique,
        is_active=is_active,
        is_custom=is_custom,
        is_system=is_system,
        default=loads(default) if default else None,
        options=options,
        settings=settings,
        relation_id=relation_id,
        parts=_parts(
            field_type, column, is_nullable or status == Status.BUILDING.value, options, settings.get("dataType")
        ),
        access=Access[access],
        status=Status(status),
        backfill=loads(backfill) if backfill else None,
        failure=failure,
    )


@lru_cache(maxsize=4096)
def _parts(
    field_type: FieldType, column: str, is_nullable: bool, options: tuple[Option, ...], data_type: str | None
) -> tuple[Part, ...]:
    """Most objects have the same system fields: their parts are shared."""
    return build_parts(
        field_type=field_type, column=column, is_nullable=is_nullable, options=options, data_type=data_type
    )


def _build_options(text: str | None) -> tuple[Option, ...]:
    if text is None:
        return ()
    return tuple(
        Option(value=option["value"], label=option["label"], color=option["color"], position=float(option["position"]))
        for option in loads(text)
    )


def _build_relation(row: CatalogRow) -> Relation:
    id_, source_object, source_field, target_object, target_field, on_delete = row
    return Relation(
        id=id_,
        source_object_id=source_object,
        source_field_id=source_field,
        target_object_id=target_object,
        target_field_id=target_field,
        on_delete=OnDelete(on_delete),
    )


def _build_index(row: CatalogRow) -> Index:
    id_, object_id, name, field_ids, is_unique, is_partial, method, status, failure = row
    return Index(
        id=id_,
        object_id=object_id,
        name=name,
        field_ids=tuple(map(UUID, loads(field_ids))),
        is_unique=is_unique,
        is_partial=is_partial,
        method=method,
        status=Status(status),
        failure=failure,
    )
