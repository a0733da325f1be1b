"""A model written as a document: names in the place of ids, and nothing that goes without saying."""

from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from fieldstone.metadata.changes.duplicates import known_criteria
from fieldstone.metadata.changes.kinds.indexes.delete_index import is_kept
from fieldstone.metadata.changes.members import FIELD, shown_values
from fieldstone.metadata.changes.rules.options import options_json
from fieldstone.metadata.changes.rules.system_fields import usual_fields
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import MORPH_SETTING, Field, Index, Object, OnDelete, RelationType, Snapshot
from fieldstone.metadata.schema_file import members
from fieldstone.metadata.schema_file.roles import export_roles

_KEY_SUFFIX = "Id"
_NAME = "name"


def export_model(
    snapshot: Snapshot, *, objects: Callable[[Object], bool] = lambda _object: True
) -> dict[str, JsonValue]:
    """Return the document of a model, or of some of its objects; the same model always gives the same document."""
    exported = list(filter(objects, snapshot.objects.values()))
    roles = export_roles(snapshot) if len(exported) == len(snapshot.objects) else {}
    return {
        "version": members.VERSION,
        "objects": {object_.name_singular: _export_object(snapshot, object_) for object_ in exported},
        **({"roles": roles} if roles else {}),
    }


def field_values(snapshot: Snapshot, field: Field, name_of: Callable[[Field], str]) -> dict[str, JsonValue]:
    """Return a field's members that an update could change, in the terms of a document.

    Args:
        snapshot: the model that the field is in.
        field: the field.
        name_of: returns the name of a field in the document.
    """
    return {
        **shown_values(FIELD, field),
        "defaultValue": field.default,
        "options": None if FIELD_TYPES[field.type].fixed_options else options_json(field.options),
        "isNullable": field.is_nullable,
        "isUnique": field.is_unique,
        "isActive": field.is_active,
        "settings": _settings(snapshot.objects[field.object_id], field, name_of) or None,
    }


def is_inverse(field: Field) -> bool:
    """Return whether a field is the end of a relation that does not hold the key."""
    return field.relation_id is not None and not field.parts


def built_in_name(object_: Object) -> Field | None:
    """Return the field that an object starts with besides the system fields, whatever it is called now."""
    own = (field for field in object_.fields if not (field.is_custom or field.is_system) and field.relation_id is None)
    return next((field for field in own if first_name(field) == _NAME), None)


def first_name(field: Field) -> str:
    """Return the first name of a standard field: its column has it, but for a number that followed."""
    name = field.column.removesuffix(_KEY_SUFFIX) if field.relation_id else field.column
    return name.rstrip("0123456789")


def indexes_on_demand(snapshot: Snapshot) -> Iterator[Index]:
    """Yield the indexes that neither the engine nor a field brings with it."""
    return (index for index in snapshot.indexes.values() if not is_kept(snapshot, index))


def index_values(object_: Object, index: Index, name_of: Callable[[Field], str]) -> dict[str, JsonValue]:
    """Return the members of an index in a document."""
    return {
        "fields": [name_of(object_.by_id[id_]) for id_ in index.field_ids],
        "method": index.method,
        "subField": index.sub_field,
        "isUnique": index.is_unique,
        "isPartial": index.is_partial,
    }


def criteria_names(object_: Object, name_of: Callable[[Field], str]) -> JsonValue:
    """Return the criteria by which records are duplicates in a document; None for the usual ones."""
    known = known_criteria(object_)
    return None if known is None else [[name_of(object_.by_id[UUID(id_)]) for id_ in one] for one in known]


def _export_object(snapshot: Snapshot, object_: Object) -> dict[str, JsonValue]:
    values = {name: getattr(object_, member.attribute) for name, member in members.OBJECT.items() if member.is_kept}
    values["skipNameField"] = built_in_name(object_) is None
    values["duplicateCriteria"] = criteria_names(object_, _own_name)
    if not object_.is_custom and object_.table.name != object_.name_singular:
        values["renamedFrom"] = object_.table.name
    fields = {field.name: _export_field(snapshot, field) for field in object_.fields if not _is_usual(field)}
    indexes = sorted(
        (
            members.without_defaults(index_values(object_, index, _own_name), members.INDEX)
            for index in indexes_on_demand(snapshot)
            if index.object_id == object_.id
        ),
        key=repr,
    )
    return members.without_defaults({**values, "fields": fields or None, "indexes": indexes or None}, members.OBJECT)


def _is_usual(field: Field) -> bool:
    return field.is_system and shown_values(FIELD, field) == shown_values(FIELD, usual_fields()[field.name])


def _export_field(snapshot: Snapshot, field: Field) -> dict[str, JsonValue]:
    if field.is_system:
        return {"type": field.type.value, **shown_values(FIELD, field)}
    values = {"type": field.type.value, **field_values(snapshot, field, _own_name)}
    if field.relation_id is not None:
        relation = snapshot.relations[field.relation_id]
        source, target = snapshot.objects[relation.source_object_id], snapshot.objects[relation.target_object_id]
        if is_inverse(field):
            values["inverseOf"] = f"{source.name_singular}.{source.by_id[relation.source_field_id].name}"
        else:
            kind = RelationType.ONE_TO_ONE if field.is_unique else RelationType.MANY_TO_ONE
            end = {
                "type": kind.value,
                "target": target.name_singular,
                "inverse": target.by_id[relation.target_field_id].name,
            }
            values["relation"] = members.without_defaults(end, members.RELATION)
            values["isUnique"] = False
            values["morph"] = field.settings.get(MORPH_SETTING, {}).get("name")
    if not field.is_custom and field.parts and first_name(field) != field.name:
        values["renamedFrom"] = first_name(field)
    return members.without_defaults(values, members.FIELD)


def _settings(object_: Object, field: Field, name_of: Callable[[Field], str]) -> dict[str, JsonValue]:
    settings: Mapping[str, JsonValue] = field.settings
    if field.type is FieldType.TS_VECTOR:
        return {"fields": [name_of(object_.by_id[UUID(id_)]) for id_ in settings["fields"]]}
    usual = {"onDelete": OnDelete.SET_NULL.value}
    return {name: value for name, value in settings.items() if name != MORPH_SETTING and value != usual.get(name)}


def _own_name(field: Field) -> str:
    return field.name
