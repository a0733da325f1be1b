"""`apply`: a snapshot and a change make the next snapshot. Pure: what is random stands in the change."""

from typing import assert_never

from fieldstone.metadata.changes.kinds.create_field import apply_create_field
from fieldstone.metadata.changes.kinds.create_index import apply_create_index
from fieldstone.metadata.changes.kinds.create_junction import apply_create_junction
from fieldstone.metadata.changes.kinds.create_morph import apply_create_morph
from fieldstone.metadata.changes.kinds.create_object import apply_create_object
from fieldstone.metadata.changes.kinds.create_relation import apply_create_relation
from fieldstone.metadata.changes.kinds.delete import apply_delete_field, apply_delete_index, apply_delete_object
from fieldstone.metadata.changes.kinds.notation import describe_values
from fieldstone.metadata.changes.kinds.retry import apply_retry_build
from fieldstone.metadata.changes.kinds.settle import apply_settle_field, apply_settle_index
from fieldstone.metadata.changes.kinds.update_field import apply_update_field
from fieldstone.metadata.changes.kinds.update_object import apply_update_object
from fieldstone.metadata.changes.types import (
    Applied,
    CreateField,
    CreateIndex,
    CreateObject,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    NewJunction,
    NewRelation,
    RetryBuild,
    SettleField,
    SettleIndex,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot, Status

Change = (
    CreateObject
    | CreateField
    | CreateIndex
    | UpdateObject
    | UpdateField
    | SettleField
    | SettleIndex
    | RetryBuild
    | DeleteObject
    | DeleteField
    | DeleteIndex
)


def apply(snapshot: Snapshot, change: Change) -> Applied:
    """Return the next snapshot, which shares every object that the change does not touch, and what is new in it.

    Raises:
        InvalidChange: the change breaks a rule; NameTaken where only names are taken.
        UnknownObject: what it is about is not there.
    """
    match change:
        case CreateObject():
            return apply_create_object(snapshot, change)
        case CreateField(type=FieldType.RELATION, relation=NewRelation(junction=NewJunction())):
            return apply_create_junction(snapshot, change)
        case CreateField(type=FieldType.RELATION):
            return apply_create_relation(snapshot, change)
        case CreateField(type=FieldType.MORPH_RELATION):
            return apply_create_morph(snapshot, change)
        case CreateField():
            return apply_create_field(snapshot, change)
        case CreateIndex():
            return apply_create_index(snapshot, change)
        case UpdateObject():
            return apply_update_object(snapshot, change)
        case UpdateField():
            return apply_update_field(snapshot, change)
        case SettleField() | SettleIndex() | RetryBuild():
            return _apply_build(snapshot, change)
        case DeleteObject() | DeleteField() | DeleteIndex():
            return _apply_deletion(snapshot, change)
        case _:
            assert_never(change)


def _apply_build(snapshot: Snapshot, change: SettleField | SettleIndex | RetryBuild) -> Applied:
    match change:
        case SettleField():
            return apply_settle_field(snapshot, change)
        case SettleIndex():
            return apply_settle_index(snapshot, change)
        case RetryBuild():
            return apply_retry_build(snapshot, change)


def _apply_deletion(snapshot: Snapshot, change: DeleteObject | DeleteField | DeleteIndex) -> Applied:
    match change:
        case DeleteObject():
            return apply_delete_object(snapshot, change)
        case DeleteField():
            return apply_delete_field(snapshot, change)
        case DeleteIndex():
            return apply_delete_index(snapshot, change)


def describe(change: Change) -> dict[str, JsonValue]:
    """Return the change as the history of the model keeps it."""
    match change:
        case CreateObject():
            return {"action": "createObject", "id": str(change.id), "nameSingular": change.name_singular}
        case CreateField():
            return {
                "action": "createField",
                "id": str(change.id),
                "objectMetadataId": str(change.object_id),
                "name": change.name,
                "type": change.type.value,
            }
        case CreateIndex():
            return {"action": "createIndex", "id": str(change.id), "objectMetadataId": str(change.object_id)}
        case UpdateObject():
            return {"action": "updateObject", "id": str(change.object_id), **describe_values(change)}
        case UpdateField():
            return {"action": "updateField", "id": str(change.field_id), **describe_values(change)}
        case SettleField():
            return {"action": "settleField", "id": str(change.field_id), **_describe_end(change)}
        case SettleIndex():
            return {"action": "settleIndex", "id": str(change.index_id), **_describe_end(change)}
        case RetryBuild():
            return {"action": "retryBuild", "id": str(change.id)}
        case DeleteObject():
            return {"action": "deleteObject", "id": str(change.object_id)}
        case DeleteField():
            return {"action": "deleteField", "id": str(change.field_id)}
        case DeleteIndex():
            return {"action": "deleteIndex", "id": str(change.index_id)}
        case _:
            assert_never(change)


def _describe_end(change: SettleField | SettleIndex) -> dict[str, JsonValue]:
    if change.failure is None:
        return {"status": Status.READY.value}
    return {"status": Status.FAILED.value, "failure": change.failure}
