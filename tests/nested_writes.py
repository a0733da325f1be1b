"""Hypothesis strategies over nested writes: whatever a client could do to the records of a workspace in one mutation.

Each record that is there is named once in an operation, so that its order among the verbs makes no difference; now and
then a mistake is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, RelationEnd, Snapshot, relation_end
from tests.apis import WORKSPACE_ID
from tests.operation_writer import Lifted, Writer, to_json
from tests.reference_nested import Row, State

STRANGER = str(uuid5(WORKSPACE_ID, "stranger"))
"""The id of no record."""


@dataclass(frozen=True, slots=True, repr=False)
class NestedWrite:
    """A drawn mutation.

    Attributes:
        id: the record that is updated; None: records are created.
        data: the argument; a list for several records.
        mistakes: the codes of the refusals that were drawn into it.
    """

    object_: Object
    id: str | None
    data: Any
    mistakes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"NestedWrite({self.object_.name_singular}, {self.id}, {self.plain}, {self.mistakes})"

    def write(self, how: str) -> tuple[str, Mapping[str, Any]]:
        """The document and its variables: with a variable for the `whole` data, for `parts` of it, or for nothing."""
        object_, many = self.object_, isinstance(self.data, list)
        name = object_.name_plural if many else object_.name_singular
        root = ("create" if self.id is None else "update") + name[0].upper() + name[1:]
        data = self.data
        if how == "whole":
            data = Lifted(f"[{object_.type_name}Input!]!" if many else f"{object_.type_name}Input!", data, data)
        writer = Writer(lift=how != "literal")
        id_ = "" if self.id is None else f'id: "{self.id}", '
        body = f"{root}({id_}data: {writer.value(data)}) {{ id }}"
        definitions = f"({', '.join(writer.definitions)})" if writer.definitions else ""
        return f"mutation {definitions} {{ {body} }}", writer.variables

    @property
    def plain(self) -> Any:
        """The data as JSON."""
        return to_json(self.data)


@dataclass(slots=True)
class Drawing:
    """Draws the data of one mutation."""

    draw: st.DrawFn
    snapshot: Snapshot
    state: State
    links: Mapping[UUID, Field]
    unused: dict[UUID, list[str]]
    made: int = 0
    mistakes: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent

    def lifted(self, of_type: str, value: Any) -> Any:
        return Lifted(of_type, value, value) if self.chance(15) else value

    def take(self, object_: Object, wanted: Any = None) -> str | None:
        """A record that nothing names yet, and that fulfils `wanted`."""
        ids = [id_ for id_ in self.unused[object_.id] if wanted is None or wanted(self.state[object_.id][id_])]
        if not ids:
            return None
        id_ = self.draw(st.sampled_from(ids))
        self.unused[object_.id].remove(id_)
        return id_

    def known(self, object_: Object) -> str:
        """The id of a record to connect, or by mistake that of none."""
        id_ = None if self.chance(3) else self.take(object_)
        if id_ is None:
            self.mistakes.append("NOT_FOUND")
        return id_ or STRANGER

    def record(self, object_: Object, depth: int, *, row: Row | None, parent: Field | None = None) -> dict[str, Any]:
        """The data of a record: to create it, or to change this row."""
        data: dict[str, Any] = {}
        if row is None:
            self.made += 1
            data["id"] = str(uuid5(WORKSPACE_ID, f"made {self.made}"))
        for name, one in object_.by_name.items():
            if one.type is FieldType.TEXT and one.relation_id is None:
                if name == "email" and (row is None or self.chance(10)):
                    if self.chance(2) and row is None:
                        self.mistakes.append("BAD_USER_INPUT")
                        continue
                    self.made += 1
                    data[name] = f"{self.made}@made"
                elif name != "email" and self.chance(20):
                    data[name] = self.draw(st.sampled_from(["x", "y", "", None]))
        self._relations(object_, data, depth, row, parent)
        return data

    def _relations(
        self, object_: Object, data: dict[str, Any], depth: int, row: Row | None, parent: Field | None
    ) -> None:
        closed = [group for group in object_.morphs if parent in group]
        for name, one in object_.by_name.items():
            end = relation_end(self.snapshot, one)
            if end is None or one is parent or any(one in group for group in closed):
                continue
            is_needed = row is None and end.holds_key and not one.is_nullable
            if not (is_needed or (depth > 0 and self.chance(45))):
                continue
            said = self._to_one(one, end, depth, row) if end.to_one else self._to_many(end, depth, row)
            if said:
                role = TypeRole.RELATION_INPUT if end.to_one else TypeRole.RELATION_LIST_INPUT
                data[name] = self.lifted(type_name(end.target, role), said)
                closed += [group for group in object_.morphs if one in group]

    def _to_one(self, one: Field, end: RelationEnd, depth: int, row: Row | None) -> dict[str, Any]:
        target, child = end.target, None if end.holds_key else end.target_field
        is_needed = end.holds_key and not one.is_nullable
        verbs = ["create", "connect", "connectOrCreate", *([] if is_needed else ["disconnect"])]
        current = self._current(end, row)
        if current in self.unused[target.id]:
            verbs.append("update")
        match self.draw(st.sampled_from(verbs if depth > 0 else ["connect"])):
            case "create":
                made = self.record(target, depth - 1, row=None, parent=child)
                return {"create": self.lifted(type_name(target, TypeRole.INPUT), made)}
            case "connect":
                id_ = self.known(target)
                return {"connect": {"where": {"id": id_}} if self.chance(20) else id_}
            case "connectOrCreate":
                there = self.take(target) if self.chance(50) else None
                create = self.record(target, depth - 1, row=None, parent=child)
                return {"connectOrCreate": {"where": {"id": there or create["id"]}, "create": create}}
            case "update":
                assert current is not None
                self.unused[target.id].remove(current)
                return {"update": self.record(target, depth - 1, row=self.state[target.id][current])}
            case verb:
                return {verb: True}

    def _current(self, end: RelationEnd, row: Row | None) -> str | None:
        if row is None:
            return None
        if end.holds_key:
            held: str | None = row[end.near.name]
            return held
        key = end.foreign_key.column.name
        return next((id_ for id_, one in self.state[end.target.id].items() if one[key] == row["id"]), None)

    def _to_many(self, end: RelationEnd, depth: int, row: Row | None) -> dict[str, Any]:
        target, child = end.target, end.target_field
        far = self.links.get(child.id)
        far_end = relation_end(self.snapshot, far) if far is not None else None
        named = target if far_end is None else far_end.target
        said: dict[str, Any] = {}
        for verb in self.draw(st.lists(st.sampled_from(["connect", "set"]), max_size=1)):
            said[verb] = [
                {"where": {"id": self.known(named)}} if self.chance(20) else self.known(named)
                for _ in range(self.draw(st.integers(0, 2)))
            ]
        if row is not None:
            for verb in self.draw(
                st.lists(st.sampled_from(["disconnect", "delete", "update"]), max_size=2, unique=True)
            ):
                said[verb] = self._held(verb, end, depth, row)
        if self.chance(50):
            rows = [self.record(target, depth - 1, row=None, parent=child) for _ in range(self.draw(st.integers(0, 2)))]
            said["create"] = self.lifted(f"[{type_name(target, TypeRole.INPUT)}!]", rows)
        ids = said.get("connect") or []
        if ids and isinstance(ids[0], str) and self.chance(4):
            said["connect"] = [*ids, ids[0]]
            self.mistakes.append("BAD_USER_INPUT")
        return {
            name: self.lifted("[UUID!]" if all(isinstance(one, str) for one in value) else "[ConnectTarget!]", value)
            if name in {"connect", "set"}
            else value
            for name, value in said.items()
        }

    def _held(self, verb: str, end: RelationEnd, depth: int, row: Row) -> list[Any]:
        """Records that hang on the row, or by mistake one that does not."""
        key = end.foreign_key.column.name
        found: list[Any] = []
        for _ in range(self.draw(st.integers(1, 2))):
            is_right = not self.chance(4)
            id_ = self.take(end.target, lambda one, is_right=is_right: (one[key] == row["id"]) is is_right)
            if id_ is None:
                continue
            if not is_right:
                self.mistakes.append("NOT_FOUND")
            if verb == "update":
                found.append(
                    {"id": id_, "data": self.record(end.target, depth - 1, row=self.state[end.target.id][id_])}
                )
            else:
                found.append(id_)
        return found


@st.composite
def nested_writes(draw: st.DrawFn, snapshot: Snapshot, state: State, links: Mapping[UUID, Field]) -> NestedWrite:
    """Mutations of records that are there, or are created."""
    unused = {
        object_.id: [id_ for id_, row in state[object_.id].items() if row[object_.deleted_at.name] is None]
        for object_ in snapshot.objects.values()
        if object_.deleted_at is not None
    }
    drawing = Drawing(draw, snapshot, state, links, unused)
    object_ = draw(st.sampled_from([one for one in snapshot.objects.values() if one.name_singular != "companyPerson"]))
    depth = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["create", "several", "update", "update"]))
    if kind == "update":
        id_ = drawing.take(object_)
        assert id_ is not None
        data: Any = drawing.record(object_, depth, row=state[object_.id][id_])
        return NestedWrite(object_, id_, data, tuple(drawing.mistakes))
    if kind == "create":
        return NestedWrite(object_, None, drawing.record(object_, depth, row=None), tuple(drawing.mistakes))
    rows = [drawing.record(object_, depth, row=None) for _ in range(draw(st.integers(0, 3)))]
    return NestedWrite(object_, None, rows, tuple(drawing.mistakes))
