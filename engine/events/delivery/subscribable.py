"""The protocol of the API that makes subscriptions."""

from typing import Protocol
from uuid import UUID

from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.events.subscriptions.subscription import SubscriptionRequest
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import RoleReference


class Subscribable(Protocol):
    """The API that makes subscriptions."""

    async def subscribe(self, principal: Principal, operation: SubscriptionRequest) -> AnySubscription:
        """Return the subscription of an operation under the current snapshot.

        Raises:
            Refused: the model does not allow it.
            ServiceUnavailable, Timeout: the database or the work thread cannot be asked now.
        """

    async def refresh(self, workspace_id: UUID) -> None:
        """Load the newest snapshot of a workspace."""

    def has_moved(self, workspace_id: UUID, role: RoleReference, depends: Dependencies) -> bool:
        """Return whether the role sees other instances of these objects."""
