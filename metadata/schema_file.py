"""A model as a document for version control, and the changes that make a model what a document says. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from metadata.changes import Change, CreateField, CreateObject, NewRelation, UpdateField, UpdateObject
from metadata.changes.options import options_json
from metadata.errors import InvalidChange
from metadata.field_types import FIELD_TYPES, FieldType
from metadata.json_text import JsonValue
from metadata.model import Field, Object, Relation, RelationType, Snapshot
from metadata.scalars import shown

VERSION = 1

Build = Callable[[Snapshot], Change]

_OBJECT_MEMBERS = {
    "namePlural": "name_plural",
    "labelSingular": "label_singular",
    "labelPlural": "label_plural",
    "description": "description",
    "icon": "icon",
    "isActive": "is_active",
}
_FIELD_MEMBERS = {
    "label": "label",
    "description": "description",
    "icon": "icon",
    "defaultValue": "default",
    "options": "options",
    "isNullable": "is_nullable",
    "isUnique": "is_unique",
    "isActive": "is_active",
}
_DEFAULTS: Mapping[str, JsonValue] = {"isActive": True, "isNullable": True, "isUnique": False}
_FIXED = ("type", "settings", "relation")


def export_model(snapshot: Snapshot) -> dict[str, JsonValue]:
    """Return the document of a model; the same model always gives the same document."""
    return {
        "version": VERSION,
        "objects": {thing.name_singular: _export_object(snapshot, thing) for thing in snapshot.objects.values()},
    }


def plan_document(snapshot: Snapshot, document: JsonValue) -> list[Build]:
    """Return what makes the model what the document says: nothing where it is; each is built for the model then.

    What the document does not have stays as it is: a document never deletes.

    Raises:
        InvalidChange: it is no such document, or asks for what is fixed at creation.
    """
    objects = _members(document, ("version", "objects"), "the document").get("objects") or {}
    if document.get("version") != VERSION:
        raise InvalidChange(f"the document must be of version {VERSION}, not {shown(document.get('version'))}")
    by_name = {thing.name_singular: thing for thing in snapshot.objects.values()}
    builds: list[Build] = []
    relations: list[Build] = []
    for name, given in _mapping(objects, "objects").items():
        members = _members(given, (*_OBJECT_MEMBERS, "fields"), name)
        thing = by_name.get(name)
        if thing is None:
            builds.append(_create_object(name, members))
        else:
            builds += _update_object(thing, members)
        for field_name, field_given in _mapping(members.get("fields") or {}, f"{name}.fields").items():
            values = _members(field_given, (*_FIELD_MEMBERS, *_FIXED), f"{name}.{field_name}")
            field = next((one for one in thing.fields if one.name == field_name), None) if thing else None
            made = _plan_field(snapshot, name, field_name, field, values)
            # Their targets must be there.
            (relations if values.get("type") == FieldType.RELATION.value else builds).extend(made)
    return builds + relations


def _export_object(snapshot: Snapshot, thing: Object) -> dict[str, JsonValue]:
    fields = [field for field in thing.fields if not field.is_system and (field.parts or not field.relation_id)]
    return {
        **_given(thing, _OBJECT_MEMBERS),
        "fields": {field.name: _export_field(snapshot, field) for field in fields},
    }


def _export_field(snapshot: Snapshot, field: Field) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {"type": field.type.value, **_given(field, _FIELD_MEMBERS)}
    settings = {key: value for key, value in field.settings.items() if key != "columns"}
    if "fields" in settings:
        thing = snapshot.objects[field.object_id]
        settings["fields"] = [one.name for one in thing.fields if str(one.id) in settings["fields"]]
    if settings:
        found["settings"] = settings
    if field.relation_id is not None:
        relation: Relation = snapshot.relations[field.relation_id]
        target = snapshot.objects[relation.target_object_id]
        inverse = target.by_id[relation.target_field_id]
        end = {"target": target.name_singular, "name": inverse.name, "label": inverse.label, "icon": inverse.icon}
        found["relation"] = {key: value for key, value in end.items() if value is not None}
    return found


def _given(thing: Object | Field, members: Mapping[str, str]) -> dict[str, JsonValue]:
    values = {name: getattr(thing, attribute) for name, attribute in members.items()}
    if isinstance(thing, Field):
        values["options"] = options_json(thing.options)
    return {name: value for name, value in values.items() if value is not None and value != _DEFAULTS.get(name)}


def _create_object(name: str, members: Mapping[str, JsonValue]) -> Build:
    missing = [key for key in ("namePlural", "labelSingular", "labelPlural") if not isinstance(members.get(key), str)]
    if missing:
        raise InvalidChange(f"the new object {name} needs {', '.join(missing)}, as text")
    change = CreateObject(
        name_singular=name,
        name_plural=members["namePlural"],
        label_singular=members["labelSingular"],
        label_plural=members["labelPlural"],
        description=members.get("description"),
        icon=members.get("icon"),
        skip_name_field="name" not in (members.get("fields") or {}),
    )
    return lambda _snapshot: change


def _update_object(thing: Object, members: Mapping[str, JsonValue]) -> Iterator[Build]:
    was = _given(thing, _OBJECT_MEMBERS)
    values = _changed(was, members, _OBJECT_MEMBERS)
    if values:
        yield lambda _snapshot: UpdateObject(object_id=thing.id, **values)


def _plan_field(
    snapshot: Snapshot, owner: str, name: str, field: Field | None, values: Mapping[str, JsonValue]
) -> Iterator[Build]:
    if field is None:
        yield lambda latest: _create_or_adopt(latest, owner, name, values)
        return
    was = _export_field(snapshot, field)
    if values.get("relation") != was.get("relation"):
        raise InvalidChange(
            f"{owner}.{name}: relation is fixed when the field is created; it is {shown(was.get('relation'))}",
            field="relation",
        )
    changed = _changed(was, values, _FIELD_MEMBERS)
    changed |= _changed_type(f"{owner}.{name}", was, values)
    if changed:
        yield lambda _snapshot: UpdateField(field_id=field.id, **changed)


def _changed_type(where: str, was: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what gives a field another type, or other settings."""
    changed: dict[str, JsonValue] = {}
    if values.get("type") != was["type"]:
        changed["type"] = _type(where, values)
    given, known = values.get("settings") or {}, was.get("settings") or {}
    if given != known:
        # What the document has no more is taken back.
        changed["settings"] = given if "type" in changed else {**dict.fromkeys(known), **_mapping(given, where)}
    return changed


def _type(where: str, values: Mapping[str, JsonValue]) -> FieldType:
    kinds = {kind.value: kind for kind in FIELD_TYPES}
    if values.get("type") not in kinds:
        raise InvalidChange(f"{where}: type must be one of {', '.join(kinds)}, not {shown(values.get('type'))}")
    return kinds[values["type"]]


def _create_or_adopt(latest: Snapshot, owner: str, name: str, values: Mapping[str, JsonValue]) -> Change:
    """Return the creation of a field, or the update of one that came with its object."""
    thing = _object_named(latest, owner)
    there = next((field for field in thing.fields if field.name == name), None)
    if there is not None:
        return UpdateField(field_id=there.id, **_changed(_export_field(latest, there), values, _FIELD_MEMBERS))
    return CreateField(
        object_id=thing.id,
        name=name,
        label=values.get("label", name),
        type=_type(f"{owner}.{name}", values),
        description=values.get("description"),
        icon=values.get("icon"),
        default=values.get("defaultValue"),
        options=values.get("options"),
        settings=values.get("settings"),
        is_nullable=values.get("isNullable", True),
        is_unique=values.get("isUnique", False),
        is_active=values.get("isActive", True),
        relation=_relation(latest, f"{owner}.{name}", values.get("relation")),
    )


def _relation(latest: Snapshot, where: str, given: JsonValue) -> NewRelation | None:
    if given is None:
        return None
    end = _members(given, ("target", "name", "label", "icon"), f"{where}.relation")
    return NewRelation(
        target_object_id=_object_named(latest, end.get("target")).id,
        target_field_label=end.get("label") or end.get("name") or "",
        target_field_name=end.get("name"),
        target_field_icon=end.get("icon"),
        type=RelationType.MANY_TO_ONE,
    )


def _changed(
    was: Mapping[str, JsonValue], given: Mapping[str, JsonValue], members: Mapping[str, str]
) -> dict[str, JsonValue]:
    wanted = {name: given.get(name, _DEFAULTS.get(name)) for name in members}
    known = {name: was.get(name, _DEFAULTS.get(name)) for name in members}
    return {members[name]: value for name, value in wanted.items() if value != known[name]}


def _object_named(snapshot: Snapshot, name: JsonValue) -> Object:
    found = next((thing for thing in snapshot.objects.values() if thing.name_singular == name), None)
    if found is None:
        raise InvalidChange(f"there is no object {shown(name)}, neither in the model nor in the document")
    return found


def _members(given: JsonValue, known: Sequence[str], where: str) -> Mapping[str, JsonValue]:
    found = _mapping(given, where)
    if unknown := [key for key in found if key not in known]:
        raise InvalidChange(f"{where} has no member {shown(unknown[0])}; it has {', '.join(known)}")
    return found


def _mapping(given: JsonValue, where: str) -> Mapping[str, JsonValue]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidChange(f"{where} must be a mapping of names, not {shown(given)}")
    return given
