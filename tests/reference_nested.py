"""Nested writes as the reference does them: on rows in memory, place by place, in the order that the docs give.

It knows texts, keys and deletion, which is all that such a write adds to an ordinary one.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fieldstone.metadata.model import Field, Object, RelationEnd, Snapshot, relation_end

Row = dict[str, Any]
State = dict[UUID, dict[str, Row]]
"""The rows of each object by its id, by their own ids, keyed by physical column names."""

DELETED = "deleted"
"""The value of `deletedAt` in a row that a write has deleted."""


class Refused(Exception):
    """The write is refused, and nothing of it is kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Item:
    """A record that is created or changed; `keys` are those of its relations that the write itself has found."""

    id: str
    data: Mapping[str, Any]
    keys: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class NestedReference:
    """Writes to rows in memory.

    Attributes:
        links: the fields of the objects that link two others, each with the field for the other end.
        touched: the records that were written, by object.
    """

    snapshot: Snapshot
    state: State
    links: Mapping[UUID, Field]
    touched: set[tuple[UUID, str]] = field(default_factory=set)

    def create(self, object_: Object, rows: Sequence[Mapping[str, Any]]) -> State:
        """The state after a create."""
        return self._whole(object_, [Item(row["id"], row) for row in rows], creates=True)

    def update(self, object_: Object, id_: str, data: Mapping[str, Any]) -> State:
        """The state after an update."""
        return self._whole(object_, [Item(id_, data)], creates=False)

    def _whole(self, object_: Object, items: Sequence[Item], *, creates: bool) -> State:
        before = self.state
        self.state = deepcopy(before)
        try:
            self.place(object_, items, creates=creates)
            self._check_unique()
        except Refused:
            self.state = before
            raise
        return self.state

    def place(self, object_: Object, items: Sequence[Item], *, creates: bool) -> None:
        """Write the records of one place, and those of their relations."""
        if not items:
            return
        ends = [(one, end) for one in object_.by_name.values() if (end := relation_end(self.snapshot, one))]
        for one, end in ends:
            if end.holds_key:
                self._find_targets(object_, one, end, items, creates=creates)
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise Refused("BAD_USER_INPUT")
            seen.add(item.id)
            self._write(object_, item, creates=creates)
        for one, end in ends:
            if end.holds_key:
                changed = [item for item in items if _says(item, one, "update")]
                keys = [self.state[object_.id][item.id][end.near.name] for item in changed]
                self._update_targets(end, _values(changed, one, "update"), keys, creates=creates)
        for one, end in ends:
            if end.to_one and not end.holds_key:
                self._hang_one(one, end, items, creates=creates)
        for one, end in ends:
            if not end.to_one:
                self._hang_many(one, end, items, creates=creates)

    def _find_targets(
        self, object_: Object, one: Field, end: RelationEnd, items: Sequence[Item], *, creates: bool
    ) -> None:
        made = [item for item in items if _says(item, one, "create")]
        targets = [Item(data["id"], data) for data in _values(made, one, "create")]
        for item, target in zip(made, targets, strict=True):
            item.keys[one.name] = target.id
        self.place(end.target, targets, creates=True)
        for item in items:
            if f"{one.name}Id" in item.data:
                id_ = item.data[f"{one.name}Id"]
                present = None if creates else self.state[object_.id][item.id][one.parts[0].column.name]
                item.keys[one.name] = id_ if id_ in {None, present} else self._live(end.target, id_)
            if _says(item, one, "connect"):
                item.keys[one.name] = self._named(end.target, item.data[one.name]["connect"])
                if one.is_unique:
                    self._empty(object_, end, [(item.keys[one.name], item.id)], column=object_.key.name)
            if _says(item, one, "disconnect"):
                if not (one.is_nullable or creates):
                    raise Refused("BAD_USER_INPUT")
                item.keys[one.name] = None
        missing: dict[str, Item] = {}
        for item in items:
            if _says(item, one, "connectOrCreate"):
                self._connect_or_create(end.target, one, item, missing)
        self.place(end.target, [*missing.values()], creates=True)
        if one.is_unique:
            taken = [(item.keys[one.name], item.id) for item in items if _says(item, one, "connectOrCreate")]
            self._empty(object_, end, taken, column=object_.key.name)

    def _connect_or_create(self, target: Object, one: Field, item: Item, missing: dict[str, Item]) -> None:
        given = item.data[one.name]["connectOrCreate"]
        ((name, value),) = given["where"].items()
        found = self._find(target, name, value)
        if found is None:
            found = missing.setdefault(str(value), Item(given["create"]["id"], given["create"])).id
        item.keys[one.name] = found

    def _write(self, object_: Object, item: Item, *, creates: bool) -> None:
        rows = self.state[object_.id]
        if creates:
            if item.id in rows:
                raise Refused("CONFLICT")
            rows[item.id] = {part.column.name: None for one in object_.fields for part in one.parts}
            rows[item.id][object_.key.name] = item.id
        row = rows[self._live(object_, item.id)]
        self.touched.add((object_.id, item.id))
        for name, value in item.data.items():
            one = object_.by_name.get(name)
            if one is not None and one.relation_id is None and name != "id":
                row[one.parts[0].column.name] = value
        for name, key in item.keys.items():
            one = object_.by_name[name]
            if key is not None:
                for group in object_.morphs:
                    if one in group:
                        row |= {other.parts[0].column.name: None for other in group}
            row[one.parts[0].column.name] = key
        for one in object_.by_name.values():
            is_required = bool(one.parts) and not (one.is_nullable or one.is_system)
            if is_required and row[one.parts[0].column.name] is None:
                raise Refused("BAD_USER_INPUT")
        ends = [one.parts[0].column.name for one in object_.fields if one.id in self.links]
        others = [other for id_, other in self._rows(object_) if id_ != item.id]
        if ends and any(all(other[end] == row[end] for end in ends) for other in others):
            raise Refused("CONFLICT")

    def _update_targets(
        self, end: RelationEnd, changes: Sequence[Mapping[str, Any]], keys: Sequence[str | None], *, creates: bool
    ) -> None:
        if changes and creates:
            raise Refused("BAD_USER_INPUT")
        items = []
        for data, id_ in zip(changes, keys, strict=True):
            if id_ is None or not self._is_live(end.target, id_):
                raise Refused("NOT_FOUND")
            items.append(Item(id_, data))
        self.place(end.target, items, creates=False)

    def _hang_one(self, one: Field, end: RelationEnd, items: Sequence[Item], *, creates: bool) -> None:
        """The verbs of a one-to-one relation whose target holds the key."""
        target, child = end.target, end.target_field
        released, moved, made = [], [], []
        missing: dict[str, Item] = {}
        for item in items:
            if _says(item, one, "disconnect") or _says(item, one, "create"):
                released.append((item.id, None))
            if _says(item, one, "connect"):
                moved.append((self._named(target, item.data[one.name]["connect"]), item.id))
            if _says(item, one, "create"):
                data = item.data[one.name]["create"]
                made.append(Item(data["id"], data, {child.name: item.id}))
            if _says(item, one, "connectOrCreate"):
                holder = Item(item.id, item.data)
                self._connect_or_create(target, one, holder, missing)
                found = str(holder.keys[one.name])
                if found in {one_missing.id for one_missing in missing.values()}:
                    released.append((item.id, None))
                    next(m for m in missing.values() if m.id == found).keys[child.name] = item.id
                else:
                    moved.append((found, item.id))
        self._empty(target, end, [*released, *((parent, id_) for id_, parent in moved)], column=target.key.name)
        self._move(end, moved)
        self.place(target, [*made, *missing.values()], creates=True)
        updates = [item for item in items if _says(item, one, "update")]
        keys = [self._holder_of(end, item.id) for item in updates]
        self._update_targets(end, _values(updates, one, "update"), keys, creates=creates)

    def _hang_many(self, one: Field, end: RelationEnd, items: Sequence[Item], *, creates: bool) -> None:
        said = [(item, item.data[one.name]) for item in items if isinstance(item.data.get(one.name), dict)]
        far = self.links.get(end.target_field.id)
        for _, verbs in said:
            ids = [_id_of(one) for one in _listed(verbs, *_NAMING)]
            if len(set(ids)) < len(ids) or (creates and _listed(verbs, "disconnect", "update", "delete")):
                raise Refused("BAD_USER_INPUT")
        self._leave(end, said, far)
        updates = [
            Item(self._held(end, far, item.id, change["id"]), change["data"])
            for item, verbs in said
            for change in _listed(verbs, "update")
        ]
        self.place(end.target, updates, creates=False)
        if far is None:
            for item, verbs in said:
                for id_ in verbs.get("delete") or ():
                    self._delete(end.target, self._held(end, far, item.id, id_))
        named = [
            (_id_of(one), item.id)
            for verb in ("set", "connect")
            for item, verbs in said
            for one in verbs.get(verb) or ()
        ]
        if far is None:
            self._move(end, [(self._live(end.target, id_), parent) for id_, parent in named])
        else:
            self._link(end, far, named)
        child = end.target_field
        made = [
            Item(data["id"], data, {child.name: item.id}) for item, verbs in said for data in _listed(verbs, "create")
        ]
        self.place(end.target, made, creates=True)

    def _leave(self, end: RelationEnd, said: Sequence[tuple[Item, Mapping[str, Any]]], far: Field | None) -> None:
        target, child = end.target, end.target_field
        for item, verbs in said:
            for id_ in [*(verbs.get("disconnect") or ()), *((verbs.get("delete") or ()) if far else ())]:
                self._part(end, far, self._held(end, far, item.id, id_))
        for item, verbs in said:
            if verbs.get("set") is None:
                continue
            kept = {_id_of(one) for one in [*verbs["set"], *(verbs.get("connect") or ())]}
            for id_, row in self._rows(target):
                own = id_ if far is None else row[far.parts[0].column.name]
                if row[end.foreign_key.column.name] == item.id and own not in kept:
                    self._part(end, far, id_)
        assert child is not None

    def _part(self, end: RelationEnd, far: Field | None, id_: str) -> None:
        if far is not None:
            self._delete(end.target, id_)
            return
        self.state[end.target.id][id_][end.foreign_key.column.name] = None
        self.touched.add((end.target.id, id_))

    def _link(self, end: RelationEnd, far: Field, named: Iterable[tuple[str, str]]) -> None:
        """Links have ids of their own, which nobody can foretell: they are called by the ends that they link."""
        near, other = end.foreign_key.column.name, far.parts[0].column.name
        far_end = relation_end(self.snapshot, far)
        assert far_end is not None
        for id_, parent in named:
            if any(row[near] == parent and row[other] == id_ for _, row in self._rows(end.target)):
                continue
            self._live(far_end.target, id_)
            row: Row = {part.column.name: None for one in end.target.fields for part in one.parts}
            self.state[end.target.id][f"{parent}:{id_}"] = row | {near: parent, other: id_}

    def _held(self, end: RelationEnd, far: Field | None, parent: str, id_: str) -> str:
        """The id of the record that hangs on the parent and is named so."""
        for own, row in self._rows(end.target):
            names = {own} if far is None else {own, row[far.parts[0].column.name]}
            if id_ in names and row[end.foreign_key.column.name] == parent:
                return own
        raise Refused("NOT_FOUND")

    def _move(self, end: RelationEnd, moved: Iterable[tuple[str, str]]) -> None:
        child = end.target_field
        for id_, parent in moved:
            row = self.state[end.target.id][id_]
            if row[child.parts[0].column.name] == parent:
                continue
            for group in end.target.morphs:
                if child in group:
                    row |= {other.parts[0].column.name: None for other in group}
            row[child.parts[0].column.name] = parent
            self.touched.add((end.target.id, id_))

    def _empty(
        self, holder: Object, end: RelationEnd, taken: Iterable[tuple[str | None, str | None]], *, column: str
    ) -> None:
        """Empty the keys that lead to these targets, but in the rows that are named beside them."""
        pairs = set(taken)
        targets = {target for target, _ in pairs} - {None}
        key = end.foreign_key.column.name
        for id_, row in self._rows(holder):
            if row[key] in targets and (row[key], row[column]) not in pairs:
                row[key] = None
                self.touched.add((holder.id, id_))

    def _delete(self, object_: Object, id_: str) -> None:
        assert object_.deleted_at is not None
        self.state[object_.id][id_][object_.deleted_at.name] = DELETED
        self.touched.add((object_.id, id_))

    def _rows(self, object_: Object) -> list[tuple[str, Row]]:
        assert object_.deleted_at is not None
        return [(id_, row) for id_, row in self.state[object_.id].items() if row[object_.deleted_at.name] is None]

    def _is_live(self, object_: Object, id_: str) -> bool:
        return any(own == id_ for own, _ in self._rows(object_))

    def _live(self, object_: Object, id_: str) -> str:
        if not self._is_live(object_, id_):
            raise Refused("NOT_FOUND")
        return id_

    def _named(self, object_: Object, target: Any) -> str:
        if isinstance(target, str):
            return self._live(object_, target)
        ((name, value),) = target["where"].items()
        found = self._find(object_, name, value)
        if found is None:
            raise Refused("NOT_FOUND")
        return found

    def _find(self, object_: Object, name: str, value: Any) -> str | None:
        column = object_.by_name[name].parts[0].column.name
        return next((id_ for id_, row in self._rows(object_) if row[column] == value), None)

    def _holder_of(self, end: RelationEnd, parent: str) -> str | None:
        key = end.foreign_key.column.name
        return next((id_ for id_, row in self._rows(end.target) if row[key] == parent), None)

    def _check_unique(self) -> None:
        for object_ in self.snapshot.objects.values():
            for one in object_.by_name.values():
                if one.is_unique and one.name != "id":
                    values = [row[one.parts[0].column.name] for _, row in self._rows(object_)]
                    values = [value for value in values if value is not None]
                    if len(set(values)) < len(values):
                        raise Refused("CONFLICT")


def _says(item: Item, one: Field, verb: str) -> bool:
    value = item.data.get(one.name)
    return isinstance(value, dict) and value.get(verb) is not None and value.get(verb) is not False


def _id_of(one: Any) -> str:
    """The id in a record's name: alone, in a unique key, or beside the changes of the record."""
    return one if isinstance(one, str) else str((one.get("where") or one)["id"])


_NAMING = ("connect", "disconnect", "set", "delete", "update")
"""The verbs that name records that are there."""


def _listed(verbs: Mapping[str, Any], *names: str) -> list[Any]:
    return [one for name in names for one in verbs.get(name) or ()]


def _values(items: Sequence[Item], one: Field, verb: str) -> list[Any]:
    return [item.data[one.name][verb] for item in items]
