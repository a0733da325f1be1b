"""The kept answers of mutations with an Idempotency-Key: read for the same mutation, and dropped after a day."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fieldstone.engine.errors import Conflict
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.idempotency.claim import AlreadyClaimed, Claim
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement
from fieldstone.sql.transaction import ATTEMPTS

_LOG = logging.getLogger(__name__)

_KEPT = named_statement(__name__, "kept_answer")
_DROP = named_statement(__name__, "drop_expired")
_SWEEP = named_statement(__name__, "sweep")

_AT_ONCE = 1_000
_SWEEP_EVERY = 60.0


class KeptAnswers:
    """The answers in the database.

    Args:
        database: where they are.
        time_limit: seconds of one statement.
    """

    def __init__(self, database: Database, time_limit: float) -> None:
        self._database = database
        self._time_limit = time_limit

    async def run(self, claim: Claim, mutate: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer of a mutation that claims its key, or the one that was kept.

        Raises:
            Conflict: the key was used for another operation.
        """
        for _ in range(ATTEMPTS):
            try:
                return await mutate()
            except AlreadyClaimed:
                if kept := await self.find(claim):
                    return kept
        raise Conflict(
            "Other requests with this Idempotency-Key were in the way each time: try again.", field="Idempotency-Key"
        )

    async def find(self, claim: Claim) -> Answer | None:
        """Return the answer that was given to the same mutation within a day, None where there is none.

        Raises:
            Conflict: the key was used for another operation.
        """
        share = claim.share
        step = _KEPT.bind(**claim.place, body=claim.body)
        rows = await self._database.read(*step, timeout=self._time_limit, share=share)
        if not rows:
            await self._database.write(*_DROP.bind(**claim.place), timeout=self._time_limit, share=share)
            return None
        answer, is_same = rows[0]
        if is_same != b"t":
            raise Conflict(
                "This Idempotency-Key was used for another operation, or for other variables: a new operation needs a"
                " new key.",
                field="Idempotency-Key",
            )
        return Answer(body=answer or b"", status=200)


async def sweep(database: Database) -> int:
    """Delete the answers that are older than a day, in portions, and return their number."""
    deleted = 0
    while True:
        rows = await database.write(*_SWEEP.bind(limit=_AT_ONCE), share=None)
        deleted += len(rows)
        if len(rows) < _AT_ONCE:
            return deleted


async def keep_swept(database: Database) -> None:
    """Delete old answers each minute, until cancelled."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        try:
            await sweep(database)
        except DatabaseError as error:
            _LOG.info("old answers of idempotent mutations are deleted later: %s", error)
