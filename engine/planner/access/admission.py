"""Admission: the ways of a role that allow the data of a record to be given, and the presets that complete it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.planner.access.rules import stored_tree
from fieldstone.engine.planner.arguments.column_values import FieldWriter, build_field_writer
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, Tree, blame_claim, find_claim, value_of
from fieldstone.metadata.access.effective import allows_field
from fieldstone.metadata.access.rules import show
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import preset_ids
from fieldstone.metadata.roles.role import ALL_FIELDS, Action, Way
from fieldstone.sql.frozen import frozen


class MadeId(str):
    """The id of a record that the server made: no client gives it, so no right is needed for it."""

    __slots__ = ()


@frozen
class Preset:
    """The origin of a value that no client gives.

    Attributes:
        claim: the name of the principal's value that it is; None: it is the same for every principal.
    """

    claim: str | None


class PresetKey(str):
    """The key of the record that a preset makes a relation lead to."""

    __slots__ = ("preset",)

    preset: Preset

    @classmethod
    def of(cls, key: str, preset: Preset) -> Self:
        """Return the key of the record that a preset makes a relation lead to."""
        made = cls(key)
        made.preset = preset
        return made


@frozen
class Admitted:
    """The ways that admit data with these fields.

    Attributes:
        ways: those whose fields hold all that the data gives, and that do not preset any of it.
        marks: a text with a 1 at the place of each of them among all ways, else a 0.
        presets: the data that the record gets beside that of the client.
    """

    ways: tuple[Way, ...]
    marks: str
    presets: Mapping[str, Tree]

    @property
    def preset_ids(self) -> frozenset[UUID]:
        """The ids of the fields that are preset."""
        return preset_ids(self.ways[0].presets)

    def complete(self, data: Tree) -> Tree:
        """Return data with the presets in it."""
        return {**(data if isinstance(data, dict) else {}), **self.presets}


@frozen
class Admission:
    """The ways in which a role gives the data of an object's records.

    Attributes:
        ids: the ids of the fields by the names that data has for them.
        hidden: the fields that lead to objects which the role does not see.
        presets: those of each way, in names.
        readers: read the preset fields that get values of the principal, which may not fit.
    """

    object_: Object
    action: Action
    ways: tuple[Way, ...]
    ids: Mapping[str, UUID]
    hidden: frozenset[UUID]
    presets: tuple[Mapping[str, Tree], ...]
    readers: Mapping[str, FieldWriter]
    blame: Blame

    @property
    def is_marked(self) -> bool:
        """Whether each record's data says which ways admit it."""
        return len(self.ways) > 1

    def admit(self, names: Collection[str], role: str) -> Admitted:
        """Return the ways that admit data with these members.

        The presets are those of the first one. Others count beside it if they allow to write the same.

        Raises:
            Forbidden: there are none; `field` names the first member that none allows, or not beside the others.
        """
        given = {name: self.ids[name] for name in names if name in self.ids}
        places = [place for place, way in enumerate(self.ways) if self._refused(way, given) is None]
        if not places:
            name = next((name for name, id_ in given.items() if not self._gives(id_)), None)
            raise self._forbidden(name or self._refused(self.ways[0], given) or "", role, is_alone=name is not None)
        presets = self.presets[places[0]]
        chosen = preset_ids(self.ways[places[0]].presets)
        places = [place for place in places if _writes(self.ways[place], chosen)]
        marks = "".join("1" if place in places else "0" for place in range(len(self.ways)))
        return Admitted(ways=tuple(self.ways[place] for place in places), marks=marks, presets=presets)

    def _gives(self, field_id: UUID) -> bool:
        return field_id not in self.hidden and any(allows_field(self.object_, way, field_id) for way in self.ways)

    def _refused(self, way: Way, given: Mapping[str, UUID]) -> str | None:
        """Return the first of the given members that a way does not let clients give."""
        return next(
            (name for name, id_ in given.items() if id_ in self.hidden or not allows_field(self.object_, way, id_)),
            None,
        )

    def _forbidden(self, name: str, role: str, *, is_alone: bool) -> Forbidden:
        given = f"'{name}' of '{self.object_.name_singular}'"
        beside = "" if is_alone else " together with the other fields given"
        return Forbidden(
            f"The role '{role}' may not give {given}{beside} on {self.action.value}.",
            field=name,
            path=self.blame.path,
        )


@dataclass(slots=True)
class Completion:
    """The completion of one request's records by the presets of their ways."""

    admission: Admission
    bindings: Bindings
    _known: dict[frozenset[str], tuple[str, Mapping[str, JsonValue]]]

    def __init__(self, admission: Admission, bindings: Bindings) -> None:
        self.admission, self.bindings, self._known = admission, bindings, {}

    def complete(self, data: Mapping[str, JsonValue]) -> tuple[Mapping[str, JsonValue], str]:
        """Return the data of a record with its presets, and the marks of the ways that admit it.

        Raises:
            Forbidden: no way admits it.
            PrincipalValueUnusable: a value of the principal does not fit into a preset.
        """
        names = frozenset(data) - {"id"} if isinstance(data.get("id"), MadeId) else frozenset(data)
        if names not in self._known:
            admitted = self.admission.admit([name for name in data if name in names], self.bindings.role)
            presets = {name: self._read(name, tree) for name, tree in admitted.presets.items()}
            self._known[names] = admitted.marks, presets
        marks, values = self._known[names]
        return {**data, **values} if values else data, marks

    def _read(self, name: str, tree: Tree) -> JsonValue:
        """Return the value of a preset."""
        value = value_of(tree, self.bindings)
        if name in self.admission.object_.held_keys and value is not None:
            return PresetKey.of(value, Preset(claim=find_claim(tree)))
        if read := self.admission.readers.get(name):
            try:
                read(value, [None] * len(self.admission.object_.active[name].parts))
            except BadUserInput as error:
                raise blame_claim(tree, error) from None
        return value

    def attempt(self, data: Mapping[str, JsonValue]) -> tuple[Mapping[str, JsonValue], str]:
        """Complete the data; data that no way admits stays as it is, with the marks of no way."""
        try:
            return self.complete(data)
        except Forbidden:
            return data, "0" * len(self.admission.ways)


def sample_rows(
    admission: Admission, rows: Sequence[Mapping[str, JsonValue]], sample: Bindings
) -> list[Mapping[str, JsonValue]]:
    """Return rows with their presets, for the plan; those that are not admitted are refused when they are bound."""
    # The principal's values of a sample are none.
    completion = Completion(replace(admission, readers={}), sample)
    return [completion.attempt(row)[0] for row in rows]


def find_admission(
    snapshot: Snapshot, object_: Object, action: Action, ways: Sequence[Way], blame: Blame
) -> Admission | None:
    """Return the admission of data by ways that are not WHOLLY allowed; None if each of them admits all data."""
    hidden = object_.rights.dropped
    if not hidden and all(way.fields == ALL_FIELDS and way.presets is None for way in ways):
        return None
    named = [*object_.active.items(), *object_.held_keys.items()]
    presets = tuple(_tree(snapshot, way) for way in ways)
    own = {name for trees in presets for name, tree in trees.items() if find_claim(tree) and name in object_.active}
    return Admission(
        object_=object_,
        action=action,
        ways=tuple(ways),
        ids={name: field.id for name, field in named},
        hidden=hidden,
        presets=presets,
        readers={name: build_field_writer(object_.active[name], 0, blame) for name in own},
        blame=blame,
    )


def _tree(snapshot: Snapshot, way: Way) -> Mapping[str, Tree]:
    tree = None if way.presets is None else stored_tree(show(snapshot.whole, way.presets))
    return tree if isinstance(tree, dict) else {}


def _writes(way: Way, chosen: frozenset[UUID]) -> bool:
    """Return whether a way allows the presets of another one, and has no others."""
    own = preset_ids(way.presets)
    return own <= chosen and all(field_id in own or way.fields.has(field_id) for field_id in chosen)
