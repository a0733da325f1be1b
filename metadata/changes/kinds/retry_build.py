"""retryBuild: another try to build an index or a field that is FAILED."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.fields.conversion import unique_with
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.changes.row_work import FillValues, RequireDistinct, RequireValues, RowWork
from fieldstone.metadata.changes.rules.lookup import with_field
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.model import Field, Index, Object, Snapshot, Status
from fieldstone.sql.frozen import frozen


@frozen
class RetryBuild(Change):
    """Another try to build an index or a field that is FAILED."""

    id: UUID


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
    if owner := next((object_ for object_ in snapshot.objects.values() if id_ in object_.by_id), None):
        return owner
    raise UnknownObject(f"there is no index and no field {id_}", field="id")


def _retry_index(snapshot: Snapshot, object_: Object, index: Index) -> Applied:
    _check_failed(index.name, index.status)
    fields = tuple(object_.by_id[id_] for id_ in index.field_ids)
    # It is built after the commit whatever the size of its table: its row is there already.
    building = replace(index, status=Status.BUILDING, failure=None)
    work = (RequireDistinct(object_=object_, fields=fields, argument="id"),) if index.is_unique else ()
    return Applied(snapshot=replace(snapshot, indexes={**snapshot.indexes, index.id: building}), work=work)


def _retry_field(snapshot: Snapshot, object_: Object, field: Field) -> Applied:
    _check_failed(field.name, field.status)
    if field.relation_id is not None:
        # Its key is there, and guarded; only the check of the records was to be made.
        again = replace(field, status=Status.BUILDING, failure=None)
        work: tuple[RowWork, ...] = ()
    else:
        again = replace(field, status=Status.READY, is_nullable=False, backfill=None, failure=None)
        work = _work(snapshot, object_, field, again)
    return Applied(snapshot=with_field(snapshot, again), work=work)


def _work(snapshot: Snapshot, object_: Object, field: Field, again: Field) -> tuple[RowWork, ...]:
    if not is_required(again):
        return ()
    if field.backfill is None:
        return (RequireValues(object_=object_, field=again, argument="id"),)
    unique = tuple(unique_with(snapshot, object_, field, again))
    return (FillValues(object_=object_, field=again, values=tuple(field.backfill), unique=unique),)


def _check_failed(name: str, status: Status) -> None:
    if status is not Status.FAILED:
        raise InvalidChange(f"{name} is {status.value}: only a build that FAILED can be tried again", field="id")


RETRY_BUILD = Kind(
    action="retryBuild",
    type=RetryBuild,
    apply=apply_retry_build,
    mutation=Mutation(
        answer=Subject.OBJECT,
        description="Builds an index or a field that is FAILED again, by its id; answers with the object that has it.",
        id_shape=Shape.FIELD,
        has_alias=False,
        find_answer=lambda after, id_: find_owner(after, id_).id,
    ),
)
