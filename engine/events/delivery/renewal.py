"""Renews subscriptions whose model has changed: each joins a group under the new snapshot."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from fieldstone.engine.errors import ApiError, BadUserInput, ServiceUnavailable, Timeout
from fieldstone.engine.events.delivery.subscribable import Subscribable
from fieldstone.engine.events.delivery.tickets import Tickets
from fieldstone.engine.events.delivery.work import PAUSE
from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.metadata.errors import MetadataError

_AT_ONCE = 50
"""Subscriptions that are renewed before other tasks get their turn."""
_BESIDE_CLIENTS = 3
"""Subscriptions that are compiled at once, so that the requests of clients are not crowded out."""


class Renewable(Protocol):
    """A member of a group, whose subscription can be made again."""

    @property
    def subscription(self) -> AnySubscription:
        """Return the subscription under the former snapshot."""

    @property
    def group(self) -> object | None:
        """Return the group that it is a member of."""


M = TypeVar("M", bound=Renewable)


class Renewal(Generic[M]):
    """One kind of work for groups.

    Args:
        api: makes subscriptions.
        end: ends a subscription with errors.
        rejoin: moves a subscriber to another subscription.
    """

    def __init__(
        self,
        api: Subscribable,
        *,
        end: Callable[[M, list[ApiError]], None],
        rejoin: Callable[[M, AnySubscription], None],
    ) -> None:
        self._api = api
        self._end = end
        self._rejoin = rejoin
        self._tickets = Tickets(_BESIDE_CLIENTS)

    async def step(self, group: Iterable[M]) -> None:
        """Renew the subscriptions of a retired group, or end those that the model does not allow any more.

        Raises:
            DatabaseError: the model cannot be read.
            ServiceUnavailable, Timeout: the database or the work thread cannot be asked now.
        """
        for number, member in enumerate(group, start=1):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if member.group is group:
                await self._renew(member, group)

    async def _renew(self, member: M, group: Iterable[M]) -> None:
        subscription = member.subscription
        try:
            async with self._tickets.hold(subscription.principal.workspace_id, slow=False):
                renewed = await self._subscribe(subscription)
        except Refused as refused:
            self._end(member, refused.errors)
        except MetadataError as error:
            self._end(member, [BadUserInput(f"The workspace is gone: {error}.")])
        else:
            if member.group is group:
                self._rejoin(member, renewed)

    async def _subscribe(self, subscription: AnySubscription) -> AnySubscription:
        try:
            return await self._api.subscribe(subscription.principal, subscription.operation)
        except (ServiceUnavailable, Timeout):
            # The next one would fare no better: the ticket passes on after a while.
            await asyncio.sleep(PAUSE)
            raise
