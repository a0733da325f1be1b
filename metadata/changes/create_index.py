"""What creating an index does to a snapshot."""

from dataclasses import replace

from metadata.changes.names import index_name
from metadata.changes.types import Applied, CreateIndex
from metadata.errors import InvalidChange, NameTaken, UnknownObject
from metadata.model import Field, Index, Snapshot
from sql.types import SqlType

BTREE = "btree"
TRIGRAM = "trigram"

_KINDS = {BTREE: "idx", TRIGRAM: "trgm"}


def apply_create_index(snapshot: Snapshot, change: CreateIndex) -> Applied:
    """Return the snapshot with a new index.

    Raises:
        InvalidChange: there can be no such index, or there is one.
        UnknownObject: there is no such object or field.
    """
    thing = snapshot.objects.get(change.object_id)
    if thing is None:
        raise UnknownObject(f"there is no object {change.object_id}", field="objectMetadataId")
    fields = tuple(filter(None, map(thing.by_id.get, change.field_ids)))
    if not fields or len(fields) < len(change.field_ids):
        raise UnknownObject(f"an index needs one or more fields of {thing.name_singular}", field="fieldMetadataIds")
    _check_method(change, fields)
    name = index_name(thing.table.name, (field.parts[0].column.name for field in fields), _KINDS[change.method])
    if name in snapshot.constraints:
        raise NameTaken(f"there is such an index already: {name}", field="fieldMetadataIds")
    index = Index(id=change.id, object_id=thing.id, name=name, field_ids=change.field_ids, method=change.method)
    after = replace(snapshot, indexes={**snapshot.indexes, index.id: index})
    return Applied(snapshot=after, indexes=(index,))


def _check_method(change: CreateIndex, fields: tuple[Field, ...]) -> None:
    if change.method not in _KINDS:
        raise InvalidChange(f"method must be one of {', '.join(_KINDS)}", field="method")
    for field in fields:
        if len(field.parts) != 1:
            raise InvalidChange(f"{field.name} is not one column, which an index needs", field="fieldMetadataIds")
    if change.method == TRIGRAM and (len(fields) > 1 or fields[0].parts[0].column.type is not SqlType.TEXT):
        raise InvalidChange("a trigram index is on one text field", field="fieldMetadataIds")
