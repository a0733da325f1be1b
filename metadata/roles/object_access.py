"""The effective rights of a role on one object: the ways of each action, its own and those of all roles it inherits."""

from dataclasses import field
from functools import lru_cache
from typing import Final
from uuid import UUID

from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.role import ALL_FIELDS, WHOLLY, Action, Stored, Way
from fieldstone.sql.frozen import frozen


@frozen
class ObjectAccess:
    """The rights on an object. Its hash is computed once: a Python hash of a UUID takes long.

    Attributes:
        read, create, update, delete, restore, destroy: the ways of each action; () is none.
        aggregates: whether the records may be counted, aggregated and grouped.
        dropped: the relations that lead to objects which the role does not see.
    """

    read: tuple[Way, ...] = ()
    create: tuple[Way, ...] = ()
    update: tuple[Way, ...] = ()
    delete: tuple[Way, ...] = ()
    restore: tuple[Way, ...] = ()
    destroy: tuple[Way, ...] = ()
    aggregates: bool = False
    dropped: frozenset[UUID] = frozenset()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ways = (self.read, self.create, self.update, self.delete, self.restore, self.destroy)
        object.__setattr__(self, "_hash", hash((ways, self.aggregates, self.dropped)))

    def __hash__(self) -> int:
        return self._hash

    def ways(self, action: Action) -> tuple[Way, ...]:
        """Return the ways of an action."""
        found: tuple[Way, ...] = getattr(self, action.value)
        return found

    @property
    def is_visible(self) -> bool:
        """Whether any action is granted; else the object does not exist for the role."""
        return any(map(self.ways, Action))

    def reads(self, field_id: UUID) -> bool:
        """Return whether a field may be read, if only in some of the records."""
        return field_id not in self.dropped and any(way.fields.has(field_id) for way in self.read)

    def reads_plainly(self, field_id: UUID) -> bool:
        """Return whether a field may be read in every record that may be read."""
        if field_id in self.dropped:
            return False
        rules = {way.rule for way in self.read if way.fields.has(field_id)}
        return bool(rules) and (None in rules or rules == {way.rule for way in self.read})

    def has_all_fields(self, *actions: Action) -> bool:
        """Return whether each way of these actions, of which each has one, has all fields and writes none by itself."""
        ways = [way for action in actions for way in self.ways(action)]
        has_ways = all(map(self.ways, actions))
        return has_ways and not self.dropped and all(way.fields == ALL_FIELDS and not way.presets for way in ways)

    def gives(self, action: Action, field_id: UUID) -> bool:
        """Return whether a client may give a field's value in a create or an update."""
        return field_id not in self.dropped and any(
            way.fields.has(field_id) and field_id not in preset_ids(way.presets) for way in self.ways(action)
        )


WHOLE: Final = ObjectAccess(
    read=WHOLLY, create=WHOLLY, update=WHOLLY, delete=WHOLLY, restore=WHOLLY, destroy=WHOLLY, aggregates=True
)
"""The rights of a role without restrictions."""

HIDDEN: Final = ObjectAccess()
"""The rights on an object that does not exist for a role."""


@lru_cache(maxsize=1_024)
def preset_ids(presets: Stored | None) -> frozenset[UUID]:
    """Return the ids of the fields that presets write: the keys of the data begin with them (`Stored`)."""
    if presets is None:
        return frozenset()
    return frozenset(UUID(key[1:37]) for key in loads(presets.text) if key.startswith("@"))
