"""Plans the changes from a model to a document, in an order in which each is possible."""

from collections.abc import Iterator, Mapping
from functools import partial

from fieldstone.metadata.changes import (
    Change,
    CreateIndex,
    CreateObject,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    UpdateField,
    UpdateObject,
    always,
)
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.types import UNSET
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Relation, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file import members
from fieldstone.metadata.schema_file.export import (
    built_in_name,
    criteria_names,
    index_values,
    indexes_on_demand,
    is_inverse,
)
from fieldstone.metadata.schema_file.field_plan import (
    create_field,
    finish_relation,
    require_filled,
    update_field,
    update_fresh,
)
from fieldstone.metadata.schema_file.matching import Stated, StatedObject, match_document
from fieldstone.metadata.schema_file.order import order_fields
from fieldstone.metadata.schema_file.renames import order_renames
from fieldstone.metadata.schema_file.role_plan import Build, plan_with_roles

_CRITERIA = "duplicateCriteria"


def plan_document(snapshot: Snapshot, document: JsonValue, *, prune: bool = False) -> list[Build]:
    """Return the changes that make the model as the document has it; each is built for the model at its turn.

    Args:
        snapshot: the model.
        document: a document of `export_model`, or a part of one.
        prune: whether objects, fields, indexes and roles that the document does not have are deleted, instead of left
            as they are; those that every workspace has cannot be, and a document without roles leaves them all.

    Raises:
        InvalidChange: it is no such document, or changes a member that is fixed at creation.
    """
    stated = match_document(snapshot, document)
    updates = [change for field in stated.fields.values() if (change := update_field(snapshot, stated, field))]
    # The end of a relation is hidden only after the objects that need it.
    last = [change for change in updates if change.is_active is False and _is_inverse(snapshot, change)]
    new = order_fields(stated)
    changes: list[Build] = [
        *(map(always, _prune(snapshot, stated)) if prune else ()),
        *map(always, _update_objects(stated)),
        *map(always, _create_objects(stated)),
        *(build for field in stated.fields.values() for build in update_fresh(field)),
        *map(always, _order_updates(stated, [change for change in updates if change not in last])),
        *(partial(create_field, stated, field) for field in new),
        *(build for field in stated.fields.values() for build in require_filled(field)),
        *_create_indexes(snapshot, stated),
        *_change_criteria(stated),
        *_deactivate_objects(stated),
        *map(always, last),
        *(build for field in new for build in finish_relation(stated, field)),
    ]
    return plan_with_roles(snapshot, document, changes, prune=prune)


def _is_inverse(snapshot: Snapshot, change: UpdateField) -> bool:
    known = (object_.by_id.get(change.field_id) for object_ in snapshot.objects.values())
    return any(field is not None and is_inverse(field) for field in known)


def _own_values(object_: StatedObject) -> dict[str, JsonValue]:
    missing = [name for name in ("namePlural", "labelSingular", "labelPlural") if object_.values[name] is None]
    if missing:
        raise InvalidChange(f"the object {object_.name} needs {', '.join(missing)}", field=missing[0])
    kept = {name: member for name, member in members.OBJECT.items() if member.is_kept and name != _CRITERIA}
    return {"name_singular": object_.name, **{member.attribute: object_.values[name] for name, member in kept.items()}}


def _change_criteria(stated: Stated) -> Iterator[Build]:
    """Yield the changes of the criteria for duplicates, once the fields have their names."""
    for object_ in stated.objects.values():
        known = None if object_.known is None else criteria_names(object_.known, stated.name_of)
        if object_.values[_CRITERIA] != known:
            yield partial(_set_criteria, object_.name, object_.values[_CRITERIA])


def _set_criteria(name: str, criteria: JsonValue, latest: Snapshot) -> UpdateObject:
    object_ = next(object_ for object_ in latest.objects.values() if object_.name_singular == name)
    return UpdateObject(object_id=object_.id, duplicate_criteria=criteria)


def _update_objects(stated: Stated) -> Iterator[UpdateObject]:
    changed: dict[str, UpdateObject] = {}
    for object_ in stated.objects.values():
        wanted = _own_values(object_)
        if object_.known is None:
            continue
        values = {name: value for name, value in wanted.items() if value != getattr(object_.known, name)}
        if values.get("is_active") is False:
            del values["is_active"]
        if values:
            changed[object_.known.name_singular] = UpdateObject(object_id=object_.known.id, **values)
    known = {one.known.name_singular: one.known for one in stated.objects.values() if one.known is not None}
    wanted_names = {old: names for old, update in changed.items() if (names := _renames(known[old], update))}
    plurals = {str(one.values["namePlural"]) for one in stated.objects.values()}
    plurals |= {one.name_plural for one in known.values()}
    for old, next_names in order_renames(wanted_names, stated.objects.keys() | known.keys() | plurals):
        if next_names == wanted_names[old]:
            yield changed.pop(old)
        else:
            singular, plural = (next_names.get(name, UNSET) for name in (old, known[old].name_plural))
            yield UpdateObject(object_id=known[old].id, name_singular=singular, name_plural=plural)
    yield from changed.values()


def _renames(known: Object, update: UpdateObject) -> dict[str, str]:
    """Return the new names of an object by its old ones."""
    names = {known.name_singular: update.name_singular, known.name_plural: update.name_plural}
    return {old: new for old, new in names.items() if isinstance(new, str)}


def _order_updates(stated: Stated, updates: list[UpdateField]) -> Iterator[UpdateField]:
    """Yield the updates of fields, and interim renames, so that each new name is free."""
    left = {update.field_id: update for update in updates}
    for owner in stated.objects.values():
        known = {field.name: field.id for field in owner.known.fields} if owner.known else {}
        renames = {
            name: {name: new}
            for name, id_ in known.items()
            if id_ in left and isinstance(new := left[id_].name, str) and new != name
        }
        for name, names in order_renames(renames, known.keys() | (owner.values["fields"] or {}).keys()):
            id_ = known[name]
            yield left.pop(id_) if names == renames[name] else UpdateField(field_id=id_, name=names[name])
    yield from left.values()


def _create_objects(stated: Stated) -> Iterator[CreateObject]:
    for object_ in stated.objects.values():
        if object_.known is None:
            values = _own_values(object_)
            del values["is_active"]
            yield CreateObject(**values, skip_name_field=object_.values["skipNameField"])


def _deactivate_objects(stated: Stated) -> Iterator[Build]:
    going = [
        object_
        for object_ in stated.objects.values()
        if not object_.values["isActive"] and (object_.known is None or object_.known.is_active)
    ]
    names = frozenset(object_.name for object_ in going)
    return (partial(_deactivate_next, names) for _ in going)


def _deactivate_next(names: frozenset[str], latest: Snapshot) -> UpdateObject:
    """Return the deactivation of one of these objects: of one that no other object needs, where there is one."""
    active = [object_ for object_ in latest.objects.values() if object_.is_active and object_.name_singular in names]
    needed = {
        relation.target_object_id
        for relation in latest.relations.values()
        if relation.source_object_id != relation.target_object_id and _is_needed(latest, relation)
    }
    chosen = next((object_ for object_ in active if object_.id not in needed), active[0])
    return UpdateObject(object_id=chosen.id, is_active=False)


def _is_needed(latest: Snapshot, relation: Relation) -> bool:
    source = latest.objects[relation.source_object_id]
    return source.is_active and is_required(source.by_id[relation.source_field_id])


def _create_indexes(snapshot: Snapshot, stated: Stated) -> Iterator[Build]:
    for owner in stated.objects.values():
        there = [values for _, values in _known_indexes(snapshot, stated, owner)]
        for wanted in _wanted_indexes(owner):
            if wanted not in there and not _is_bare_key(stated, owner, wanted):
                yield partial(_create_index, owner.name, wanted)


def _is_bare_key(stated: Stated, owner: StatedObject, wanted: Mapping[str, JsonValue]) -> bool:
    """Return whether an index is on a relation's key alone: the relation brings one that serves in its place."""
    match members.without_defaults(wanted, members.INDEX):
        case {"fields": [str(name)], **more} if not more:
            if field := stated.fields.get((owner.name, name)):
                return field.values["relation"] is not None
            known = owner.known.fields if owner.known else ()
            return any(field.name == name and field.relation_id and not is_inverse(field) for field in known)
    return False


def _wanted_indexes(owner: StatedObject) -> list[dict[str, JsonValue]]:
    given = owner.values["indexes"] or []
    return [
        members.read_members(index, members.INDEX, f"{owner.name}.indexes[{place}]")
        for place, index in enumerate(given)
    ]


def _known_indexes(
    snapshot: Snapshot, stated: Stated, owner: StatedObject
) -> Iterator[tuple[DeleteIndex, dict[str, JsonValue]]]:
    object_ = owner.known
    if object_ is not None:
        for index in indexes_on_demand(snapshot):
            if index.object_id == object_.id:
                yield DeleteIndex(index_id=index.id), index_values(object_, index, stated.name_of)


def _create_index(owner: str, values: Mapping[str, JsonValue], latest: Snapshot) -> CreateIndex:
    object_ = next(object_ for object_ in latest.objects.values() if object_.name_singular == owner)
    ids = {field.name: field.id for field in object_.fields}
    if unknown := [name for name in values["fields"] or () if not isinstance(name, str) or name not in ids]:
        raise InvalidChange(f"an index of {owner} names {shown(unknown[0])}, which is no field of it", field="fields")
    return CreateIndex(
        object_id=object_.id,
        field_ids=tuple(ids[name] for name in values["fields"] or ()),
        method=values["method"],
        sub_field=values["subField"],
        is_unique=values["isUnique"],
        is_partial=values["isPartial"],
    )


def _prune(snapshot: Snapshot, stated: Stated) -> Iterator[Change]:
    kept = {object_.known.id: object_ for object_ in stated.objects.values() if object_.known is not None}
    fields = {field.known.id for field in stated.fields.values() if field.known is not None}
    gone = [object_ for object_ in snapshot.objects.values() if object_.id not in kept and object_.is_custom]
    for owner in kept.values():
        wanted = _wanted_indexes(owner)
        yield from (change for change, values in _known_indexes(snapshot, stated, owner) if values not in wanted)
    for id_, owner in kept.items():
        object_ = snapshot.objects[id_]
        name = built_in_name(object_)
        for field in sorted(object_.fields, key=lambda field: field.type is not FieldType.TS_VECTOR):
            if field.id in fields or field.is_system or is_inverse(field):
                continue
            if (field is name and not owner.values["skipNameField"]) or not (field.is_custom or object_.is_custom):
                continue
            target = snapshot.relations[field.relation_id].target_object_id if field.relation_id else None
            if target not in {other.id for other in gone}:
                yield DeleteField(field_id=field.id)
    yield from (DeleteObject(object_id=object_.id) for object_ in gone)
