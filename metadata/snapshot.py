"""Rows of the catalog become a snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import (
    Access,
    Field,
    Index,
    Object,
    OnDelete,
    Option,
    Relation,
    Snapshot,
    Status,
    Workspace,
)
from fieldstone.metadata.roles.encoding import decode_rights
from fieldstone.metadata.roles.role import Role
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.queries import read_row

T = TypeVar("T")

CatalogRow = tuple[Any, ...]

# Looked up for each field and index: a dict takes less time than the Enum itself.
_TYPES = {member.value: member for member in FieldType}
_ACCESS = dict(Access.__members__)
_STATUSES = {member.value: member for member in Status}


@frozen
class CatalogRows:
    """The rows of one workspace, each kind in the order of creation, with the columns that queries.sql loads.

    They are in the order of the attributes of Object, Field, Relation, Index and Role.
    """

    objects: Iterable[CatalogRow]
    fields: Iterable[CatalogRow]
    relations: Iterable[CatalogRow]
    indexes: Iterable[CatalogRow]
    retired_names: Iterable[CatalogRow]
    roles: Iterable[CatalogRow] = ()


def build_snapshot(workspace: Workspace, version: int, rows: CatalogRows) -> Snapshot:
    """Return the snapshot that the rows stand for."""
    # By the numbers of the objects' ids, whose hashes Python need not compute for each field.
    fields: defaultdict[int, list[Field]] = defaultdict(list)
    for row in rows.fields:
        field = _build_field(row)
        fields[field.object_id.int].append(field)
    retired: defaultdict[UUID | None, set[str]] = defaultdict(set)
    for object_id, name in rows.retired_names:
        retired[object_id].add(name)
    return Snapshot(
        workspace=workspace,
        version=version,
        objects={
            row[0]: _build_object(row, workspace, tuple(fields[row[0].int]), frozenset(retired[row[0]]))
            for row in rows.objects
        },
        relations={row[0]: _build_relation(row) for row in rows.relations},
        indexes={row[0]: _build_index(row) for row in rows.indexes},
        retired_tables=frozenset(retired[None]),
        roles={row[0]: _build_role(row) for row in rows.roles},
    )


def build_newer_snapshot(
    base: Snapshot,
    workspace: Workspace,
    version: int,
    rows: CatalogRows,
    *,
    object_ids: Sequence[UUID],
    role_ids: Sequence[UUID],
) -> Snapshot:
    """Return the snapshot that the older `base` became; an object that is equal to the one before is the same instance.

    `rows` are those of the objects and roles that have moved since, with the relations that begin or end at one of
    them; `object_ids` and `role_ids` are those of all objects and roles that there are, in the order of creation.
    """
    moved = build_snapshot(workspace, version, rows)
    objects = _merge(base.objects, moved.objects, object_ids)
    touched = {*moved.objects, *(id_ for id_ in base.objects if id_ not in objects)}
    relations = {
        id_: relation
        for id_, relation in base.relations.items()
        if relation.source_object_id not in touched and relation.target_object_id not in touched
    }
    indexes = {id_: index for id_, index in base.indexes.items() if index.object_id not in touched}
    return replace(
        moved,
        objects=objects,
        relations=relations | dict(moved.relations),
        indexes=indexes | dict(moved.indexes),
        roles=_merge(base.roles, moved.roles, role_ids),
    )


def _merge(base: Mapping[UUID, T], moved: Mapping[UUID, T], ids: Iterable[UUID]) -> dict[UUID, T]:
    """Return the values of the ids, the instance of the base for each that has not moved or is equal."""
    return {id_: base[id_] if id_ not in moved or moved[id_] == base.get(id_) else moved[id_] for id_ in ids}


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


def _build_object(row: CatalogRow, workspace: Workspace, fields: tuple[Field, ...], retired: frozenset[str]) -> Object:
    values = read_row(Object, row)
    values["table"] = Table(schema=workspace.schema, name=values["table"], is_distributed=workspace.is_distributed)
    if values["duplicate_criteria"]:
        values["duplicate_criteria"] = loads(values["duplicate_criteria"])
    return Object(**values, fields=fields, retired_columns=retired)


def _build_field(row: CatalogRow) -> Field:
    values = read_row(Field, row)
    values["type"] = _TYPES[values["type"]]
    values["options"] = _build_options(values["options"])
    values["former_columns"] = tuple(values["former_columns"])
    values["settings"] = loads(values["settings"]) if values["settings"] else {}
    values["access"] = _ACCESS[values["access"]]
    values["status"] = _STATUSES[values["status"]]
    for name in ("default", "backfill"):
        if values[name]:
            values[name] = loads(values[name])
    return Field(**values)


def _build_options(text: str | None) -> tuple[Option, ...]:
    if text is None:
        return ()
    return tuple(
        Option(value=option["value"], label=option["label"], color=option["color"], position=float(option["position"]))
        for option in loads(text)
    )


def _build_relation(row: CatalogRow) -> Relation:
    values = read_row(Relation, row)
    return Relation(**{**values, "on_delete": OnDelete(values["on_delete"])})


def _build_index(row: CatalogRow) -> Index:
    values = read_row(Index, row)
    field_ids = tuple(map(UUID, loads(values["field_ids"])))
    return Index(**{**values, "field_ids": field_ids, "status": _STATUSES[values["status"]]})


def _build_role(row: CatalogRow) -> Role:
    values = read_row(Role, row)
    rights = {name: loads(values[name]) for name in ("parents", "grants", "claims", "limits", "settings")}
    return Role(**{**values, **decode_rights(rights)})
