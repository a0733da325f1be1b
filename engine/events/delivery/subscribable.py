"""The API that subscriptions are made by, as the hub sees it."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from fieldstone.engine.events.subscriptions.subscription import Subscription, SubscriptionRequest
from fieldstone.metadata.model import Object
from fieldstone.metadata.workspaces.api_keys import Principal


class Subscribable(Protocol):
    """The API that subscriptions are made by."""

    async def subscribe(self, principal: Principal, operation: SubscriptionRequest) -> Subscription:
        """Return the subscription that an operation is under the current snapshot, or raise Refused."""

    async def refresh(self, workspace_id: UUID) -> None:
        """Have the newest model of a workspace be the current one."""

    def has_moved(self, workspace_id: UUID, depends: Mapping[UUID, Object]) -> bool:
        """Whether the current snapshot has other instances of these objects."""
