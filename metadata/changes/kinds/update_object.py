"""What updating an object does to a snapshot: a rename is metadata alone, its table keeps its name."""

from dataclasses import replace

from fieldstone.metadata.changes.rules.collisions import check_object_names
from fieldstone.metadata.changes.rules.lookup import check_not_null, find_object, with_object
from fieldstone.metadata.changes.rules.names import check_name
from fieldstone.metadata.changes.rules.problems import Problems, check_label, check_texts
from fieldstone.metadata.changes.types import UNSET, Applied, UpdateObject
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Object, Snapshot


def apply_update_object(snapshot: Snapshot, change: UpdateObject) -> Applied:
    """Return the snapshot with the object as it is to be; the same instances where nothing is new.

    Raises:
        InvalidChange: a value breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id)
    given = {
        name: value
        for name, value in (
            ("name_singular", change.name_singular),
            ("name_plural", change.name_plural),
            ("label_singular", change.label_singular),
            ("label_plural", change.label_plural),
            ("description", change.description),
            ("icon", change.icon),
            ("is_active", change.is_active),
        )
        if value is not UNSET
    }
    _check_inputs(change)
    updated: Object = replace(object_, **given)  # type: ignore[arg-type]  # each value is of its field's type
    problems = Problems()
    if (updated.name_singular, updated.name_plural) != (object_.name_singular, object_.name_plural):
        others = {id_: other for id_, other in snapshot.objects.items() if id_ != object_.id}
        problems.add(*check_object_names(replace(snapshot, objects=others), updated))
    if object_.is_active and not updated.is_active:
        problems.add(_check_needed(snapshot, object_))
    problems.raise_any()
    return Applied(snapshot=snapshot if updated == object_ else with_object(snapshot, updated))


def _check_inputs(change: UpdateObject) -> None:
    problems = Problems()
    names = ((change.name_singular, "nameSingular"), (change.name_plural, "namePlural"))
    labels = ((change.label_singular, "labelSingular"), (change.label_plural, "labelPlural"))
    texts = ((change.description, "description"), (change.icon, "icon"))
    problems.add(*check_not_null((*names, *labels, (change.is_active, "isActive"))))
    problems.add(*(check_name(name, argument) for name, argument in names if isinstance(name, str)))
    problems.add(*(check_label(label, argument) for label, argument in labels if isinstance(label, str)))
    problems.add(*check_texts((text, argument) for text, argument in texts if isinstance(text, str)))
    problems.raise_any()


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
