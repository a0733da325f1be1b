"""renewTexts and renewWords: indexes in the present order of texts, on keys, and of the present words of searches."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid5

from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, TRIGRAM, indexed_parts, is_sorted
from fieldstone.metadata.changes.rules.indexes.key_indexes import is_bare_key, is_superfluous, key_successor
from fieldstone.metadata.changes.rules.indexes.label_indexes import STANDARD_LABELS, build_label_indexes, name_index
from fieldstone.metadata.changes.rules.lookup import with_indexes
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.model import Index, Object, Snapshot, Status
from fieldstone.sql.frozen import frozen
from fieldstone.sql.text_order import VERSION


@frozen
class RenewTexts(Change):
    """The next step to the present order of texts for an object's indexes; only the builder asks for it.

    Attributes:
        with_trigram: whether the server has trigrams.
    """

    object_id: UUID
    with_trigram: bool = True


@frozen
class RenewWords(Change):
    """Another build of an index for searches, of the present words; only the builder asks for it."""

    index_id: UUID


def apply_renew_texts(snapshot: Snapshot, change: RenewTexts) -> Applied:
    """Return the snapshot with the indexes that are missing, and without those whose successors are READY."""
    object_ = snapshot.objects.get(change.object_id)
    if object_ is None:
        return Applied(snapshot=snapshot)
    new = tuple(find_missing(snapshot, object_, with_trigram=change.with_trigram))
    gone = {index.id for index in find_succeeded(snapshot, object_)}
    if not new and not gone:
        return Applied(snapshot=snapshot)
    indexes = {id_: index for id_, index in with_indexes(snapshot, new).items() if id_ not in gone}
    return Applied(snapshot=replace(snapshot, indexes=indexes))


def apply_renew_words(snapshot: Snapshot, change: RenewWords) -> Applied:
    """Return the snapshot with the index BUILDING again; the same if the index is not READY, or not there."""
    index = snapshot.indexes.get(change.index_id)
    if index is None or index.status is not Status.READY:
        return Applied(snapshot=snapshot)
    building = replace(index, status=Status.BUILDING)
    return Applied(snapshot=replace(snapshot, indexes={**snapshot.indexes, index.id: building}))


def find_missing(snapshot: Snapshot, object_: Object, *, with_trigram: bool) -> Iterator[Index]:
    """Yield the indexes in the present order of texts that an object has not got yet."""
    names = {index.name for index in snapshot.indexes_of.get(object_.id, ())}
    wanted = [_successor(object_, index) for index in find_older(snapshot, object_)]
    for index in (*wanted, *_labels(object_)):
        if index.name not in names and (with_trigram or index.method != TRIGRAM):
            names.add(index.name)
            yield index


def find_older(snapshot: Snapshot, object_: Object) -> Iterator[Index]:
    """Yield the indexes of an object that are in an older order of texts, or on a key alone."""
    for index in snapshot.indexes_of.get(object_.id, ()):
        if is_bare_key(object_, index):
            if not is_superfluous(snapshot, index):
                yield index
            continue
        if index.text_order < VERSION and not index.is_unique:
            is_ordered = index.method == BTREE and any(map(is_sorted, indexed_parts(object_, index)))
            if is_ordered or index.method == TRIGRAM:
                yield index


def find_succeeded(snapshot: Snapshot, object_: Object) -> Iterator[Index]:
    """Yield the older indexes whose successors are READY."""
    ready = {index.name for index in snapshot.indexes_of.get(object_.id, ()) if index.status is Status.READY}
    return (index for index in find_older(snapshot, object_) if _successor(object_, index).name in ready)


def _successor(object_: Object, index: Index) -> Index:
    if is_bare_key(object_, index):
        return key_successor(object_, index)
    id_ = uuid5(index.id, f"text order {VERSION}")
    return name_index(object_, replace(index, id=id_, text_order=VERSION, status=Status.READY, failure=None))


def _labels(object_: Object) -> Iterator[Index]:
    """Yield the indexes for labels that the object would have if it were new."""
    for field in object_.fields:
        yield from build_label_indexes(object_, field, field.id)
        is_standard = not (object_.is_custom or field.is_custom or field.is_system) and field.parts
        if is_standard and field.column in STANDARD_LABELS and is_sorted(field.parts[0]):
            index = Index(id=uuid5(field.id, "label"), object_id=object_.id, name="", field_ids=(field.id,))
            yield name_index(object_, index)


RENEW_TEXTS = Kind(action="renewTexts", type=RenewTexts, apply=apply_renew_texts, target="object_id")
RENEW_WORDS = Kind(action="renewWords", type=RenewWords, apply=apply_renew_words, target="index_id")
