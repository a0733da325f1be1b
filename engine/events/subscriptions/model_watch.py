"""A subscription to the changes of a workspace's model."""

from collections.abc import Callable
from uuid import UUID

from fieldstone.engine.events.subscriptions.subscription import KeptRequest
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.frozen import frozen


@frozen
class ModelWatch:
    """One subscription.

    Attributes:
        key: the response key of its field.
        select: returns the selected members of a `ModelChange`.
        find_model: finds the model at hand of a workspace.
    """

    principal: Principal
    operation: KeptRequest
    key: str
    select: Callable[[JsonValue], JsonValue]
    find_model: Callable[[UUID], Snapshot | None]

    @property
    def size(self) -> int:
        """Return the kept bytes of the client's request."""
        return len(self.operation.query) + len(self.operation.json)
