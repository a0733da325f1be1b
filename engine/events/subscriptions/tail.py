"""The plan of a subscription to the events of all objects, and the key that it shares with its group."""

from collections.abc import Container, Iterable
from dataclasses import field
from uuid import UUID

from fieldstone.engine.planner.event_tail import Chosen, PlannedTail
from fieldstone.engine.positions import Positions
from fieldstone.engine.record_history.following import Follower, Wanted
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.role import RoleReference
from fieldstone.sql.frozen import frozen


@frozen
class TailPlan:
    """The plan of a subscription to the events of all objects."""

    planned: PlannedTail
    depends: Dependencies


@frozen
class TailKey:
    """The key of a group: subscriptions with equal keys are served by the same statements.

    Attributes:
        positions: their form for clients.
        key: the response key of their field.
        claims: those of the principals where they decide about the text of a record; "" elsewhere.
        known: the ids of all objects of the model that it was made by.
        follower: reads the events for the group.
    """

    workspace_id: UUID
    role: RoleReference
    positions: Positions
    key: str
    chosen: tuple[Chosen, ...]
    objects: frozenset[UUID]
    actions: frozenset[str]
    since: str | None
    until: str | None
    claims: str
    known: Container[UUID] = field(compare=False, repr=False)
    follower: Follower = field(compare=False, repr=False)

    def is_about(self, object_id: UUID, action: str) -> bool:
        """Return whether an action on records of an object may concern the group."""
        return object_id in self.objects and action in self.actions


def read_sets(texts: Iterable[bytes]) -> list[Wanted]:
    """Return the events that subscribers with these parameter sets want."""
    return [Wanted(*loads(text)) for text in texts]
