"""What another try to build an index or a field that is FAILED does to a snapshot."""

from dataclasses import replace
from uuid import UUID

from metadata.changes.conversion import unique_with
from metadata.changes.lookup import with_object
from metadata.changes.row_work import FillValues, RequireDistinct, RequireValues, RowWork
from metadata.changes.types import Applied, RetryBuild
from metadata.changes.update_field import is_required
from metadata.errors import InvalidChange, UnknownObject
from metadata.model import Field, Index, Object, Snapshot, Status, with_parts


def apply_retry_build(snapshot: Snapshot, change: RetryBuild) -> Applied:
    """Return the snapshot with the index, or the field, as it was when it was asked for first.

    Raises:
        InvalidChange: it is not FAILED.
        UnknownObject: there is no such index or field.
    """
    owner = find_owner(snapshot, change.id)
    if index := snapshot.indexes.get(change.id):
        return _retry_index(snapshot, owner, index)
    return _retry_field(snapshot, owner, owner.by_id[change.id])


def find_owner(snapshot: Snapshot, id_: UUID) -> Object:
    """Return the object that an index or a field is of.

    Raises:
        UnknownObject: there is no such index or field.
    """
    if index := snapshot.indexes.get(id_):
        return snapshot.objects[index.object_id]
    if owner := next((thing for thing in snapshot.objects.values() if id_ in thing.by_id), None):
        return owner
    raise UnknownObject(f"there is no index and no field {id_}", field="id")


def _retry_index(snapshot: Snapshot, thing: Object, index: Index) -> Applied:
    _check_failed(index.name, index.status)
    fields = tuple(thing.by_id[id_] for id_ in index.field_ids)
    # It is built after the commit whatever the size of its table: its row is there already.
    building = replace(index, status=Status.BUILDING, failure=None)
    work = (RequireDistinct(thing=thing, fields=fields, argument="id"),) if index.is_unique else ()
    return Applied(snapshot=replace(snapshot, indexes={**snapshot.indexes, index.id: building}), work=work)


def _retry_field(snapshot: Snapshot, thing: Object, field: Field) -> Applied:
    _check_failed(field.name, field.status)
    if field.relation_id is not None:
        # Its key is there, and guarded; that all records hold to it is what was to be seen.
        again = replace(field, status=Status.BUILDING, failure=None)
        work: tuple[RowWork, ...] = ()
    else:
        again = replace(field, status=Status.READY, is_nullable=False, backfill=None, failure=None)
        work = _work(snapshot, thing, field, with_parts(again))
    again = with_parts(again)
    fields = tuple(again if one.id == field.id else one for one in thing.fields)
    return Applied(snapshot=with_object(snapshot, replace(thing, fields=fields)), work=work)


def _work(snapshot: Snapshot, thing: Object, field: Field, again: Field) -> tuple[RowWork, ...]:
    if not is_required(again):
        return ()
    if field.backfill is None:
        return (RequireValues(thing=thing, field=again, argument="id"),)
    unique = tuple(unique_with(snapshot, thing, field, again))
    return (FillValues(thing=thing, field=again, cells=tuple(field.backfill), unique=unique),)


def _check_failed(name: str, status: Status) -> None:
    if status is not Status.FAILED:
        raise InvalidChange(f"{name} is {status.value}: only a build that FAILED can be tried again", field="id")
