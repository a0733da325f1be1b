"""Runs the statement of a group of live queries, with a ticket of its workspace, and announces a new answer."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b

from fieldstone.engine.events.counters import HubCounters
from fieldstone.engine.events.delivery.reader import TIME_LIMIT
from fieldstone.engine.events.delivery.tickets import Tickets
from fieldstone.engine.events.live.group import LiveAnswer, LiveGroup
from fieldstone.engine.events.live.waiting import WaitingAnswers
from fieldstone.sql.errors import DatabaseError, StatementTimeout
from fieldstone.sql.executor import Database

_AT_ONCE = 1_000
"""Members that an answer is announced to before other tasks get their turn: a millisecond or two."""
_DIGEST = 16
"""Bytes of the hash of an answer."""
_LEAST_LIVE = 2
"""Tickets for live queries: one for a workspace's slow statements, and one for other workspaces."""


class Execution:
    """The execution of all groups' statements.

    Args:
        database: where the records are.
        tickets: all statements of the hub; live queries have half of them, so that events are not kept waiting.
        total: the number of those tickets.
        counters: count the runs.
        poll: seconds after which a statement runs again without an event; 0: it does not.
        position: returns the position up to which the events are noted.
    """

    def __init__(
        self,
        database: Database,
        tickets: Tickets,
        total: int,
        counters: HubCounters,
        *,
        poll: float,
        position: Callable[[], int],
    ) -> None:
        self.waiting = WaitingAnswers()
        self._database = database
        self._tickets = tickets
        self._live_tickets = Tickets(max(_LEAST_LIVE, total // 2))
        self._counters = counters
        self._poll = poll
        self._position = position

    async def step(self, group: LiveGroup) -> None:
        """Run the statement of a group that is due, and announce its answer to the members that have not seen it.

        Raises:
            DatabaseError: it cannot be read.
        """
        workspace_id, was_slow = group.key.workspace_id, group.is_slow
        keeps_long = was_slow or self._database.is_held_up(group.key.statement, workspace_id.int)
        waited = asyncio.get_running_loop().time()
        async with (
            self._live_tickets.hold(workspace_id, slow=keeps_long),
            self._tickets.hold(workspace_id, slow=keeps_long),
        ):
            begun = asyncio.get_running_loop().time()
            self._counters.live_stretched += begun - waited > group.key.interval
            group.begin()
            self._counters.live_statements += 1
            position = self._position()
            try:
                ((data,),) = await self._database.read(
                    group.key.statement,
                    list(group.key.parameters),
                    timeout=None if was_slow else TIME_LIMIT,
                    share=workspace_id.int,
                )
            except StatementTimeout:
                group.is_due = True
                self._counters.overdue += 1
                if was_slow:
                    raise
                group.is_slow = True
                return
            except DatabaseError:
                group.is_due = True
                raise
            took = asyncio.get_running_loop().time() - begun
            group.is_slow = was_slow and took > TIME_LIMIT / 2
        group.covered = position
        if self._poll:
            group.run_within(self._poll)
        await self._announce(group, position, data or b"null")

    async def _announce(self, group: LiveGroup, position: int, data: bytes) -> None:
        digest = blake2b(data, digest_size=_DIGEST).digest()
        if group.is_retired or all(member.seen == digest and not member.is_announced for member in group):
            return
        shown = group.key.positions.write(position)
        payload = '{"data":' + data.decode() + ',"extensions":{"position":"' + shown + '"}}'
        answer = LiveAnswer(position=shown, payload=payload, digest=digest)
        self.waiting.keep(group, answer)
        for number, member in enumerate(group, start=1):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            self._counters.live_answers += group.announce(answer, member)
        if not group.is_awaited:
            self.waiting.forget(group)
