"""A new many-to-many relation: an object whose records link those of two others."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.create_object import CreateObject, apply_create_object
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, JunctionEnd, NewJunction, NewRelation
from fieldstone.metadata.changes.kinds.fields.relation import apply_create_relation
from fieldstone.metadata.changes.rules.lookup import find_object, find_target, with_field
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.texts import check_text
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Index, Object, OnDelete, Snapshot, capitalised


def apply_create_junction(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a junction object, which is many-to-one to both objects.

    Each of the two shows the junction's records; they go with either record that they link, and link a pair once.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id, "objectMetadataId")
    wanted = change.relation
    if wanted is None or wanted.junction is None:
        msg = "a junction is made for a many-to-many relation"
        raise TypeError(msg)
    target = find_target(snapshot, wanted.target_object_id)
    _check_inputs(change)
    junction = wanted.junction
    made = _apply_object(snapshot, object_, target, junction)
    to_object = _end(
        junction, junction.source, object_, object_.name_singular, change.id, change.label, change.name, change.icon
    )
    name = target.name_singular if target.id != object_.id else f"other{target.type_name}"
    to_target = _end(
        junction,
        junction.target,
        target,
        name,
        wanted.target_field_id,
        wanted.target_field_label,
        wanted.target_field_name,
        wanted.target_field_icon,
    )
    after = _apply_end(made, to_object, {"targetFieldName": "name", "targetFieldLabel": "label"})
    return Applied(snapshot=_joined(change, junction, _apply_end(after, to_target, {})))


def _check_inputs(change: CreateField) -> None:
    problems = Problems()
    problems.add(check_text(change.description, "description"))
    for given, argument in (
        (not change.is_nullable, "isNullable"),
        (change.is_unique, "isUnique"),
        (change.default is not None, "defaultValue"),
        (bool(change.options), "options"),
        (bool(change.settings), "settings"),
    ):
        if given:
            problems.refuse(argument, f"a MANY_TO_MANY relation is kept by an object of its own; leave {argument} out")
    problems.raise_any()


def _apply_object(snapshot: Snapshot, object_: Object, target: Object, junction: NewJunction) -> Snapshot:
    create = CreateObject(
        name_singular=junction.name_singular or object_.name_singular + capitalised(target.name_singular),
        name_plural=junction.name_plural or object_.name_singular + capitalised(target.name_plural),
        label_singular=f"{object_.label_singular} {target.label_singular}",
        label_plural=f"{object_.label_singular} {target.label_plural}",
        description=f"Links a record of {object_.label_plural} to one of {target.label_plural}.",
        skip_name_field=True,
        id=junction.id,
        field_ids=junction.field_ids,
        index_ids=junction.index_ids,
    )
    try:
        return apply_create_object(snapshot, create).snapshot
    except InvalidChange as error:
        argument = "junctionNamePlural" if error.field == "namePlural" else "junctionNameSingular"
        message = f"the object that keeps the relation cannot be made: {error.message}; {argument} gives another name"
        raise type(error)(message, field=argument) from None


def _end(
    junction: NewJunction,
    ids: JunctionEnd,
    leads_to: Object,
    name: str,
    inverse_id: UUID,
    inverse_label: str,
    inverse_name: str | None,
    inverse_icon: str | None,
) -> CreateField:
    return CreateField(
        object_id=junction.id,
        name=name,
        label=leads_to.label_singular,
        type=FieldType.RELATION,
        settings={"onDelete": OnDelete.CASCADE.value},
        is_nullable=False,
        relation=NewRelation(
            target_object_id=leads_to.id,
            target_field_label=inverse_label,
            target_field_name=inverse_name,
            target_field_icon=inverse_icon,
            id=ids.relation_id,
            target_field_id=inverse_id,
        ),
        id=ids.field_id,
        index_id=ids.index_id,
    )


def _apply_end(snapshot: Snapshot, end: CreateField, arguments: dict[str, str]) -> Snapshot:
    """Apply one of the two relations; its errors name the arguments of the whole."""
    try:
        return apply_create_relation(snapshot, end).snapshot
    except InvalidChange as error:
        message = error.message
        for inner, outer in arguments.items():
            message = message.replace(inner, outer)
        raise type(error)(message, field=arguments.get(error.field or "", error.field)) from None


def _joined(change: CreateField, junction: NewJunction, after: Snapshot) -> Snapshot:
    """Return the snapshot with the index by which a pair is linked once."""
    object_ = after.objects[junction.id]
    keys = [object_.by_id[end.field_id] for end in (junction.source, junction.target)]
    pair = Index(
        id=junction.pair_index_id,
        object_id=object_.id,
        name=index_name(object_.table.name, (key.column for key in keys), "key"),
        field_ids=tuple(key.id for key in keys),
        is_unique=True,
    )
    asked = after.objects[change.object_id].by_id[change.id]
    asked = replace(asked, description=change.description, is_active=change.is_active)
    return replace(with_field(after, asked), indexes={**after.indexes, pair.id: pair})
