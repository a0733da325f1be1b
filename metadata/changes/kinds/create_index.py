"""createIndex: a new index on fields of an object."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import INDEX, created_values
from fieldstone.metadata.changes.row_work import RequireDistinct
from fieldstone.metadata.changes.rules.lookup import find_object
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Field, Index, Snapshot
from fieldstone.sql.types import SqlType

BTREE = "btree"
TRIGRAM = "trigram"
INVERTED = "gin"

_KINDS = {BTREE: "idx", TRIGRAM: "trgm", INVERTED: "gin"}
_INVERTED_TYPES = frozenset({SqlType.JSONB, SqlType.TEXT_ARRAY, SqlType.TSVECTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(Change):
    """A new index on fields of an object.

    Attributes:
        method: btree, trigram for `contains` on one text field, or gin for the contents of one field of lists or JSON.
        is_unique: whether no two live records may share the values of all fields, of which there are several.
        is_partial: whether it is of the live records alone.
    """

    object_id: UUID
    field_ids: tuple[UUID, ...]
    method: str = BTREE
    is_unique: bool = False
    is_partial: bool = False
    id: UUID = field(default_factory=new_id)


def apply_create_index(snapshot: Snapshot, change: CreateIndex) -> Applied:
    """Return the snapshot with a new index.

    Raises:
        InvalidChange: there can be no such index, or there is one.
        UnknownObject: there is no such object or field.
    """
    object_ = find_object(snapshot, change.object_id, "objectMetadataId")
    if not change.field_ids:
        raise InvalidChange(f"an index needs one or more fields of {object_.name_singular}", field="fieldMetadataIds")
    if unknown := [id_ for id_ in change.field_ids if id_ not in object_.by_id]:
        raise UnknownObject(
            f"{object_.name_singular} has no field {', '.join(map(str, unknown))}, which the index is to be on",
            field="fieldMetadataIds",
        )
    fields = tuple(object_.by_id[id_] for id_ in change.field_ids)
    _check_method(change, fields)
    kind = "key" if change.is_unique else "live" if change.is_partial else _KINDS[change.method]
    if change.is_partial and change.method != BTREE:
        kind += _KINDS[change.method]
    name = index_name(object_.table.name, (field.parts[0].column.name for field in fields), kind)
    if name in snapshot.constraints:
        raise NameTaken(f"there is such an index already: {name}", field="fieldMetadataIds")
    index = Index(
        id=change.id,
        object_id=object_.id,
        name=name,
        field_ids=change.field_ids,
        is_unique=change.is_unique,
        is_partial=change.is_partial,
        method=change.method,
    )
    after = replace(snapshot, indexes={**snapshot.indexes, index.id: index})
    work = (RequireDistinct(object_=object_, fields=fields, argument="fieldMetadataIds"),) if change.is_unique else ()
    return Applied(snapshot=after, work=work)


def _check_method(change: CreateIndex, fields: tuple[Field, ...]) -> None:
    if change.method not in _KINDS:
        raise InvalidChange(f"method must be one of {', '.join(_KINDS)}", field="method")
    for one in fields:
        if len(one.parts) != 1 or (one.type is FieldType.TS_VECTOR and change.method != INVERTED):
            raise InvalidChange(f"{one.name} is not one column, which an index needs", field="fieldMetadataIds")
    if change.method == TRIGRAM and (len(fields) > 1 or fields[0].parts[0].column.type is not SqlType.TEXT):
        raise InvalidChange("a trigram index is on one text field", field="fieldMetadataIds")
    if change.method == INVERTED and (len(fields) > 1 or fields[0].parts[0].column.type not in _INVERTED_TYPES):
        raise InvalidChange("a gin index is on one field of JSON or of lists", field="fieldMetadataIds")
    if len(set(change.field_ids)) < len(change.field_ids):
        raise InvalidChange("an index has each field once", field="fieldMetadataIds")
    if change.is_unique and (change.method != BTREE or len(fields) == 1):
        raise InvalidChange(
            "a unique index is a btree on several fields; for one field, updateField with isUnique: true",
            field="isUnique",
        )


def recreate_index(index: Index) -> CreateIndex:
    """Return the change that makes a deleted index again."""
    return CreateIndex(id=index.id, **created_values(INDEX, index))


CREATE_INDEX = Kind(
    action="createIndex",
    type=CreateIndex,
    apply=apply_create_index,
    describe=lambda change: {"objectMetadataId": str(change.object_id)},
    makes=lambda change: [(Subject.INDEX, change.id)],
    mutation=Mutation(
        answer=Subject.INDEX,
        description="Creates an index; on a big table it is BUILDING until it is READY, and nobody waits for it.",
        input_description="An index to create.",
        members=INDEX,
    ),
)
