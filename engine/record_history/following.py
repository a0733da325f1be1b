"""Reading new events of a workspace for a group of subscribers: those that each of them wants, as it sees them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.planner.record_events import reads_author
from fieldstone.engine.record_history.reading import EventFilter
from fieldstone.engine.record_history.showing import MOST_SHOWN, LoggedEvent, Read, Showing, read_event
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.queries import named_statement

_FOLLOW = named_statement(__name__, "follow_events")
_EACH: Final = None


class Wanted(NamedTuple):
    """The events that one set of subscribers wants, whose principals have these claims; None is each one.

    Attributes:
        claims: JSON text of an object.
    """

    claims: str
    record_id: str | None
    actor_id: str | None


class FollowedEvent(NamedTuple):
    """An event as it is told, and the numbers from 1 of the sets that want it."""

    position: int
    numbers: bytes
    text: str


_Index = defaultdict[tuple[str | None, str | None], list[int]]


class Follower:
    """Reads the events of one group.

    Args:
        view: the model as the role of the group sees it.
        wanted: the events that all of the group want.
        objects: the ids of their objects.
        write: writes an event as its JSON text.
    """

    def __init__(
        self,
        view: Snapshot,
        wanted: EventFilter,
        objects: Sequence[UUID],
        write: Callable[[JsonValue], str] = dumps,
    ) -> None:
        self._view = view
        self._wanted = wanted
        self._objects = objects
        self._write = write
        self._showing: Showing | None = None

    async def read(self, read: Read, after: int, upto: int, sets: Sequence[Wanted]) -> tuple[list[FollowedEvent], int]:
        """Return the events behind `after` that a set wants, in order, and the position up to which they are all.

        Raises:
            DatabaseError: they cannot be read.
        """
        found = await self._find(read, after, upto)
        reached = upto if len(found) < MOST_SHOWN else found[-1].position
        wanting: defaultdict[str, _Index] = defaultdict(lambda: defaultdict(list))
        for number, wanted in enumerate(sets, start=1):
            wanting[wanted.claims][wanted.record_id, wanted.actor_id].append(number)
        indexes = list(wanting.values())
        events = [event for event in found if any(self._numbers(index, event) for index in indexes)]
        if not events:
            return [], reached
        showing = self._showing = self._showing or Showing(view=self._view)
        shown = await showing.show(read, events, [loads(claims) for claims in wanting])
        followed = []
        for event in events:
            for one in shown.get(event.position, ()):
                numbers = [n for place in sorted(one.numbers) for n in self._numbers(indexes[place - 1], event)]
                if numbers:
                    listed = ",".join(map(str, numbers)).encode()
                    followed.append(FollowedEvent(event.position, listed, self._write(one.node)))
        return followed, reached

    async def _find(self, read: Read, after: int, upto: int) -> list[LoggedEvent]:
        wanted = self._wanted
        rows = await read(
            *_FOLLOW.bind(
                workspace=self._view.workspace.id,
                objects=self._objects,
                actions=wanted.actions,
                after=after,
                upto=upto,
                since=wanted.since,
                until=wanted.until,
                limit=MOST_SHOWN,
            )
        )
        return [read_event(row) for row in rows]

    def _numbers(self, index: _Index, event: LoggedEvent) -> list[int]:
        """Return the numbers of the sets that want an event; a hidden author is none of those that are wanted."""
        author = event.actor["id"] if reads_author(self._view.objects[event.object_id]) else _EACH
        keys = ((record, actor) for record in (event.record_id, _EACH) for actor in {author, _EACH})
        return [number for key in keys if key in index for number in index[key]]
