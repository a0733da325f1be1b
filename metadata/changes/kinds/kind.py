"""A kind of change as one record, and its mutation in words that know nothing of GraphQL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

from fieldstone.metadata.changes.members import Member, Shape
from fieldstone.metadata.changes.types import UNSET, Applied, Change
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen

C = TypeVar("C", bound=Change)


class Subject(Enum):
    """The part of the model that a change is about, by its name in the API."""

    OBJECT = "object"
    FIELD = "field"
    INDEX = "index"
    ROLE = "role"


@frozen
class Mutation:
    """The mutation of the Metadata API that asks for a kind of change.

    Attributes:
        answer: the type of record that it answers with.
        description: its description.
        input_description: that of its input, where it has one.
        members: the members of its input.
        id_shape: the shape of the `id` that it takes, None where it creates.
        has_alias: False if it has no other spelling, as `createOneObject` is one of `createObject`.
        is_removal: True if it answers with the record as it was before the change.
        find_answer: returns the id of the record that it answers with; that of the change's subject by default.
    """

    answer: Subject
    description: str
    input_description: str = ""
    members: tuple[Member, ...] = ()
    id_shape: Shape | None = None
    has_alias: bool = True
    is_removal: bool = False
    find_answer: Callable[[Snapshot, UUID], UUID] = lambda _after, id_: id_


@frozen
class Kind(Generic[C]):
    """A kind of change.

    Attributes:
        action: its name in the API, in the history and in plans.
        type: its data.
        apply: returns the next snapshot; raises InvalidChange, UnknownObject.
        target: the attribute of the data that holds the id of the change's subject.
        describe: returns the members of a change in the history and in plans, besides its action and id.
        makes: returns the parts that a change creates; deleting them, in this order, is the inverse.
        invert: returns the inverse of a change that creates nothing, of the model before, the change, the model after.
        complete: reads those of the given attributes whose form depends on others.
        mutation: its mutation; None where only the engine makes such changes.
    """

    action: str
    type: type[C]
    apply: Callable[[Snapshot, C], Applied]
    target: str = "id"
    describe: Callable[[C], Mapping[str, JsonValue]] = lambda _change: {}
    makes: Callable[[C], Iterable[tuple[Subject, UUID]]] = lambda _change: ()
    invert: Callable[[Snapshot, C, Snapshot], Iterable[Change]] = lambda _before, _change, _after: ()
    complete: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values
    mutation: Mutation | None = None

    def id_of(self, change: C) -> UUID:
        """Return the id of the change's subject."""
        found: UUID = getattr(change, self.target)
        return found

    def read(self, given: Mapping[str, JsonValue]) -> C:
        """Return the change that the members of the mutation's input ask for, its `id` among them.

        Raises:
            InvalidChange: a payload has not the form that it must have.
        """
        members = self.mutation.members if self.mutation else ()
        defaults = {one.name: one.default for one in fields(self.type)}  # type: ignore[arg-type]  # a dataclass
        values = {
            member.attribute: _read(member.shape, value)
            for member in members
            # Null is a value only in an update; elsewhere it is the same as leaving the member out.
            if (value := given.get(member.name, UNSET)) is not UNSET
            and not (value is None and defaults[member.attribute] is not UNSET)
        }
        if self.mutation and self.mutation.id_shape:
            values[self.target] = UUID(given["id"])
        return self.type(**self.complete(values))


def _read(shape: Shape, value: JsonValue) -> object:
    match shape:
        case Shape.OBJECT | Shape.FIELD | Shape.INDEX | Shape.ROLE:
            return UUID(value)
        case Shape.FIELDS:
            return tuple(map(UUID, value))
        case Shape.FIELD_TYPE if value is not None:
            return FieldType(value)
        case Shape.FLAG if value is not None:
            return bool(value)
        case Shape.NUMBER if value is not None:
            return float(value)
        case _:
            return value
