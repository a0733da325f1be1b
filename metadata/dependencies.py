"""Dependencies: a plan or a text is valid as long as a snapshot has the instances that it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from fieldstone.metadata.api_names import find_type
from fieldstone.metadata.model import Index, Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess

RightsOnObjects = frozenset[tuple[UUID, ObjectAccess]]
"""Rights by the id of their object, of those objects that are not seen whole."""

UNSERVED_SEARCH = "search()"
"""Stands among the unserved texts for a search in an object. No field has such a name."""


@dataclass(slots=True, kw_only=True)
class Dependencies:
    """The parts of a model that something was made from.

    Attributes:
        objects: the objects, by id.
        indexes: the indexes of those objects whose indexes make a difference, by the object's id.
        aliases: the names of types that stood for another one, because no object had a type of this name.
        may_grow: whether an object that has got more fields still counts as the same.
        unserved: the texts, each with its object, in whose order a table is read although no index serves it, and the
            searches that none serves.
        roster: the names of all readable objects, where it is about them all.
        checked: the newest snapshot that they were seen to hold under.
    """

    objects: Mapping[UUID, Object]
    indexes: Mapping[UUID, tuple[Index, ...]] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    may_grow: bool = False
    unserved: tuple[tuple[str, str], ...] = ()
    roster: tuple[str, ...] = ()
    checked: Snapshot | None = field(default=None, compare=False, repr=False)

    @property
    def rights(self) -> RightsOnObjects:
        """The rights on the objects of the role that they are seen by."""
        return frozenset((id_, one.access) for id_, one in self.objects.items() if one.access is not None)

    def hold(self, snapshot: Snapshot) -> bool:
        """Return whether the snapshot has these very instances, or those that they have grown to."""
        if self.checked is snapshot:
            return True
        if any(find_type(snapshot, name) for name in self.aliases):
            return False
        if self.roster and self.roster != tuple(snapshot.readable):
            return False
        return all(
            (now := snapshot.objects.get(id_)) is object_ or (self.may_grow and has_grown(object_, now))
            for id_, object_ in self.objects.items()
        ) and all(snapshot.indexes_of.get(id_, ()) == known for id_, known in self.indexes.items())

    def keep_up(self, snapshot: Snapshot) -> bool:
        """Return whether they hold under the snapshot; if so, its instances take the place of the former ones."""
        if self.checked is snapshot:
            return True
        if not self.hold(snapshot):
            return False
        # The former instances need not be kept.
        self.objects = {id_: snapshot.objects[id_] for id_ in self.objects}
        self.checked = snapshot
        return True


def has_grown(before: Object, after: Object | None) -> bool:
    """Return whether an object differs from before only by new fields behind its old ones."""
    if after is None or after is before:
        return after is before
    if before.whole.is_active is not after.whole.is_active:
        return False  # To a role that does not see it both look the same, but a rule hops over the whole object.
    # Behind those that were there: create_field appends, and rows are loaded in the order of creation.
    return after.fields[: len(before.fields)] == before.fields and replace(after, fields=before.fields) == before
