"""The groups of one process, found by their key, their workspace, and the object and action of their events."""

from collections.abc import Iterator
from typing import assert_never
from uuid import UUID

from fieldstone.engine.events.subscriptions.group import SubscriptionGroup
from fieldstone.engine.events.subscriptions.subscription import GroupKey, Subscription
from fieldstone.engine.events.subscriptions.tail import TailKey

_Groups = dict[SubscriptionGroup, None]


class Registry:
    """The groups that events are delivered to; they are kept in the order in which they were made."""

    def __init__(self) -> None:
        self._all: _Groups = {}
        self._alike: dict[object, _Groups] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[SubscriptionGroup]:
        return iter(list(self._all))

    def of(self, workspace_id: UUID) -> list[SubscriptionGroup]:
        """Return the groups of a workspace."""
        return list(self._alike.get(workspace_id, ()))

    def about(self, workspace_id: UUID, object_id: UUID, action: str) -> list[SubscriptionGroup]:
        """Return the groups of an action on records of this object, which is one of the workspace's."""
        tails = self._alike.get((workspace_id, TailKey), ())
        return [*self._alike.get((object_id, action), ()), *(one for one in tails if _follows(one, object_id, action))]

    def tails_without(self, workspace_id: UUID, object_id: UUID) -> list[SubscriptionGroup]:
        """Return the groups of a workspace's tails that were made by a model without this object."""
        tails = self._alike.get((workspace_id, TailKey), ())
        return [one for one in tails if isinstance(one.key, TailKey) and object_id not in one.key.known]

    def serves(self, workspace_id: UUID) -> bool:
        """Return whether a workspace has any group."""
        return workspace_id in self._alike

    def find(self, subscription: Subscription, *, position: int) -> SubscriptionGroup:
        """Return a group that a subscription can join, a new one where there is none: it begins at `position`."""
        for group in self._alike.get(subscription.group, ()):
            if group.has_room(subscription.parameter_set):
                return group
        made = SubscriptionGroup(key=subscription.group, depends=subscription.depends, cursor=position)
        self._all[made] = None
        for name in (*_shared_names(made), made.key.workspace_id):
            self._alike.setdefault(name, {})[made] = None
        return made

    def unlist(self, group: SubscriptionGroup) -> None:
        """Let no subscriber join a group any more, and no event be noted for it."""
        self._forget(group, _shared_names(group))

    def drop(self, group: SubscriptionGroup) -> None:
        """Forget a group; a second call does nothing."""
        if group in self._all:
            del self._all[group]
            self._forget(group, (*_shared_names(group), group.key.workspace_id))

    def _forget(self, group: SubscriptionGroup, names: tuple[object, ...]) -> None:
        for name in names:
            alike = self._alike.get(name, {})
            alike.pop(group, None)
            if not alike:
                self._alike.pop(name, None)


def _shared_names(group: SubscriptionGroup) -> tuple[object, ...]:
    """Return the keys under which a group is found for a new subscriber and for an event."""
    match group.key:
        case GroupKey(object_id=object_id, actions=actions):
            return (group.key, *((object_id, action) for action in actions))
        case TailKey(workspace_id=workspace_id):
            # By workspace: a group of each of a thousand objects would have five thousand names.
            return (group.key, (workspace_id, TailKey))
        case _:
            assert_never(group.key)


def _follows(group: SubscriptionGroup, object_id: UUID, action: str) -> bool:
    return isinstance(group.key, TailKey) and group.key.is_about(object_id, action)
