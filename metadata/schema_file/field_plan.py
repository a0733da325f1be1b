"""Plans the change that creates or updates a field of a document."""

from collections.abc import Callable, Iterator, Mapping

from fieldstone.metadata.changes import Change, CreateField, NewRelation, UpdateField
from fieldstone.metadata.changes.members import FIELD, shown_values
from fieldstone.metadata.changes.rules.defaults import canonical
from fieldstone.metadata.changes.rules.names import derive_label
from fieldstone.metadata.changes.rules.options import options_json, read_options
from fieldstone.metadata.changes.rules.system_fields import usual_fields
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import MORPH_SETTING, Field, Object, OnDelete, RelationType, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file import members
from fieldstone.metadata.schema_file.export import field_values, is_inverse
from fieldstone.metadata.schema_file.hints import is_filled_first, update_hints
from fieldstone.metadata.schema_file.matching import Stated, StatedField
from fieldstone.metadata.schema_file.order import comes_along

_ATTRIBUTES = {name: member.attribute for name, member in members.FIELD.items() if member.is_kept}


def update_field(snapshot: Snapshot, stated: Stated, field: StatedField) -> UpdateField | None:
    """Return the update that makes a field as the document has it; None where it is so.

    Raises:
        InvalidChange: the difference is in a value that is fixed when a field is created.
    """
    known = field.known
    if known is None:
        return None
    kind = _type_of(field)
    _check_fixed(snapshot, stated, field, known)
    wanted = _wanted_values(field, kind)
    was = field_values(snapshot, known, stated.name_of)
    if known.is_system:
        wanted, was = ({name: values[name] for name in shown_values(FIELD, known)} for values in (wanted, was))
    changed = _changed(wanted, was)
    if kind is not known.type:
        changed |= _of_type(kind, wanted)
    if known.name != field.name:
        changed["name"] = field.name
    if not known.is_system and is_filled_first(field, kind, wanted):
        changed.pop("is_nullable", None)
    hints = {} if known.is_system else update_hints(field, known, kind, wanted)
    return UpdateField(field_id=known.id, **changed, **hints) if changed else None


def require_filled(field: StatedField) -> Iterator[Callable[[Snapshot], Change]]:
    """Yield the update that makes a field required which was made, or converted, as an optional one before."""
    backfill = field.values["backfillValue"]
    if backfill is not None and is_filled_first(field, _type_of(field), _wanted_values(field, _type_of(field))):
        yield lambda latest: UpdateField(field_id=_field_named(latest, field).id, is_nullable=False, backfill=backfill)


def create_field(stated: Stated, field: StatedField, latest: Snapshot) -> CreateField:
    """Return the change that creates a field.

    Raises:
        InvalidChange: the document leaves out a needed value, or has an impossible one.
    """
    kind = _type_of(field)
    object_ = _object_named(latest, field.owner.name, field)
    values = _wanted_values(field, kind)
    relation = _new_relation(stated, field, latest) if field.values["relation"] is not None else None
    if kind in RELATIONS and relation is None:
        raise InvalidChange(f"{field.path} needs relation: {{ target, inverse }}", field="relation")
    id_ = new_id()
    if kind is FieldType.MORPH_RELATION:
        values["settings"] = {**(values["settings"] or {}), MORPH_SETTING: _morph_group(field, object_, str(id_))}
    attributes = {_ATTRIBUTES[name]: value for name, value in values.items()}
    if is_filled_first(field, kind, values):
        attributes["is_nullable"] = True
    if relation is not None:
        attributes["is_unique"] = field.values["isUnique"]
    if relation is not None and _is_backward(stated, field):
        return _create_backward(stated, field, object_, attributes)
    return CreateField(id=id_, object_id=object_.id, name=field.name, type=kind, relation=relation, **attributes)


def finish_relation(stated: Stated, field: StatedField) -> Iterator[Callable[[Snapshot], Change]]:
    """Yield the update of the other end of a new relation with the values that the relation does not give it."""
    other = stated.inverse_of(field) if field.values["relation"] is not None else None
    if other is None:
        return
    late = field if _is_backward(stated, field) else other
    names = ("description", "isActive", "position") if late is field else _ATTRIBUTES.keys() - {"label", "icon"}
    values = _wanted_values(late, _type_of(late))
    rest = {_ATTRIBUTES[name]: values[name] for name in names if values[name] != members.FIELD[name].default}
    if rest:
        yield lambda latest: UpdateField(field_id=_field_named(latest, late).id, **rest)


def _is_backward(stated: Stated, field: StatedField) -> bool:
    """Return whether a relation of an object to itself is created from the end that does not hold the key.

    Its fields then come in that order.
    """
    other = stated.inverse_of(field)
    if other is None or other.owner is not field.owner or _relation_type(field) is RelationType.ONE_TO_ONE:
        return False
    names = list(field.owner.values["fields"])
    return names.index(other.name) < names.index(field.name) and _type_of(field) is FieldType.RELATION


def _create_backward(
    stated: Stated, field: StatedField, object_: Object, attributes: Mapping[str, JsonValue]
) -> CreateField:
    other = stated.inverse_of(field)
    if other is None:
        msg = "a relation is made from its inverse where the document has it"
        raise TypeError(msg)
    shown_there = {_ATTRIBUTES[name]: value for name, value in _wanted_values(other, FieldType.RELATION).items()}
    relation = NewRelation(
        target_object_id=object_.id,
        target_field_name=field.name,
        target_field_label=attributes["label"],
        target_field_icon=attributes["icon"],
        type=RelationType.ONE_TO_MANY,
    )
    given = {"settings": attributes["settings"], "is_nullable": attributes["is_nullable"]}
    return CreateField(
        object_id=object_.id, name=other.name, type=FieldType.RELATION, relation=relation, **{**shown_there, **given}
    )


def update_fresh(field: StatedField) -> Iterator[Callable[[Snapshot], Change]]:
    """Yield the update that makes a field of a new object as the document has it."""
    if not comes_along(field):
        return
    usual = usual_fields()[field.first_name]
    was = {name: getattr(usual, attribute) for name, attribute in _ATTRIBUTES.items()}
    was |= {"options": None, "settings": None}
    kind = _type_of(field)
    if usual.is_system and kind is not usual.type:
        raise InvalidChange(f"{field.path} is a system field: its type is {usual.type.value}", field="type")
    wanted = _wanted_values(field, kind)
    names = shown_values(FIELD, usual) if usual.is_system else _ATTRIBUTES
    changed = _changed({name: wanted[name] for name in names}, was)
    if kind is not usual.type:
        changed |= _of_type(kind, wanted)
    if field.name != usual.name:
        changed["name"] = field.name
    if changed:
        yield lambda latest: UpdateField(field_id=_fresh_field(latest, field).id, **changed)


def _changed(wanted: Mapping[str, JsonValue], was: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the values that an update gives, by attribute; a setting that left the document is taken back."""
    changed = {_ATTRIBUTES[name]: value for name, value in wanted.items() if value != was[name]}
    if changed.get("options", ()) is None:
        del changed["options"]  # they go by themselves with a type that has some
    if "settings" in changed:
        changed["settings"] = {**dict.fromkeys(was["settings"] or {}), **(wanted["settings"] or {})}
    return changed


def _of_type(kind: FieldType, wanted: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the values that an update to another type gives besides those that differ."""
    given = {"type": kind, "default": wanted["defaultValue"], "settings": wanted["settings"]}
    return given if wanted["options"] is None else {**given, "options": wanted["options"]}


def _type_of(field: StatedField) -> FieldType:
    kinds = {kind.value: kind for kind in FIELD_TYPES}
    given = field.values["type"]
    if given not in kinds:
        raise InvalidChange(f"{field.path}: type must be one of {', '.join(kinds)}, not {shown(given)}", field="type")
    return kinds[given]


def _check_fixed(snapshot: Snapshot, stated: Stated, field: StatedField, known: Field) -> None:
    fixed: dict[str, tuple[JsonValue, JsonValue]] = {
        "relation": (field.values["relation"] is not None, known.relation_id is not None and not is_inverse(known))
    }
    if known.relation_id is not None:
        relation = snapshot.relations[known.relation_id]
        fixed["type"] = (field.values["type"], known.type.value)
        fixed["inverseOf"] = (field.values["inverseOf"] is not None, is_inverse(known))
        fixed["morph"] = (field.values["morph"], known.settings.get(MORPH_SETTING, {}).get("name"))
        if field.values["relation"] is not None:
            target = stated.object_name(snapshot.objects[relation.target_object_id])
            fixed["relation.target"] = (field.relation["target"], target)
    if known.type is FieldType.TS_VECTOR:
        fixed["settings"] = (field.values["settings"], field_values(snapshot, known, stated.name_of)["settings"])
    if known.is_system:
        fixed["type"] = (field.values["type"], known.type.value)
    for name, (wanted, was) in fixed.items():
        if wanted != was:
            raise InvalidChange(
                f"{field.path}: {name} is fixed when the field is created; it is {shown(was)}", field=name
            )


def _wanted_values(field: StatedField, kind: FieldType) -> dict[str, JsonValue]:
    """Return the members of a field that an update could change, as `field_values` has them.

    Raises:
        InvalidChange: one of them cannot be.
    """
    values = {name: field.values[name] for name in _ATTRIBUTES}
    values["label"] = derive_label(field.name) if values["label"] is None else values["label"]
    entry = FIELD_TYPES[kind]
    if values["options"] is not None or (entry.has_options and not entry.fixed_options):
        options = options_json(_located(field, lambda: read_options(kind, values["options"])))
        values["options"] = None if entry.fixed_options else options
    values["defaultValue"] = _located(field, lambda: canonical(values["defaultValue"]))
    if field.values["relation"] is not None:
        values["isUnique"] = values["isUnique"] or _relation_type(field) is RelationType.ONE_TO_ONE
    if kind in RELATIONS and values["settings"]:
        values["settings"] = {
            name: value for name, value in values["settings"].items() if value != OnDelete.SET_NULL.value
        } or None
    return values


def _located(field: StatedField, read: Callable[[], JsonValue]) -> JsonValue:
    try:
        return read()
    except (InvalidChange, InvalidValue) as error:
        raise InvalidChange(f"{field.path}: {error.message}") from None


def _relation_type(field: StatedField) -> RelationType:
    allowed = (RelationType.MANY_TO_ONE, RelationType.ONE_TO_ONE)
    given = field.relation["type"]
    found = next((kind for kind in allowed if kind.value == given), None)
    if found is None:
        raise InvalidChange(
            f"{field.path}.relation: type must be MANY_TO_ONE or ONE_TO_ONE, not {shown(given)}: a relation stands"
            " with the field that holds its key, and a many-to-many relation is an object with two of them",
            field="type",
        )
    return found


def _new_relation(stated: Stated, field: StatedField, latest: Snapshot) -> NewRelation:
    relation = field.relation
    other = stated.inverse_of(field)
    label = other.values["label"] if other else relation["inverseLabel"]
    return NewRelation(
        target_object_id=_object_named(latest, relation["target"], field).id,
        target_field_name=relation["inverse"],
        target_field_label=derive_label(relation["inverse"]) if label is None else label,
        target_field_icon=other.values["icon"] if other else None,
        type=_relation_type(field),
    )


def _morph_group(field: StatedField, object_: Object, id_: str) -> Mapping[str, JsonValue]:
    """Return the morph relation that a field is a part of: one that is there, or a new one."""
    name = field.values["morph"]
    if name is None:
        raise InvalidChange(f"{field.path} needs morph, the name of the relation that it is a part of", field="morph")
    groups = (one.settings.get(MORPH_SETTING) for one in object_.fields)
    return next((group for group in groups if group and group["name"] == name), {"id": id_, "name": name})


def _object_named(snapshot: Snapshot, name: str, field: StatedField) -> Object:
    found = snapshot.named(name)
    if found is None:
        raise InvalidChange(
            f"{field.path}: there is no object {shown(name)}, neither in the model nor in the document",
            field="relation",
        )
    return found


def _field_named(snapshot: Snapshot, field: StatedField) -> Field:
    object_ = _object_named(snapshot, field.owner.name, field)
    return next(one for one in object_.fields if one.name == field.name)


def _fresh_field(snapshot: Snapshot, field: StatedField) -> Field:
    object_ = _object_named(snapshot, field.owner.name, field)
    return next(one for one in object_.fields if one.name == field.first_name and not one.is_custom)
