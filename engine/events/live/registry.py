"""The groups of live queries, found by their key, their workspace, and the objects that they read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from uuid import UUID

from fieldstone.engine.errors import QueryTooComplex
from fieldstone.engine.events.live.group import LiveGroup
from fieldstone.engine.events.subscriptions.live_query import LiveKey, LiveQuery


class LiveRegistry:
    """The groups of one process, in the order in which they were made.

    Args:
        most: groups of one owner of a quota; a group whose members are moving to another one does not count.
        run_soon: has the statement of a group run.
    """

    def __init__(self, most: int, run_soon: Callable[[LiveGroup], None]) -> None:
        self._most = most
        self._run_soon = run_soon
        self._all: dict[LiveGroup, None] = {}
        self._listed: dict[LiveKey, LiveGroup] = {}
        self._alike: defaultdict[Hashable, dict[LiveGroup, None]] = defaultdict(dict)
        self._anchoring: dict[UUID, Counter[str]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[LiveGroup]:
        return iter(list(self._all))

    def of(self, workspace_id: UUID) -> list[LiveGroup]:
        """Return the groups of a workspace that can be joined."""
        return list(self._alike.get(workspace_id, ()))

    def reading(self, object_id: UUID) -> list[LiveGroup]:
        """Return the groups that read records of an object."""
        return list(self._alike.get((object_id,), ()))

    def anchoring(self) -> dict[UUID, list[str]]:
        """Return the columns whose values decide which groups an event concerns, by their object."""
        return {id_: list(columns) for id_, columns in self._anchoring.items()}

    def serves(self, workspace_id: UUID) -> bool:
        """Return whether a workspace has any group."""
        return any(group.key.workspace_id == workspace_id for group in self._all)

    def find(self, query: LiveQuery) -> LiveGroup:
        """Return the group that a live query joins, a new one where there is none.

        Raises:
            QueryTooComplex: the owner of the quota has as many groups as it may have.
        """
        if found := self._listed.get(query.group):
            return found
        owner = query.group.owner
        if len(self._alike.get(owner, ())) >= self._most:
            raise QueryTooComplex(
                f"{owner.have} {self._most} different live queries on this server, the limit: "
                "FIELDSTONE_MAX_LIVE_QUERIES. Equal ones count once."
            )
        made = LiveGroup(
            key=query.group,
            reads=query.reads,
            anchored=query.anchored,
            changes_each=query.changes_each,
            depends=query.depends,
            run_soon=self._run_soon,
        )
        self._all[made] = None
        self._listed[made.key] = made
        for name in _names(made):
            self._alike[name][made] = None
        if made.anchored is not None:
            self._anchoring.setdefault(made.anchored.object_id, Counter()).update(made.anchored.values.keys())
        return made

    def unlist(self, group: LiveGroup) -> None:
        """Let no live query join a group any more, and no event concern it; a second call does nothing."""
        if self._listed.get(group.key) is group:
            del self._listed[group.key]
            for name in _names(group):
                del self._alike[name][group]
                if not self._alike[name]:
                    del self._alike[name]
            if group.anchored is not None:
                left = self._anchoring[group.anchored.object_id] - Counter(group.anchored.values.keys())
                if left:
                    self._anchoring[group.anchored.object_id] = left
                else:
                    del self._anchoring[group.anchored.object_id]

    def drop(self, group: LiveGroup) -> None:
        """Forget a group; a second call does nothing."""
        self.unlist(group)
        self._all.pop(group, None)


def _names(group: LiveGroup) -> Iterator[Hashable]:
    yield group.key.workspace_id
    yield group.key.owner
    yield from ((id_,) for id_ in group.reads)
