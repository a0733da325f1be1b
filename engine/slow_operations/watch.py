"""Notes the slow operations of a process, and explains, logs and stores them behind the requests."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.slow_operations.plans import explain_generic
from fieldstone.engine.slow_operations.seen import SlowOperation
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.workspaces.registry import find_gone
from fieldstone.sql.concurrency.tasks import keep_flushing
from fieldstone.sql.errors import DatabaseError, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

MOST_ROWS: Final = 200
"""Rows of a workspace."""
_MOST_PENDING: Final = 200
"""Different operations that wait in memory, of all workspaces."""
_MOST_PENDING_EACH: Final = 50
_PLANS_A_TURN: Final = 3
_PLAN_KEPT: Final = 3_600.0
"""Seconds for which a plan is not asked for again."""
_MOST_EXPLAINED: Final = 2_000

_NOTE = named_statement(__name__, "note_slow_operations")


@dataclass(slots=True)
class Times:
    """The times of some executions of an operation, in milliseconds."""

    count: int = 0
    total_ms: float = 0.0
    max_ms: float = 0.0


class SlowOperations:
    """The slow operations that wait to be stored.

    Args:
        database: where they are stored.
        limit: seconds after which an operation is slow.

    Attributes:
        limit: the same seconds.
        follow: returns those of the database to which a workspace has moved; None: workspaces do not move.
    """

    follow: Callable[[UUID], Awaitable["SlowOperations | None"]] | None = None

    def __init__(self, database: Database, limit: float) -> None:
        self.limit = limit
        self._database = database
        self._pending: dict[SlowOperation, Times] = {}
        self._explained: dict[tuple[UUID, str], float] = {}
        self._lost = 0

    def note(self, operation: SlowOperation, seconds: float) -> None:
        """Note that an operation took these seconds."""
        self.add(operation, Times(1, seconds * 1_000, seconds * 1_000))

    def add(self, operation: SlowOperation, more: Times) -> None:
        """Note several executions of an operation."""
        times = self._pending.get(operation)
        if times is None:
            others = sum(one.workspace_id == operation.workspace_id for one in self._pending)
            if len(self._pending) >= _MOST_PENDING or others >= _MOST_PENDING_EACH:
                self._lost += 1
                return
            times = self._pending[operation] = Times()
        times.count += more.count
        times.total_ms += more.total_ms
        times.max_ms = max(times.max_ms, more.max_ms)

    async def run(self) -> None:
        """Store the operations that wait, until cancelled, and once more at the end."""
        await keep_flushing(self.flush)

    async def flush(self) -> None:
        """Explain, log and store the operations that wait; those of a database that is away are logged only."""
        pending, self._pending = self._pending, {}
        if self._lost:
            _LOG.warning("%d slow operations are not listed: there were too many different ones", self._lost)
            self._lost = 0
        if not pending:
            return
        plans = await self._explain(list(pending))
        rows = [_row(one, times, plans.get(one)) for one, times in pending.items()]
        for row in rows:
            _LOG.warning("slow operation: %s", dumps(_facts(row)))
        try:
            await self._store(rows, pending)
        except (DatabaseError, ServiceUnavailable) as error:
            _LOG.warning("slow operations are not listed: %s", error)

    async def _store(self, rows: list[dict[str, JsonValue]], pending: Mapping[SlowOperation, Times]) -> None:
        """Store the rows, and those of workspaces that have moved in the database that they have moved to."""
        try:
            await self._database.write(*_NOTE.bind(entries=dumps(rows), most=MOST_ROWS), share=None)
        except StaleSchema:
            gone = await find_gone(self._database, {one.workspace_id for one in pending})
            left = [row for row in rows if UUID(row["workspace_id"]) not in gone]
            await self._database.write(*_NOTE.bind(entries=dumps(left), most=MOST_ROWS), share=None)
            for operation in [one for one in pending if one.workspace_id in gone]:
                other = None if self.follow is None else await self.follow(operation.workspace_id)
                if other is not None:
                    other.add(operation, pending[operation])

    async def _explain(self, operations: list[SlowOperation]) -> dict[SlowOperation, JsonValue]:
        """Return the plans of a few of these, which have had none for an hour."""
        now, plans = time.monotonic(), dict[SlowOperation, JsonValue]()
        for operation in operations:
            key = (operation.workspace_id, operation.digest)
            if operation.statement is None or now - self._explained.get(key, -_PLAN_KEPT) < _PLAN_KEPT:
                continue
            if len(plans) == _PLANS_A_TURN:
                break
            if len(self._explained) >= _MOST_EXPLAINED:
                self._explained.clear()
            self._explained[key] = now
            plans[operation] = await explain_generic(self._database, operation.statement)
        return plans


def _row(operation: SlowOperation, times: Times, plan: JsonValue) -> dict[str, JsonValue]:
    return {
        "workspace_id": str(operation.workspace_id),
        "digest": operation.digest,
        "api": operation.api,
        "type": operation.type,
        "name": operation.name,
        "roots": operation.roots,
        "hash": operation.hash,
        "role": operation.role,
        "variables": loads(operation.variables),
        "count": times.count,
        "total_ms": times.total_ms,
        "max_ms": times.max_ms,
        "plan": plan,
    }


def _facts(row: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the facts of a row that stand in the log."""
    left_out = {"workspace_id", "digest", "total_ms"}
    shown = {name: value for name, value in row.items() if name not in left_out and value is not None}
    return {"workspace": row["workspace_id"], **shown, "total_ms": round(row["total_ms"], 2)}
