"""The rules for a field as an update leaves it: uniqueness, defaults, and the ends of required relations."""

from fieldstone.metadata.changes.rules.defaults import is_function
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, OnDelete, Snapshot


def is_required(field: Field) -> bool:
    """Return whether the first column takes no NULL: while a field is not active, no record needs a value of it."""
    return bool(field.parts) and not field.is_nullable and field.is_active


def check_updated(snapshot: Snapshot, field: Field, updated: Field) -> list[InvalidChange]:
    """Return the refusals of a field as it is to be, by its own values and those of its relation."""
    found: list[InvalidChange] = []
    becomes_unique = updated.is_unique and (not field.is_unique or updated.type is not field.type)
    # A key that becomes unique makes a many-to-one relation one-to-one.
    is_key = field.type is FieldType.RELATION and bool(field.parts)
    if becomes_unique and not FIELD_TYPES[updated.type].can_be_unique and not is_key:
        allowed = ", ".join(kind.value for kind in FieldType if FIELD_TYPES[kind].can_be_unique)
        found.append(
            InvalidChange(
                f"a {updated.type.value} field cannot be unique; fields of these types can: {allowed}", field="isUnique"
            )
        )
    is_random = updated.type is FieldType.UUID and is_function(updated.type, updated.default)
    if updated.is_unique and updated.default is not None and not is_random:
        found.append(
            InvalidChange(
                "a unique field cannot have a default value, which two records would share; give defaultValue: null",
                field="defaultValue",
            )
        )
    if field.relation_id is None:
        return found
    holds_key = bool(field.parts)
    if not holds_key and (updated.is_nullable, updated.settings) != (field.is_nullable, field.settings):
        found.append(
            InvalidChange(f"{field.name} has many: change the end of the relation that holds the key", field="id")
        )
    if field.type is FieldType.MORPH_RELATION and not updated.is_nullable:
        found.append(
            InvalidChange(
                f"{field.name} is a part of a morph relation, of whose keys one at most is set: it cannot be required",
                field="isNullable",
            )
        )
    elif holds_key and not updated.is_nullable and updated.settings.get("onDelete") == OnDelete.SET_NULL.value:
        found.append(
            InvalidChange(
                "a required relation cannot be set to null when its target is destroyed: settings.onDelete must be"
                " CASCADE or RESTRICT",
                field="settings",
            )
        )
    found += _check_needed(snapshot, field, updated)
    return found


def _check_needed(snapshot: Snapshot, field: Field, updated: Field) -> list[InvalidChange]:
    """Return a refusal where records could not be created any more, as a required relation is out of reach."""
    if field.relation_id is None:
        return []
    relation = snapshot.relations[field.relation_id]
    source = snapshot.objects[relation.source_object_id]
    key = updated if updated.id == relation.source_field_id else source.by_id[relation.source_field_id]
    if key.is_nullable or not (key.is_active and source.is_active):
        return []
    target = snapshot.objects[relation.target_object_id]
    end = updated if updated.id == relation.target_field_id else target.by_id[relation.target_field_id]
    if end.is_active and target.is_active:
        return []
    return [
        InvalidChange(
            f"each {source.name_singular} needs a {target.name_singular} for its field {key.name}, which the API does"
            f" not show while {target.name_singular}.{end.name} is not active; make {key.name} optional first",
            field="isActive" if updated.id == end.id or updated.is_active != field.is_active else "isNullable",
        )
    ]
