"""The subscribers to the changes of models: a swap of a snapshot is announced to those of its workspace.

A member keeps one announcement and the ids of the objects that have changed since its last message, so a
client that does not read keeps no more than that, and a hundred changes meanwhile are one message.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from fieldstone.engine.events.live.group import LiveAnswer, LiveSink
from fieldstone.engine.events.quotas import Place
from fieldstone.engine.events.subscriptions.model_watch import ModelWatch
from fieldstone.metadata.access.view import find_view
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Snapshot


@dataclass(slots=True, eq=False, kw_only=True)
class ModelMember:
    """A client's subscription.

    Attributes:
        place: its share of the workspace's quota.
        changed: the objects that have changed since its last message.
        has_other_rights: roles have changed since then, so that any object may look otherwise.
        is_announced: a message waits to be sent.
    """

    watch: ModelWatch
    sink: LiveSink
    place: Place
    changed: set[UUID] = field(default_factory=set)
    has_other_rights: bool = False
    is_announced: bool = False
    is_left: bool = False


class ModelWatchers:
    """The members of a process by their workspaces."""

    def __init__(self) -> None:
        self._members: dict[UUID, dict[ModelMember, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._members.values()))

    def __iter__(self) -> Iterator[ModelMember]:
        return iter([member for members in self._members.values() for member in members])

    def serves(self, workspace_id: UUID) -> bool:
        """Return whether a workspace has members."""
        return workspace_id in self._members

    def join(self, watch: ModelWatch, sink: LiveSink, place: Place) -> ModelMember:
        """Add a member, and send it the present version."""
        member = ModelMember(watch=watch, sink=sink, place=place)
        self._members.setdefault(watch.principal.workspace_id, {})[member] = None
        self._announce(member)
        return member

    def leave(self, member: ModelMember) -> None:
        """Send a member nothing more; a second call does nothing."""
        member.is_left = True
        workspace_id = member.watch.principal.workspace_id
        members = self._members.get(workspace_id, {})
        if member in members:
            del members[member]
            member.place.leave()
            if not members:
                del self._members[workspace_id]

    def notice_snapshot(self, before: Snapshot | None, after: Snapshot) -> None:
        """Announce a swap to the members of its workspace."""
        members = self._members.get(after.workspace.id)
        if not members:
            return
        if before is None:
            changed, has_other_rights = set(after.objects), True
        else:
            old, new = before.objects, after.objects
            changed = {id_ for id_ in old.keys() | new.keys() if old.get(id_) is not new.get(id_)}
            has_other_rights = before.roles != after.roles
        for member in list(members):
            member.changed |= changed
            member.has_other_rights |= has_other_rights
            self._announce(member)

    def _announce(self, member: ModelMember) -> None:
        if not member.is_announced:
            member.is_announced = True
            member.sink.announce(lambda: self._take(member))

    def _take(self, member: ModelMember) -> LiveAnswer | None:
        """Return the message for a member, about all that has changed up to the moment at which it is sent."""
        member.is_announced = False
        watch = member.watch
        model = watch.find_model(watch.principal.workspace_id)
        if member.is_left or model is None:
            return None
        changed, has_other_rights = member.changed, member.has_other_rights
        member.changed, member.has_other_rights = set(), False
        view = find_view(model, watch.principal.role)
        if view is None:
            return None  # Its key ends with its role, and the subscription with its key.
        # A restricted role is told of no object that it does not see, so not of one that is gone, either.
        shown = changed if view is model else {id_ for id_ in changed if _is_shown(view, id_)}
        value = watch.select(
            {"version": str(model.version), "objects": sorted(map(str, shown)), "rights": has_other_rights}
        )
        return LiveAnswer(position="", payload=dumps({"data": {watch.key: value}}), digest=b"")


def _is_shown(view: Snapshot, object_id: UUID) -> bool:
    object_ = view.objects.get(object_id)
    return object_ is not None and object_.is_active
