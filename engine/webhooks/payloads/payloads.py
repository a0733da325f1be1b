"""The payloads of deliveries, and the records in them, read from the log."""

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.planner.arguments.trees import Bindings, PrincipalValueUnusable
from fieldstone.engine.planner.subscriptions import LOG
from fieldstone.engine.planner.whole_record import seen_feed, whole_feed, whole_record
from fieldstone.engine.positions import number_of
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot, Workspace
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.errors import DatabaseError, DatabaseUnavailable, ResponseTooLarge, Serialization, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.sqlstate import is_passing
from fieldstone.sql.statement import Row, Statement

_LOG = logging.getLogger(__name__)

TEST_EVENT = "webhook.test"
"""The name of the event that testWebhook sends, which is about no record."""

LONGEST_RECORD = 64 << 20
"""Bytes of a record's JSON text; a longer record is null."""

_MOST_STATEMENTS = 1_000
_MOST_TRIES = 5
"""Tries of the read of one event that the database ends: the rule of a role may take too long each time."""
_MOST_FAILING = 1_000
"""Events whose tries are counted at once."""

# After these the whole batch is retried, however often: they pass, or the model has changed.
_PASSING = (DatabaseUnavailable, Serialization, StaleSchema)


class Recipient(NamedTuple):
    """The rights of a webhook: the role that its events are for, and the values that the rules of the role name."""

    role_id: UUID
    claims: Mapping[str, JsonValue]


@frozen
class NewEvent:
    """An event that matches a webhook.

    Attributes:
        changed: the physical names of the columns that an update changed.
        at: ISO 8601 in UTC with Z.
        webhooks: the ids of the webhooks that it matches, each with the id of its role and its claims.
    """

    position: int
    workspace_id: UUID
    object_id: UUID
    record_id: UUID
    action: str
    changed: Sequence[str]
    at: str
    webhooks: Mapping[UUID, Recipient]


class SeenRecord(NamedTuple):
    """The record of an event, as some principals of a role see it.

    Attributes:
        numbers: those of their claims, from 1.
        record: JSON text.
        changed: the physical names of the columns that an update changed, without those that they do not see.
    """

    numbers: frozenset[int]
    record: str
    changed: Sequence[str]


@frozen
class Shown:
    """The record of an event, as some webhooks get it.

    Attributes:
        object_: the object as their role sees it.
        record: JSON text.
        changed: the physical names of the columns that an update changed, without those that they do not see.
        webhooks: the digests of their rights (`rights.py`), by their ids.
        tells_position: whether their roles have all rights.
    """

    object_: Object
    record: str
    changed: Sequence[str]
    webhooks: Mapping[UUID, str]
    tells_position: bool = False


_UNSEEN = SeenRecord(frozenset(), "null", ())


def read_event(row: Row) -> NewEvent:
    """Return the event of a row of `match_events` or `find_event`."""
    position, workspace_id, object_id, record_id, action, changed, at, webhooks = (
        (value or b"").decode() for value in row
    )
    return NewEvent(
        position=int(position),
        workspace_id=UUID(workspace_id),
        object_id=UUID(object_id),
        record_id=UUID(record_id),
        action=action,
        changed=loads(changed),
        at=f"{at}Z",
        webhooks={UUID(id_): Recipient(UUID(role_id), claims) for id_, (role_id, claims) in loads(webhooks).items()},
    )


def build_payload(shown: Shown, event: NewEvent, workspace: Workspace) -> str:
    """Return the body of an event, but for its id."""
    object_, keys = shown.object_, whole_record(shown.object_).keys
    updated = {keys[column] for column in shown.changed if column in keys}
    head = {
        "event": f"{object_.name_singular}.{event.action}",
        "workspaceId": str(event.workspace_id),
        # Positions count the events of all objects, and of all workspaces.
        "position": number_of(event.position, workspace.epoch) if shown.tells_position else None,
        "occurredAt": event.at,
        "object": object_.name_singular,
        "recordId": str(event.record_id),
    }
    return (
        dumps(head)[:-1]
        + ',"record":'
        + shown.record
        + ',"updatedFields":'
        + dumps([key for key in dict.fromkeys(keys.values()) if key in updated])
        + "}"
    )


def build_test_payload(workspace_id: UUID, at: str) -> str:
    """Return the body of a test event, but for its id."""
    head = {"event": TEST_EVENT, "workspaceId": str(workspace_id), "position": None, "occurredAt": at}
    return dumps({**head, "object": None, "recordId": None, "record": None, "updatedFields": []})


def build_body(delivery_id: UUID, payload: str) -> bytes:
    """Return the body of a delivery, which is signed and sent."""
    return ('{"id":"' + str(delivery_id) + '",' + payload[1:]).encode()


class RecordReader:
    """Reads the records of events, as JSON texts.

    Args:
        database: where the log is.
        limit: the greatest distance between the positions of one call.
        log: the events.
    """

    def __init__(self, database: Database, *, limit: int, log: Table = LOG) -> None:
        self._database = database
        self._limit = limit
        self._log = log
        self._statements: OrderedDict[tuple[UUID, str], tuple[Object, Statement]] = OrderedDict()
        self._tries: OrderedDict[int, int] = OrderedDict()

    async def read(
        self, snapshot: Snapshot, object_: Object, action: str, positions: Sequence[int]
    ) -> Mapping[int, str]:
        """Return the records of an object's events at these positions, which are in order.

        A record that cannot be written as JSON is null, and the server's log has the reason.

        Raises:
            ResponseTooLarge: the records are too many to be read at once.
            DatabaseError: the statement failed for a reason that is not one event's, or that may pass.
        """
        statement = self._statement(object_, action)
        read = await self._each(snapshot.workspace.id, statement, positions, [], b"[{}]")
        return {position: seen.record for position, seen in read.items()}

    async def read_seen(
        self,
        view: Snapshot,
        object_: Object,
        action: str,
        positions: Sequence[int],
        claims: Sequence[Mapping[str, JsonValue]],
    ) -> Mapping[int, Sequence[SeenRecord]]:
        """Return the records of a restricted object: one for all claims, unless they decide about single fields.

        Claims that do not fit into the rules of the object see none.
        """
        feed = seen_feed(view, object_, action, limit=self._limit)
        statement = compile_plan(replace(feed.feed, log=self._log))
        groups: defaultdict[tuple[bytes | None, ...], dict[int, dict[str, str | None]]] = defaultdict(dict)
        for number, given in enumerate(claims, start=1):
            bindings = Bindings(variables={}, actor="", claims=given)
            try:
                guards = tuple(binder(bindings) for binder in feed.guards)
                values = [binder(bindings) for binder in feed.binders]
            except PrincipalValueUnusable:
                # A request with these claims is refused, too.
                continue
            groups[guards][number] = {
                f"p{place}": None if value is None else value.decode() for place, value in enumerate(values)
            }
        found: defaultdict[int, list[SeenRecord]] = defaultdict(list)
        for guards, sets in groups.items():
            numbers = [*sets]
            read = await self._each(view.workspace.id, statement, positions, guards, dumps([*sets.values()]).encode())
            for position, seen in read.items():
                meant = frozenset(numbers[place - 1] for place in seen.numbers)
                found[position].append(seen._replace(numbers=meant))
        return found

    async def _each(
        self,
        workspace_id: UUID,
        statement: Statement,
        positions: Sequence[int],
        guards: Sequence[bytes | None],
        sets: bytes,
    ) -> Mapping[int, SeenRecord]:
        found: dict[int, SeenRecord] = {}
        pending = [tuple(positions)]
        while pending:
            part = pending.pop()
            try:
                found |= await self._read(workspace_id, statement, part, guards, sets)
            except DatabaseError as error:
                if self._is_retried(error, part):
                    raise
                if len(part) == 1:
                    _LOG.exception("the record of event %d cannot be sent: %s", part[0], error)
                    found[part[0]] = _UNSEEN
                else:
                    half = len(part) // 2
                    pending += [part[:half], part[half:]]
        return found

    def _is_retried(self, error: DatabaseError, part: Sequence[int]) -> bool:
        """Return whether the caller is to try again, with fewer events where they are several."""
        if isinstance(error, _PASSING):
            return True
        if len(part) > 1:
            return isinstance(error, ResponseTooLarge) or is_passing(error)
        if not is_passing(error):
            return False
        tries = self._tries.get(part[0], 0) + 1
        keep(self._tries, part[0], tries, _MOST_FAILING)
        return tries < _MOST_TRIES

    def _statement(self, object_: Object, action: str) -> Statement:
        key = (object_.id, action)
        known = self._statements.get(key)
        if known is None or known[0] is not object_:
            known = object_, compile_plan(replace(whole_feed(object_, action, limit=self._limit), log=self._log))
        keep(self._statements, key, known, _MOST_STATEMENTS)
        return known[1]

    async def _read(
        self,
        workspace_id: UUID,
        statement: Statement,
        positions: Sequence[int],
        guards: Sequence[bytes | None],
        sets: bytes,
    ) -> Mapping[int, SeenRecord]:
        after, upto = positions[0] - 1, positions[-1]
        bounded = statement if len(positions) > 1 else statement.unlimited()
        parameters = [*guards, b"%d" % after, b"%d" % upto, sets]
        rows = await self._database.read(bounded, parameters, share=workspace_id.int)
        if any(len(row[2] or b"") > LONGEST_RECORD for row in rows):
            raise ResponseTooLarge(f"the record has more than {LONGEST_RECORD} bytes")
        return {int(row[0] or 0): _seen(row) for row in rows}


def _seen(row: Row) -> SeenRecord:
    _, numbers, record, *changed = row
    return SeenRecord(
        numbers=frozenset(map(int, numbers.split(b","))) if numbers else frozenset(),
        record=(record or b"null").decode(),
        changed=loads(changed[0]) if changed and changed[0] else (),
    )
