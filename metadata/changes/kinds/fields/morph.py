"""A new MORPH_RELATION: a field for each target, of which a record has at most one set."""

from collections.abc import Mapping
from dataclasses import replace

from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewRelation
from fieldstone.metadata.changes.kinds.fields.relation import apply_create_relation
from fieldstone.metadata.changes.rules.lookup import find_object, find_target, with_field
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.errors import InvalidChange, NameTaken
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import MORPH_SETTING, Object, RelationType, Snapshot

MOST_TARGETS = 20


def apply_create_morph(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with one many-to-one relation for each target, called by the field and the target.

    With `relation` it is one more target of the morph relation that settings.morph `{ id name }` says, called as it is.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    if change.relation is not None:
        return _apply_part(snapshot, change, change.relation)
    _check_inputs(snapshot, change)
    after = snapshot
    for place, wanted in enumerate(change.morph):
        target = find_target(snapshot, wanted.target_object_id)
        part = _relation_to(change, wanted, target, is_first=place == 0)
        after = _apply_marked(after, part, {"id": str(change.id), "name": change.name})
    return Applied(snapshot=after)


def _apply_part(snapshot: Snapshot, change: CreateField, wanted: NewRelation) -> Applied:
    settings = dict(change.settings or {})
    group = settings.pop(MORPH_SETTING, None)
    if not isinstance(group, Mapping) or set(group) != {"id", "name"}:
        raise InvalidChange("a part of a MORPH_RELATION needs settings.morph { id name }", field="settings")
    if wanted.type is not RelationType.MANY_TO_ONE:
        raise InvalidChange("the relations of a MORPH_RELATION are all MANY_TO_ONE", field="type")
    _check_optional(change)
    object_ = find_object(snapshot, change.object_id, "objectMetadataId")
    others = [field for field in object_.fields if field.settings.get(MORPH_SETTING) == group]
    targets = {snapshot.relations[field.relation_id].target_object_id for field in others if field.relation_id}
    if wanted.target_object_id in targets or len(targets) == MOST_TARGETS:
        raise InvalidChange(
            f"the morph relation {group['name']} leads to this object already, or to {MOST_TARGETS} others",
            field="targetObjectMetadataId",
        )
    if not others:
        _check_name(object_, group["name"])
    plain = replace(change, type=FieldType.RELATION, settings=settings or None)
    return Applied(snapshot=_apply_marked(snapshot, plain, group))


def _check_inputs(snapshot: Snapshot, change: CreateField) -> None:
    argument = "morphRelationsCreationPayload"
    targets = [wanted.target_object_id for wanted in change.morph]
    if not 1 <= len(targets) <= MOST_TARGETS:
        raise InvalidChange(
            f"a MORPH_RELATION field needs {argument}, a list of 1 to {MOST_TARGETS} targets"
            " { targetObjectMetadataId targetFieldLabel }",
            field=argument,
        )
    if len(set(targets)) < len(targets):
        raise InvalidChange(f"{argument} has an object twice; each can be a target once", field=argument)
    _check_optional(change)
    _check_name(find_object(snapshot, change.object_id, "objectMetadataId"), change.name)


def _check_name(object_: Object, name: str) -> None:
    if any(field.settings.get(MORPH_SETTING, {}).get("name") == name for field in object_.fields):
        raise NameTaken(f"there is a morph relation {name} of {object_.name_singular} already", field="name")


def _check_optional(change: CreateField) -> None:
    if not change.is_nullable:
        raise InvalidChange(
            "a MORPH_RELATION field cannot be required: of its targets' keys one at most is set", field="isNullable"
        )


def _relation_to(change: CreateField, wanted: NewRelation, target: Object, *, is_first: bool) -> CreateField:
    return replace(
        change,
        name=change.name + target.type_name,
        type=FieldType.RELATION,
        relation=wanted,
        morph=(),
        id=change.id if is_first else wanted.field_id,
        index_id=change.index_id if is_first else wanted.lookup_index_id,
    )


def _apply_marked(snapshot: Snapshot, change: CreateField, group: Mapping[str, JsonValue]) -> Snapshot:
    """Return the snapshot with a relation whose key's field is a part of the morph relation."""
    after = apply_create_relation(snapshot, change).snapshot
    plain = after.objects[change.object_id].by_id[change.id]
    settings = {**plain.settings, MORPH_SETTING: dict(group)}
    return with_field(after, replace(plain, type=FieldType.MORPH_RELATION, settings=settings))
