"""The parts of a document matched with those of the model: by name, or by the name before."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Relation, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file import members
from fieldstone.metadata.schema_file.export import first_name, is_inverse
from fieldstone.metadata.schema_file.renames import find_swaps
from fieldstone.sql.frozen import frozen

Values = Mapping[str, JsonValue]

T = TypeVar("T")


@frozen
class StatedField:
    """A field as the document has it; `known` is None where the model has none yet."""

    owner: "StatedObject"
    name: str
    values: Values
    known: Field | None

    @property
    def path(self) -> str:
        """How messages name it."""
        return f"{self.owner.name}.{self.name}"

    @property
    def first_name(self) -> str:
        """Its name before, where the document says so."""
        old = self.values["renamedFrom"]
        return self.name if old is None else str(old)

    @property
    def relation(self) -> Values:
        """The members of `relation`, with their defaults."""
        return members.read_members(self.values["relation"], members.RELATION, f"{self.path}.relation")


@frozen
class StatedObject:
    """An object as the document has it; `known` is None where the model has none yet."""

    name: str
    values: Values
    known: Object | None


@dataclass(frozen=True, kw_only=True)
class Stated:
    """All of a document, in its order.

    Attributes:
        objects: by name.
        fields: by the names of their object and their own.
    """

    objects: Mapping[str, StatedObject]
    fields: Mapping[tuple[str, str], StatedField]

    def name_of(self, field: Field) -> str:
        """Return the document's name of a field; the model's where the document has not got it."""
        return self._names.get(field.id, field.name)

    def object_name(self, object_: Object) -> str:
        """Return the document's name of an object; the model's where the document has not got it."""
        return self._names.get(object_.id, object_.name_singular)

    @cached_property
    def _names(self) -> Mapping[UUID, str]:
        every: Iterable[StatedObject | StatedField] = (*self.objects.values(), *self.fields.values())
        return {one.known.id: one.name for one in every if one.known is not None}

    def inverse_of(self, field: StatedField) -> StatedField | None:
        """Return the other end of a relation, where the document has it too."""
        relation = field.relation
        return self.fields.get((relation["target"], relation["inverse"]))

    def source_of(self, field: StatedField) -> StatedField | None:
        """Return the end that holds the key, where the document has it too."""
        owner, _, name = field.values["inverseOf"].partition(".")
        return self.fields.get((owner, name))


def match_document(snapshot: Snapshot, document: JsonValue) -> Stated:
    """Return the parts of the model that a document names.

    Raises:
        InvalidChange: it is no such document, or its parts do not fit together.
    """
    read = members.read_members(document, members.DOCUMENT, "the document")
    if read["version"] != members.VERSION:
        raise InvalidChange(f"the document must be of version {members.VERSION}, not {shown(read['version'])}")
    given = {
        name: members.read_members(value, members.OBJECT, name)
        for name, value in members.read_mapping(read["objects"], "objects").items()
    }
    by_name = {object_.name_singular: object_ for object_ in snapshot.objects.values()}
    known = _match(given, by_name, _first_names_of_object)
    objects = {name: StatedObject(name=name, values=values, known=known.get(name)) for name, values in given.items()}
    fields: dict[tuple[str, str], StatedField] = {}
    for owner in objects.values():
        fields.update(_match_fields(owner))
    fields.update({key: _match_inverse(snapshot, fields, field) for key, field in fields.items() if _is_end(field)})
    stated = Stated(objects=objects, fields=fields)
    for field in fields.values():
        _check_ends(stated, field)
    return stated


def _match(
    given: Mapping[str, Values], there: Mapping[str, T], first_names: Callable[[T], AbstractSet[str]]
) -> dict[str, T]:
    """Return the part for each name; the renamed ones come first, as an old name may be another's now.

    A part that has a name already was renamed before, unless the document gives that another name.
    """
    renames = {name: old for name, values in given.items() if (old := values["renamedFrom"]) in there and old != name}
    found: dict[str, T] = {}
    free: set[str] = set()
    while ready := [name for name in renames if name not in found and (name not in there or name in free)]:
        found.update((name, there[renames[name]]) for name in ready)
        free.update(renames[name] for name in ready)
    for names in find_swaps({name: old for name, old in renames.items() if name not in found}):
        if not _is_swapped(names, renames, there, first_names):
            found.update((name, there[renames[name]]) for name in names)
    taken = {id(one) for one in found.values()}
    if len(taken) < len(found):
        raise InvalidChange("two names in the document have the same renamedFrom", field="renamedFrom")
    for name in given:
        if name in there and id(there[name]) not in taken:
            found[name] = there[name]
    return found


def _is_swapped(
    names: list[str], renames: Mapping[str, str], there: Mapping[str, T], first_names: Callable[[T], AbstractSet[str]]
) -> bool:
    """Return whether names that take each other's place have done so: their columns and tables have the first ones.

    Ends of relations without a column are found by the other end, whatever this returns.

    Raises:
        InvalidChange: they have others.
    """
    telling = [name for name in names if first_names(there[name])]
    if not telling:
        return False
    before = all(name in first_names(there[name]) for name in telling)
    after = all(renames[name] in first_names(there[name]) for name in telling)
    if before is after:
        raise InvalidChange(
            f"{', '.join(names)} take each other's names by renamedFrom, and nothing tells whether they have done so"
            " already; rename one of them to another name first, and apply the document without renamedFrom then",
            field="renamedFrom",
        )
    return after


def _first_names_of_object(object_: Object) -> AbstractSet[str]:
    return {object_.table.name}


def _first_names_of_field(field: Field) -> AbstractSet[str]:
    return {field.column, first_name(field)} if field.column else set()


def _match_fields(owner: StatedObject) -> Iterator[tuple[tuple[str, str], StatedField]]:
    where = f"{owner.name}.fields"
    given = {
        name: members.read_members(value, members.FIELD, f"{owner.name}.{name}")
        for name, value in members.read_mapping(owner.values["fields"], where).items()
    }
    there = {field.name: field for field in owner.known.fields} if owner.known else {}
    known = _match(given, there, _first_names_of_field)
    for name, values in given.items():
        yield (owner.name, name), StatedField(owner=owner, name=name, values=values, known=known.get(name))


def _is_end(field: StatedField) -> bool:
    return field.values["inverseOf"] is not None


def _match_inverse(
    snapshot: Snapshot, fields: Mapping[tuple[str, str], StatedField], field: StatedField
) -> StatedField:
    """Return an inverse with the field that it is: that of its source, whatever it is called in the model."""
    owner, _, name = field.values["inverseOf"].partition(".")
    source = fields.get((owner, name))
    if source is None:
        object_ = snapshot.named(owner)
        known = next((one for one in object_.fields if one.name == name), None) if object_ else None
    else:
        known = source.known
    relation = _relation_of(snapshot, known)
    if relation is None or field.owner.known is None or relation.target_object_id != field.owner.known.id:
        if source is None:
            raise InvalidChange(
                f"{field.path}: there is no field {shown(field.values['inverseOf'])} that leads here, neither in the"
                " model nor in the document",
                field="inverseOf",
            )
        return replace(field, known=None)
    return replace(field, known=field.owner.known.by_id[relation.target_field_id])


def _relation_of(snapshot: Snapshot, field: Field | None) -> Relation | None:
    if field is None or field.relation_id is None or is_inverse(field):
        return None
    return snapshot.relations[field.relation_id]


def _check_ends(stated: Stated, field: StatedField) -> None:
    if field.values["relation"] is not None:
        relation = field.relation
        if relation["target"] is None or (relation["inverse"] is None and field.known is None):
            raise InvalidChange(f"{field.path}.relation needs target and inverse", field="relation")
        other = stated.inverse_of(field)
        if other is not None and other.values["inverseOf"] != field.path:
            raise InvalidChange(
                f"{other.path} is the inverse of {field.path}, and must have inverseOf: {field.path}", field="inverseOf"
            )
    if _is_end(field):
        source = stated.source_of(field)
        if source is None:
            return
        relation = source.relation
        if (relation["target"], relation["inverse"]) != (field.owner.name, field.name):
            raise InvalidChange(
                f"{field.path} is inverseOf {source.path}, whose relation must have target: {field.owner.name} and"
                f" inverse: {field.name}",
                field="relation",
            )
