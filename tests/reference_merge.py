"""The oracle of merges: the rows of all objects before, and as they are afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Snapshot
from tests.reference_nested import Row, State

NOW = "now"
"""The mark of a record that the merge has deleted."""


def merge(snapshot: Snapshot, state: State, object_: Object, ids: Sequence[str], kept: str) -> State:
    """The state after a merge of live records into the one that is kept."""
    after = {object_id: {id_: dict(row) for id_, row in rows.items()} for object_id, rows in state.items()}
    own = after[object_.id]
    ordered = [kept, *(id_ for id_ in ids if id_ != kept)]
    for unit in _units(object_):
        links = {column for column in unit if column in _own_keys(snapshot, object_)}
        found = [row for row in map(state[object_.id].__getitem__, ordered) if _has_value(row, unit, links, ids, kept)]
        for column in unit:
            if found:
                own[kept][column] = found[0][column]
            elif column in links:
                own[kept][column] = None
    for id_ in ordered[1:]:
        own[id_]["deletedAt"] = NOW
    for holder in snapshot.objects.values():
        keys = [field for field in holder.fields if _points_to(snapshot, field, object_)]
        if keys:
            _Holder(snapshot, state, after, holder, keys, ids, kept).repoint(is_own=holder is object_)
    return after


def _units(object_: Object) -> Iterator[list[str]]:
    morphs = [field for field in object_.fields if field.type is FieldType.MORPH_RELATION]
    if morphs:
        yield [field.parts[0].column.name for field in morphs]
    for field in object_.fields:
        if field.parts and not field.is_system and field not in morphs and field.type is not FieldType.TS_VECTOR:
            yield [part.column.name for part in field.parts]


def _own_keys(snapshot: Snapshot, object_: Object) -> set[str]:
    return {field.parts[0].column.name for field in object_.fields if _points_to(snapshot, field, object_)}


def _points_to(snapshot: Snapshot, field: Field, object_: Object) -> bool:
    if field.relation_id is None or not field.parts:
        return False
    return snapshot.relations[field.relation_id].target_object_id == object_.id


def _has_value(row: Mapping[str, Any], unit: Sequence[str], links: set[str], ids: Sequence[str], kept: str) -> bool:
    return any(
        value not in ("", None)
        and value != []
        and value != {}
        and not (column in links and value in ids and not value == row["id"] == kept)
        for column in unit
        for value in [row[column]]
    )


class _Holder:
    """The records of one object, some of which point to those that are merged."""

    def __init__(
        self,
        snapshot: Snapshot,
        state: State,
        after: State,
        holder: Object,
        keys: Sequence[Field],
        ids: Sequence[str],
        kept: str,
    ) -> None:
        self.before = state[holder.id]
        self.after = after[holder.id]
        self.keys = [field.parts[0].column.name for field in keys]
        self.alone = [field.parts[0].column.name for field in keys if field.is_unique]
        self.pair = _pair(snapshot, holder)
        self.ids = ids
        self.lost = [id_ for id_ in ids if id_ != kept]
        self.kept = kept

    def repoint(self, *, is_own: bool) -> None:
        taken = {column for column in self.alone if any(row[column] == self.kept for row in self._live())}
        pairs = [tuple(row[column] for column in self.pair) for row in self._live()] if self.pair else []
        movable = [
            row
            for id_, row in self.before.items()
            if not (is_own and id_ in self.ids) and any(row[key] in self.lost for key in self.keys)
        ]
        movable.sort(key=lambda row: row["id"])
        for row in movable:
            new = self.after[row["id"]]
            for key in self.keys:
                if row[key] in self.lost and (key not in self.alone or row["deletedAt"] or self._is_first(key, row)):
                    if key in taken and not row["deletedAt"]:
                        continue
                    new[key] = self.kept
            if not self.pair or row["deletedAt"]:
                continue
            link = tuple(new[column] for column in self.pair)
            is_changed = link != tuple(row[column] for column in self.pair)
            is_loop = link == (self.kept, self.kept) and set(self.pair) <= set(self.keys)
            if is_changed and None not in link and (is_loop or link in pairs):
                new.update(row)
                new["deletedAt"] = NOW
            pairs.append(link)

    def _live(self) -> list[Row]:
        return [row for row in self.before.values() if not row["deletedAt"]]

    def _is_first(self, key: str, row: Row) -> bool:
        others = [other for other in self._live() if other[key] in self.lost]
        return min(others, key=lambda other: (self.ids.index(other[key]), other["id"])) is row


def _pair(snapshot: Snapshot, holder: Object) -> list[str]:
    """The foreign keys that a link of a many-to-many relation has."""
    for index in snapshot.indexes_of.get(holder.id, ()):
        fields = [holder.by_id[id_] for id_ in index.field_ids]
        if index.is_unique and len(fields) == 2 and all(field.relation_id for field in fields):
            return [field.parts[0].column.name for field in fields]
    return []
