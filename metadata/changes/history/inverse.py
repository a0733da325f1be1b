"""The inverse of a change: changes that bring the model back to what it was, though not the values that are gone."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never
from uuid import UUID

from fieldstone.metadata.changes.apply import Change
from fieldstone.metadata.changes.kinds.delete import is_kept
from fieldstone.metadata.changes.kinds.notation import FIELD_INPUTS, OBJECT_INPUTS, describe_values
from fieldstone.metadata.changes.rules.lookup import find_field, find_object
from fieldstone.metadata.changes.rules.options import options_json
from fieldstone.metadata.changes.types import (
    UNSET,
    CreateField,
    CreateIndex,
    CreateObject,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    NewRelation,
    RetryBuild,
    SettleField,
    SettleIndex,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import MORPH_SETTING, Field, Index, Object, Relation, RelationType, Snapshot

_ONCE = frozenset({"option_mapping", "backfill", "allow_data_loss"})
_OF_A_TYPE = ("options", "settings", "default", "is_unique")


def invert(before: Snapshot, change: Change, after: Snapshot) -> list[Change]:
    """Return the changes that undo a change, in their order."""
    match change:
        case CreateObject():
            return [DeleteObject(object_id=change.id)]
        case CreateField():
            if change.relation is not None and change.relation.junction is not None:
                return [DeleteObject(object_id=change.relation.junction.id)]
            others = (DeleteField(field_id=target.field_id) for target in change.morph[1:])
            return [DeleteField(field_id=change.id), *others]
        case CreateIndex():
            return [DeleteIndex(index_id=change.id)]
        case UpdateObject():
            object_ = find_object(before, change.object_id)
            names = (OBJECT_INPUTS[name] for name in describe_values(change))
            return [UpdateObject(object_id=object_.id, **{name: getattr(object_, name) for name in names})]
        case UpdateField():
            reverted = _revert(find_field(before, change.field_id)[1], change)
            return [reverted, *_recreate_indexes(before, after)]
        case SettleField() | SettleIndex() | RetryBuild():
            return []
        case DeleteIndex():
            return [_recreate_index(before.indexes[change.index_id])]
        case DeleteField():
            _, field = find_field(before, change.field_id)
            return [*_recreate_field(before, field), *_recreate_indexes(before, after)]
        case DeleteObject():
            object_ = find_object(before, change.object_id)
            return [*_recreate_object(before, object_), *_recreate_indexes(before, after)]
        case _:
            assert_never(change)


def _revert(field: Field, change: UpdateField) -> UpdateField:
    names = [FIELD_INPUTS[name] for name in describe_values(change)]
    if change.type is not UNSET:
        names += _OF_A_TYPE
    values: dict[str, Any] = {name: getattr(field, name) for name in names if name not in _ONCE}
    if "options" in values:
        values["options"] = options_json(field.options) or []
        known = {option.value for option in field.options}
        given: Mapping[str, str | None] = (change.type is UNSET and change.option_mapping) or {}
        # Where two options became one, nobody knows any more which row had which.
        came = [new for new in given.values() if new is not None and new not in known]
        values["option_mapping"] = {new: old for old, new in given.items() if new and came.count(new) == 1} or None
    if "settings" in values:
        gone = change.settings if isinstance(change.settings, Mapping) else {}
        values["settings"] = {**dict.fromkeys(gone), **field.settings}
        if change.type is not UNSET:
            values["settings"] = dict(field.settings)
        values["settings"].pop(MORPH_SETTING, None)
    return UpdateField(field_id=field.id, **values)


def _recreate_object(before: Snapshot, object_: Object) -> Iterator[Change]:
    own = [field for field in object_.fields if not field.is_custom]
    named = next((field for field in own if not field.is_system), None)
    ids = [field.id for field in own if field.is_system]
    ids.insert(1, named.id if named else new_id())
    yield CreateObject(
        id=object_.id,
        name_singular=object_.name_singular,
        name_plural=object_.name_plural,
        label_singular=object_.label_singular,
        label_plural=object_.label_plural,
        description=object_.description,
        icon=object_.icon,
        skip_name_field=named is None,
        field_ids=tuple(ids),
    )
    for field in own:
        yield UpdateField(field_id=field.id, label=field.label, description=field.description, icon=field.icon)
    if named:
        yield UpdateField(
            field_id=named.id, name=named.name, is_nullable=named.is_nullable, is_active=named.is_active,
            default=named.default, is_unique=named.is_unique, **_type_values(named),
        )  # fmt: skip
    custom = [field for field in object_.fields if field.is_custom and field.relation_id is None]
    # What is computed from others comes after them.
    for field in sorted(custom, key=lambda field: field.type is FieldType.TS_VECTOR):
        yield from _recreate_field(before, field)
    for relation in before.relations.values():
        if object_.id in {relation.source_object_id, relation.target_object_id}:
            yield from _recreate_relation(before, relation)
    if not object_.is_active:
        yield UpdateObject(object_id=object_.id, is_active=False)


def _type_values(named: Field) -> dict[str, JsonValue]:
    """Return what gives the field that an object starts with another type, where it had one."""
    if named.type is FieldType.TEXT:
        return {}
    values = {"type": named.type, "settings": dict(named.settings) or None}
    return values if named.options == () else {**values, "options": options_json(named.options)}


def _recreate_field(before: Snapshot, field: Field) -> Iterable[Change]:
    if field.relation_id is not None:
        return _recreate_relation(before, before.relations[field.relation_id])
    settings = {key: value for key, value in field.settings.items() if key != "columns"}
    return [_create_field(before, field, settings=settings, relation=None)]


def _recreate_relation(before: Snapshot, relation: Relation) -> Iterator[Change]:
    _, source = find_field(before, relation.source_field_id)
    _, target = find_field(before, relation.target_field_id)
    yield _create_field(
        before,
        source,
        settings=dict(source.settings),
        relation=NewRelation(
            id=relation.id,
            target_object_id=target.object_id,
            target_field_id=target.id,
            target_field_label=target.label,
            target_field_name=target.name,
            target_field_icon=target.icon,
            type=RelationType.ONE_TO_ONE if source.is_unique else RelationType.MANY_TO_ONE,
        ),
    )
    yield UpdateField(field_id=target.id, description=target.description, is_active=target.is_active)


def _create_field(
    before: Snapshot, field: Field, *, settings: Mapping[str, JsonValue], relation: NewRelation | None
) -> CreateField:
    return CreateField(
        id=field.id,
        object_id=field.object_id,
        name=field.name,
        label=field.label,
        type=field.type,
        description=field.description,
        icon=field.icon,
        default=field.default,
        options=options_json(field.options),
        settings=dict(settings) or None,
        is_nullable=field.is_nullable,
        is_unique=field.is_unique and relation is None,
        is_active=field.is_active,
        is_custom=field.is_custom,
        relation=relation,
        index_id=next((index.id for index in before.indexes.values() if _is_own(index, field.id)), new_id()),
    )


def _recreate_indexes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Yield those of the indexes that went along that do not come with a field of their own."""
    for index in before.indexes.values():
        if index.id not in after.indexes and not is_kept(before, index):
            yield _recreate_index(index)


def _recreate_index(index: Index) -> CreateIndex:
    return CreateIndex(
        id=index.id,
        object_id=index.object_id,
        field_ids=index.field_ids,
        method=index.method,
        is_unique=index.is_unique,
        is_partial=index.is_partial,
    )


def _is_own(index: Index, field_id: UUID) -> bool:
    return index.field_ids == (field_id,) and not index.is_partial and index.method != "trigram"
