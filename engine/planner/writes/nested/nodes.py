"""The plan of a nested write: a tree of records to write and of the relations between them, with their statements."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.nested.places import InputPath
from fieldstone.engine.planner.writes.nested.steps import Found, RowValue, Step, When
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, RelationEnd
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen


@dataclass(slots=True, kw_only=True)
class Item:
    """A record to create or to change, as a request gives it.

    Attributes:
        id: its id; a look-up where that is not known yet.
        parent: the record that it must hang on, for a change.
        links: the records that relations lead to which the request itself has found or made, by field name.
    """

    id: str | Found
    data: Mapping[str, JsonValue]
    path: InputPath
    parent: str | Found | None = None
    when: When | None = None
    links: dict[str, str | Found] = dataclasses.field(default_factory=dict)


class KeyPart(NamedTuple):
    """One value of a unique key: the member of `where` that has it, the part of a composite, and its reader."""

    member: str
    part: str | None
    coerce: Callable[[JsonValue], ColumnValue]


@frozen
class Lookup:
    """A unique key by which clients name records, as a Find."""

    step: Step
    parts: tuple[KeyPart, ...]


@frozen
class Records:
    """The records that are created or changed in one place of the data.

    Attributes:
        write: makes the step's rows; raises BadUserInput or Forbidden whose `extensions.index` is the item's.
    """

    object_: Object
    creates: bool
    step: Step
    write: Callable[[Sequence[Item], Bindings], Sequence[Sequence[RowValue]]]
    to_one: tuple["ToOne", ...] = ()
    to_many: tuple["ToMany", ...] = ()

    @property
    def is_shareable(self) -> bool:
        """Whether many records may be changed by one and the same data: all that is made beside them is shared."""
        return not self.to_many and all(
            one.end.holds_key and one.update is None and one.release is None for one in self.to_one
        )


Branch = Records | Forbidden
"""The records that a request writes only if a look-up says so, or the error of the role that may not write them."""


@frozen
class ToOne:
    """The verbs for the record that a relation leads to.

    Where this side holds the key, the target is found or made first, and the record then links to it. Where the target
    holds it (`move` and `release` are about the target), the target is made to hang on the record afterwards.

    Attributes:
        create: creates the target; `create_missing` does where it was not found, or refuses to.
        lookups: the ways to find the target, each by the members of its unique key.
        finds_connected: whether a target to connect by a unique key is found first.
        seek: finds the target of a record that is there, to update it.
        release: takes a one-to-one relation's target from its holder, or the record's present one from the record.
        move: makes a target that holds the key hang on the record.
    """

    field: Field
    key_name: str
    end: RelationEnd
    create: Records | None = None
    create_missing: Branch | None = None
    lookups: Mapping[tuple[str, ...], Lookup] = dataclasses.field(default_factory=dict)
    finds_connected: bool = False
    seek: Step | None = None
    update: Records | None = None
    release: Step | None = None
    move: Step | None = None


@frozen
class ToMany:
    """The verbs for the records that hang on a record.

    Attributes:
        named: the object of the records to connect.
        lookups: the ways to find them, each by the members of its unique key.
        far: the field by which the records of a many-to-many relation lead to its other end; None for any other.
        find: finds the record that links two others.
        detach: disconnects records; `keep` disconnects all but those named.
        remove: deletes records softly.
        connect: creates the records that link to those named.
    """

    field: Field
    end: RelationEnd
    named: Object
    lookups: Mapping[tuple[str, ...], Lookup] = dataclasses.field(default_factory=dict)
    far: Field | None = None
    find: Step | None = None
    detach: Step | None = None
    keep: Step | None = None
    update: Records | None = None
    remove: Step | None = None
    move: Step | None = None
    connect: Records | None = None
    create: Records | None = None
