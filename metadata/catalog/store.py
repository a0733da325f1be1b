"""The catalog's rows: a workspace's model loaded, and a change written."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from fieldstone.metadata.access.role_display import show_rights
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.round_trip import QueryStep
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.rules.options import options_json
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Field, Index, Object, Relation, Snapshot, Workspace
from fieldstone.metadata.roles.encoding import encode_rights
from fieldstone.metadata.roles.role import Role
from fieldstone.metadata.snapshot import CatalogRows, build_newer_snapshot, build_snapshot
from fieldstone.sql.queries import attributes_of, read_row

_LOADS = ("load_fields", "load_relations", "load_indexes", "load_retired_names", "load_roles")

# 20,000 fields take 0.3 s to build: requests go on meanwhile.
_FIELDS_AT_ONCE = 1_000

_BEFORE_ALL = -1


async def load_snapshot(connection: Session, workspace_id: UUID, base: Snapshot | None = None) -> Snapshot:
    """Return the workspace's model as this transaction sees it: a few queries, whatever the number of objects.

    Parts that have not moved since the older model `base` are the same instances. The queries must see one state:
    the transaction has begun as `begin_model_read` does, or holds the workspace's lock.

    Raises:
        UnknownWorkspace: there is no such workspace.
    """
    parameters: dict[str, Any] = {"workspace_id": workspace_id}
    found = await (await connection.execute(QUERIES["workspace_by_id"], parameters)).fetchone()
    if found is None:
        raise UnknownWorkspace(workspace_id)
    *values, version = found
    workspace = Workspace(**read_row(Workspace, values))
    if base is not None and base.version == version:
        return base
    parameters["after"] = _BEFORE_ALL if base is None or base.version > version else base.version
    objects = await _load(connection, "load_objects", parameters)
    parameters["object_ids"] = [row[0] for row in objects]
    fields, relations, indexes, retired_names, roles = [await _load(connection, query, parameters) for query in _LOADS]
    rows = CatalogRows(
        objects=objects, fields=fields, relations=relations, indexes=indexes, retired_names=retired_names, roles=roles
    )
    build: Callable[[], Snapshot] = partial(build_snapshot, workspace, version, rows)
    if base is not None:
        object_ids, role_ids = [
            [id_ for (id_,) in await _load(connection, query, parameters)]
            for query in ("load_object_ids", "load_role_ids")
        ]
        known = base.objects.keys() | base.roles.keys() | {row[0] for row in (*objects, *roles)}
        if not known >= {*object_ids, *role_ids}:
            # Rows were inserted by hand: no version tells of them.
            return await load_snapshot(connection, workspace_id)
        build = partial(build_newer_snapshot, base, workspace, version, rows, object_ids=object_ids, role_ids=role_ids)
    return await asyncio.to_thread(build) if len(fields) > _FIELDS_AT_ONCE else build()


async def _load(connection: Session, query: str, parameters: Mapping[str, Any]) -> list[Any]:
    return await (await connection.execute(QUERIES[query], parameters, binary=True)).fetchall()


async def read_snapshot(connection: Session, workspace_id: UUID, base: Snapshot | None = None) -> Snapshot:
    """Return the workspace's model as last committed, read in a transaction of its own; `base` as in `load_snapshot`.

    Raises:
        UnknownWorkspace: there is no such workspace.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["begin_model_read"], prepare=False)
        return await load_snapshot(connection, workspace_id, base)


def corrections(before: Snapshot, after: Snapshot, difference: Difference) -> Iterator[QueryStep]:
    """Yield the inserts, updates and deletes of the rows of a difference; the names that it uses up are rows too."""
    workspace = before.workspace
    # A field's row refers to its relation's, whose own references to its fields are checked at the commit.
    yield from _each("insert_object", workspace, map(_object_row, difference.new_objects))
    yield from _each("insert_relation", workspace, map(_relation_row, difference.new_relations))
    yield from _each("insert_field", workspace, map(_field_row, difference.all_new_fields))
    yield from _each("insert_index", workspace, map(_index_row, difference.new_indexes))
    yield from _each("update_object", workspace, map(_object_row, difference.objects))
    yield from _each("update_field", workspace, (_field_row(changed.after) for changed in difference.fields))
    yield from _each("update_relation", workspace, map(_relation_row, difference.relations))
    yield from _each("update_index", workspace, map(_index_row, difference.indexes))
    yield from _each("delete_index", workspace, map(_id_row, difference.removed_indexes))
    yield from _each("delete_field", workspace, (_id_row(field) for _, field in difference.removed_fields))
    yield from _each("delete_relation", workspace, map(_id_row, difference.removed_relations))
    yield from _each("delete_object", workspace, map(_id_row, difference.removed_objects))
    yield from insert_roles(after, difference.new_roles)
    yield from _each("update_role", workspace, (_role_row(after, role) for role in difference.roles))
    yield from _each("release_role", workspace, map(_id_row, difference.removed_roles))
    yield from _each("delete_role", workspace, map(_id_row, difference.removed_roles))
    yield from _each("show_role", workspace, _shown_roles(before, after, difference))
    yield from _each("retire_name", workspace, _retired_names(difference))


def insert_roles(snapshot: Snapshot, roles: Iterable[Role]) -> Iterator[QueryStep]:
    """Yield the inserts of new roles of a snapshot."""
    return _each("insert_role", snapshot.workspace, (_role_row(snapshot, role) for role in roles))


def _shown_roles(before: Snapshot, after: Snapshot, difference: Difference) -> Iterator[Mapping[str, Any]]:
    """Yield the roles that are the same in ids and are shown in other names."""
    moved = set(_moved_names(difference))
    renamed = {role.id for role in difference.roles}
    for id_, role in after.roles.items():
        if before.roles.get(id_) is role and not (
            moved.isdisjoint(role.mentioned) and renamed.isdisjoint(role.parents)
        ):
            yield {"id": id_, "shown": dumps(show_rights(after, role))}


def _moved_names(difference: Difference) -> Iterator[UUID]:
    """Yield the objects and fields whose names have come, gone or become others."""
    yield from (object_.id for object_ in (*difference.new_objects, *difference.removed_objects))
    yield from (field.id for field in difference.all_new_fields)
    yield from (field.id for _, field in difference.removed_fields)
    yield from (field.id for object_ in difference.removed_objects for field in object_.fields)
    yield from (changed.after.id for changed in difference.fields if changed.before.name != changed.after.name)
    was = {object_.id: object_.name_singular for object_ in difference.objects_before}
    yield from (object_.id for object_ in difference.objects if object_.name_singular != was[object_.id])


def _each(query: str, workspace: Workspace, rows: Iterable[Mapping[str, Any]]) -> Iterator[QueryStep]:
    return ((query, {"workspace_id": workspace.id, **row}) for row in rows)


def _id_row(object_: Object | Field | Relation | Index | Role) -> Mapping[str, Any]:
    return {"id": object_.id}


def _retired_names(difference: Difference) -> Iterable[Mapping[str, Any]]:
    renamed = ((one.object_, one.before) for one in difference.fields if one.before.column != one.after.column)
    for object_, field in (*difference.removed_fields, *renamed):
        for part in field.parts:
            yield {"object_id": object_.id, "name": part.column.name}
    for object_ in difference.removed_objects:
        yield {"object_id": None, "name": object_.table.name}


def _values(one: Object | Field | Relation | Index | Role) -> dict[str, Any]:
    kind: Any = type(one)
    return {name: getattr(one, name) for name in attributes_of(kind)}


def _object_row(object_: Object) -> Mapping[str, Any]:
    return {
        **_values(object_),
        "table_name": object_.table.name,
        "duplicate_criteria": _json(object_.duplicate_criteria),
    }


def _field_row(field: Field) -> Mapping[str, Any]:
    return {
        **_values(field),
        "type": field.type.value,
        "column_name": field.column,
        "default_value": _json(field.default),
        "options": _json(options_json(field.options)),
        "settings": _json(field.settings or None),
        "access": field.access.name,
        "status": field.status.value,
        "backfill": _json(field.backfill),
        "former_columns": list(field.former_columns),
    }


def _relation_row(relation: Relation) -> Mapping[str, Any]:
    return {**_values(relation), "on_delete": relation.on_delete.value}


def _index_row(index: Index) -> Mapping[str, Any]:
    field_ids = dumps([str(id_) for id_ in index.field_ids])
    return {**_values(index), "field_ids": field_ids, "status": index.status.value}


def _role_row(snapshot: Snapshot, role: Role) -> Mapping[str, Any]:
    rights = {name: dumps(value) for name, value in encode_rights(role).items()}
    return {**_values(role), **rights, "shown": dumps(show_rights(snapshot, role))}


def _json(value: JsonValue) -> str | None:
    return None if value is None else dumps(value)
