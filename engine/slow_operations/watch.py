"""Notes the slow operations of a process, and explains, logs and stores them behind the requests."""

import logging
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fieldstone.engine.slow_operations.plans import explain_generic
from fieldstone.engine.slow_operations.seen import SlowOperation
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.sql.concurrency.tasks import keep_flushing
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

FLUSHED_EVERY: Final = 2.0
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
class _Times:
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
    """

    def __init__(self, database: Database, limit: float) -> None:
        self.limit = limit
        self._database = database
        self._pending: dict[SlowOperation, _Times] = {}
        self._explained: dict[tuple[UUID, str], float] = {}
        self._lost = 0

    def note(self, operation: SlowOperation, seconds: float) -> None:
        """Note that an operation took these seconds."""
        times = self._pending.get(operation)
        if times is None:
            others = sum(one.workspace_id == operation.workspace_id for one in self._pending)
            if len(self._pending) >= _MOST_PENDING or others >= _MOST_PENDING_EACH:
                self._lost += 1
                return
            times = self._pending[operation] = _Times()
        times.count += 1
        times.total_ms += seconds * 1_000
        times.max_ms = max(times.max_ms, seconds * 1_000)

    async def run(self) -> None:
        """Store the operations that wait, until cancelled, and once more at the end."""
        await keep_flushing(self.flush, FLUSHED_EVERY)

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
            await self._database.write(*_NOTE.bind(entries=dumps(rows), most=MOST_ROWS))
        except DatabaseError as error:
            _LOG.warning("slow operations are not listed: %s", error)

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


def _row(operation: SlowOperation, times: _Times, plan: JsonValue) -> dict[str, JsonValue]:
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
