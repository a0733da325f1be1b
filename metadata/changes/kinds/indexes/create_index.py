"""createIndex: a new index on fields of an object."""

from dataclasses import field, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import INDEX, created_values
from fieldstone.metadata.changes.row_work import RequireDistinct
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, INVERTED, SEARCH, TRIGRAM
from fieldstone.metadata.changes.rules.indexes.key_indexes import find_key_index, is_bare_key
from fieldstone.metadata.changes.rules.indexes.label_indexes import name_index
from fieldstone.metadata.changes.rules.indexes.searched import text_parts
from fieldstone.metadata.changes.rules.lookup import find_object
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Field, Index, Part, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.sql.frozen import frozen
from fieldstone.sql.types import SqlType

_METHODS = (BTREE, TRIGRAM, INVERTED, SEARCH)
_INVERTED_TYPES = frozenset({SqlType.JSONB, SqlType.TEXT_ARRAY, SqlType.TSVECTOR})


@frozen
class CreateIndex(Change):
    """A new index on fields of an object.

    Attributes:
        method: btree, trigram for `contains` on one text field, gin for the contents of one field of lists or JSON, or
            search for the query `search`, which then looks in these fields.
        is_unique: whether no two live records may share the values of all fields, of which there are several.
        is_partial: whether it is of the live records alone.
        sub_field: of its one field, a composite, the sub-field that it is on.
        is_recreated: True if it was deleted before: a rule for new indexes alone does not hold.
    """

    object_id: UUID
    field_ids: tuple[UUID, ...]
    method: str = BTREE
    is_unique: bool = False
    is_partial: bool = False
    sub_field: str | None = None
    is_recreated: bool = False
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
    index = name_index(object_, Index(id=change.id, name="", **created_values(INDEX, change)))
    if known := find_same(snapshot, index):
        raise NameTaken(f"there is such an index already: {known.name}", field="fieldMetadataIds")
    if not change.is_recreated and is_bare_key(object_, index) and (known := find_key_index(snapshot, index)):
        raise NameTaken(f"the key of {fields[0].name} has an index already: {known.name}", field="fieldMetadataIds")
    after = replace(snapshot, indexes={**snapshot.indexes, index.id: index})
    work = (RequireDistinct(object_=object_, fields=fields, argument="fieldMetadataIds"),) if change.is_unique else ()
    return Applied(snapshot=after, work=work)


def find_same(snapshot: Snapshot, wanted: Index) -> Index | None:
    """Return the index that is of the same values, in the order of texts or in the database's."""

    def meaning(index: Index) -> tuple[object, ...]:
        return index.field_ids, index.sub_field, index.method, index.is_unique, index.is_partial

    known = snapshot.indexes_of.get(wanted.object_id, ())
    return next((index for index in known if meaning(index) == meaning(wanted)), None)


def _check_method(change: CreateIndex, fields: tuple[Field, ...]) -> None:
    if change.method not in _METHODS:
        raise InvalidChange(f"method must be one of {', '.join(_METHODS)}", field="method")
    if change.method == SEARCH:
        _check_search(change, fields)
        return
    parts = _check_sub_field(change, fields)
    if change.method == TRIGRAM and (len(fields) > 1 or parts[0].column.type is not SqlType.TEXT):
        raise InvalidChange("a trigram index is on one text field", field="fieldMetadataIds")
    if change.method == INVERTED and (len(fields) > 1 or parts[0].column.type not in _INVERTED_TYPES):
        raise InvalidChange("a gin index is on one field of JSON or of lists", field="fieldMetadataIds")
    _check_once(change)
    if change.is_unique and (change.method != BTREE or len(fields) == 1):
        raise InvalidChange(
            "a unique index is a btree on several fields; for one field, updateField with isUnique: true",
            field="isUnique",
        )


def _check_once(change: CreateIndex) -> None:
    if len(set(change.field_ids)) < len(change.field_ids):
        raise InvalidChange("an index has each field once", field="fieldMetadataIds")


def _check_search(change: CreateIndex, fields: tuple[Field, ...]) -> None:
    for one in fields:
        if not any(text_parts(one)):
            raise InvalidChange(f"{one.name} holds no text, which a search index needs", field="fieldMetadataIds")
    _check_once(change)
    if change.is_unique or change.is_partial or change.sub_field is not None:
        raise InvalidChange("a search index is on whole fields, not unique and not partial", field="method")


def _check_sub_field(change: CreateIndex, fields: tuple[Field, ...]) -> list[Part]:
    """Return the columns that the index is to be on, one of each field."""
    if change.sub_field is None:
        for one in fields:
            if one.is_composite:
                names = ", ".join(str(part.name) for part in one.parts)
                raise InvalidChange(
                    f"{one.name} is not one column, which an index needs; subField names one of {names}",
                    field="fieldMetadataIds",
                )
            if len(one.parts) != 1 or (one.type is FieldType.TS_VECTOR and change.method != INVERTED):
                raise InvalidChange(f"{one.name} is not one column, which an index needs", field="fieldMetadataIds")
        return [one.parts[0] for one in fields]
    if len(fields) > 1 or not fields[0].is_composite or change.is_unique:
        raise InvalidChange(
            "subField is for an index on one composite field that is not unique; leave it out", field="subField"
        )
    found = [part for part in fields[0].parts if part.name == change.sub_field]
    if not found:
        names = ", ".join(str(part.name) for part in fields[0].parts)
        raise InvalidChange(
            f"{fields[0].name} has no sub-field {shown(change.sub_field)}; it has {names}", field="subField"
        )
    return found


def recreate_index(index: Index) -> CreateIndex:
    """Return the change that makes a deleted index again."""
    return CreateIndex(id=index.id, **created_values(INDEX, index), is_recreated=True)


CREATE_INDEX = Kind(
    action="createIndex",
    type=CreateIndex,
    apply=apply_create_index,
    describe=lambda change: {"objectMetadataId": str(change.object_id)},
    makes=lambda change: [(Subject.INDEX, change.id)],
    mutation=Mutation(
        answer=Subject.INDEX,
        description="Creates an index; on a big table it is built in the background: BUILDING, then READY.",
        input_description="An index to create.",
        members=INDEX,
    ),
)
