"""Makes the deliveries of events, by statements that move a consumer of the log past these events."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from fieldstone.engine.events.log.batch_size import BatchSize
from fieldstone.engine.webhooks.payloads.payloads import NewEvent, Shown, build_payload
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Workspace
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement

MOST_CHARACTERS = 32 << 20
"""Characters of the payloads of the deliveries that one statement makes; a single payload may have more."""
MOST_AT_ONCE = 2_000
"""Deliveries that one statement makes: other workspaces' statements wait for its end."""

_INSERT = named_statement(__name__, "insert_deliveries")


class ShownEvent(NamedTuple):
    """An event of a workspace, as its webhooks get it."""

    event: NewEvent
    workspace: Workspace
    shown: Sequence[Shown]


@frozen
class Move:
    """A move of a consumer of the log.

    Attributes:
        consumer: its name.
        after: where it is.
        since: when it was last written, by which a look ahead of another process shows, which leaves it where it is.
        upto: the position of the last event that it is moved past; `after`: it is not moved.
        apart: the names of consumers that begin where it is, when it moves.
        joined: the names of consumers that end when it moves, if they are where it is.
    """

    consumer: str
    after: int
    since: str
    upto: int
    apart: Sequence[str] = ()
    joined: Sequence[str] = ()


async def make_deliveries(database: Database, events: Sequence[ShownEvent], move: Move, batch: BatchSize) -> int | None:
    """Make the deliveries of events; return how many, None if the consumer was written since, or is locked.

    Args:
        database: where the log is.
        events: those between the positions, in their order.
        move: the move of the consumer.
        batch: the size of the consumer's batches: the next one is smaller if one statement would be too large.
    """
    made, begun, piece = 0, move.after, _Piece()
    for event, workspace, shown in events:
        for variant, one in enumerate(shown):
            payload = build_payload(one, event, workspace)
            described: dict[str, JsonValue] = {
                "position": event.position,
                "variant": variant,
                "workspace_id": str(event.workspace_id),
                "object_id": str(event.object_id),
                "record_id": str(event.record_id),
                "event": f"{one.object_.name_singular}.{event.action}",
                "payload": payload,
            }
            for id_, rights in one.webhooks.items():
                if not piece.has_room(payload):
                    # The event is not passed yet: if this is the last statement, it is read again for the rest.
                    upto = min(event.position - 1, move.upto)
                    inserted = await _insert(database, piece, move, upto)
                    if inserted is None:
                        return None
                    made, piece = made + inserted.number, _Piece()
                    move = replace(move, since=inserted.since)
                    if upto > move.after:
                        move = replace(move, after=upto, apart=(), joined=())
                link = {"id": str(new_id()), "webhook_id": str(id_), "position": event.position, "variant": variant}
                piece.add(described, {**link, "rights": rights}, payload)
    inserted = await _insert(database, piece, move, move.upto)
    if move.after > begun:
        # It was more than one statement should take, and more than should be in memory.
        batch.halve()
    return None if inserted is None else made + inserted.number


class _Inserted(NamedTuple):
    """The number of the deliveries that a statement has made, and when it has written the consumer."""

    number: int
    since: str


async def _insert(database: Database, piece: "_Piece", move: Move, upto: int) -> _Inserted | None:
    bound = _INSERT.bind(
        events=dumps([*piece.events.values()]),
        links=dumps(piece.links),
        name=move.consumer,
        after=move.after,
        since=move.since,
        upto=upto,
        apart=list(move.apart),
        joined=list(move.joined),
    )
    rows = await database.write(*bound, share=None)
    return _Inserted(int(rows[0][0] or 0), (rows[0][1] or b"").decode()) if rows else None


class _Piece:
    """The deliveries that one statement makes.

    Attributes:
        events: those that the deliveries are of, as some webhooks get them, by their positions and variants.
        links: the webhooks that get them.
    """

    def __init__(self) -> None:
        self.events: dict[tuple[JsonValue, JsonValue], dict[str, JsonValue]] = {}
        self.links: list[dict[str, JsonValue]] = []
        self._characters = 0

    def has_room(self, payload: str) -> bool:
        """Return whether it takes another delivery with this payload."""
        return not self.links or (len(self.links) < MOST_AT_ONCE and self._characters + len(payload) <= MOST_CHARACTERS)

    def add(self, event: dict[str, JsonValue], link: dict[str, JsonValue], payload: str) -> None:
        """Add the delivery of an event to a webhook."""
        self.events[event["position"], event["variant"]] = event
        self.links.append(link)
        self._characters += len(payload)
