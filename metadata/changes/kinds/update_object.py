"""updateObject: new values of an object; a rename is metadata alone, its table keeps its name."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.duplicates import known_criteria, read_criteria
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import OBJECT, Shape, given, given_values
from fieldstone.metadata.changes.rules.collisions import check_object_names
from fieldstone.metadata.changes.rules.lookup import find_object, with_object
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.texts import check_not_null, check_texts
from fieldstone.metadata.changes.types import UNSET, Applied, Change, Unset
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.frozen import frozen

_CRITERIA = "duplicate_criteria"


@frozen
class UpdateObject(Change):
    """New values of an object; a rename leaves the table as it is."""

    object_id: UUID
    name_singular: str | Unset = UNSET
    name_plural: str | Unset = UNSET
    label_singular: str | Unset = UNSET
    label_plural: str | Unset = UNSET
    description: str | Unset | None = UNSET
    icon: str | Unset | None = UNSET
    position: float | Unset | None = UNSET
    is_active: bool | Unset = UNSET
    duplicate_criteria: JsonValue | Unset = UNSET


def apply_update_object(snapshot: Snapshot, change: UpdateObject) -> Applied:
    """Return the snapshot with the object as it is to be; the same instances where nothing is new.

    Raises:
        InvalidChange: a value breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id)
    values = given(change, OBJECT)
    problems = Problems()
    problems.add(*check_not_null(values), *check_texts(values))
    problems.raise_any()
    attributes = {member.attribute: value for member, value in values.items()}
    if attributes.get(_CRITERIA) is not None:
        attributes[_CRITERIA] = read_criteria(object_, attributes[_CRITERIA])
    updated: Object = replace(object_, **attributes)
    if (updated.name_singular, updated.name_plural) != (object_.name_singular, object_.name_plural):
        others = {id_: other for id_, other in snapshot.objects.items() if id_ != object_.id}
        problems.add(*check_object_names(replace(snapshot, objects=others), updated))
    if object_.is_active and not updated.is_active:
        problems.add(_check_needed(snapshot, object_))
    problems.raise_any()
    return Applied(snapshot=snapshot if updated == object_ else with_object(snapshot, updated))


def _check_needed(snapshot: Snapshot, object_: Object) -> InvalidChange | None:
    """Return a refusal where active records could not be created any more: they need one of this object."""
    for relation in snapshot.relations.values():
        if relation.target_object_id != object_.id or relation.source_object_id == object_.id:
            continue
        source = snapshot.objects[relation.source_object_id]
        field = source.by_id[relation.source_field_id]
        if source.is_active and field.is_active and not field.is_nullable:
            return InvalidChange(
                f"{object_.name_singular} cannot be deactivated: each {source.name_singular} needs one for its field"
                f" {field.name}; make that field optional or deactivate it first",
                field="isActive",
            )
    return None


def _invert(before: Snapshot, change: UpdateObject, _after: Snapshot) -> list[Change]:
    object_ = find_object(before, change.object_id)
    old = {member.attribute: getattr(object_, member.attribute) for member in given(change, OBJECT)}
    if old.get(_CRITERIA) is not None:
        old[_CRITERIA] = known_criteria(object_)
    return [UpdateObject(object_id=object_.id, **old)]


UPDATE_OBJECT = Kind(
    action="updateObject",
    type=UpdateObject,
    apply=apply_update_object,
    target="object_id",
    describe=lambda change: given_values(change, OBJECT),
    invert=_invert,
    mutation=Mutation(
        answer=Subject.OBJECT,
        description="Changes an object; a new name takes effect at once.",
        input_description="New values of an object; a member that is left out keeps its value.",
        members=tuple(member for member in OBJECT if member.updated),
        id_shape=Shape.OBJECT,
    ),
)
