"""Due deliveries: claimed by one process at a time, and their results.

A claim is a lease, not a lock that is held during an attempt: it moves the due time of the delivery to the moment when
other processes may take it over. A delivery is claimed only when no earlier one of the same webhook and record is left;
a delivery that waits for an earlier one has no due time, so that no claim reads it.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from fieldstone.engine.webhooks.payloads.payloads import Recipient
from fieldstone.engine.webhooks.sending.backoff import LONGEST
from fieldstone.engine.webhooks.sending.sender import Outcome
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Row

PATIENCE = 3
"""Failures in a row after which a webhook as a whole rests before the next attempt."""
LONGEST_REST = 60.0
"""Seconds of a webhook's longest rest, unless its target asks for more."""

MOST_BYTES = 32 << 20
"""Bytes of the payloads of one claim."""

_CLAIM = named_statement(__name__, "claim_deliveries")
_RECORD = named_statement(__name__, "record_results")
_PROMOTE = named_statement(__name__, "promote_deliveries")
_JUDGE = named_statement(__name__, "judge_webhooks")
_RELEASE = named_statement(__name__, "release_deliveries")


@frozen
class Claimed:
    """A delivery that this process may send until the lease ends.

    Attributes:
        attempts: this one included.
        is_failing: True where the webhook's last attempt failed.
        object_id: the object that the event is of; None in deliveries from before rights were kept.
        rights: the digest of the rights by which the payload was built; None likewise.
        recipient: the rights that the webhook has now; None: it has none.
    """

    id: UUID
    claim: UUID
    webhook_id: UUID
    workspace_id: UUID
    event: str
    payload: str
    attempts: int
    target: WebhookTarget
    is_failing: bool
    position: int = 0
    object_id: UUID | None = None
    rights: str | None = None
    recipient: Recipient | None = None


@frozen
class Result:
    """The result of an attempt.

    Attributes:
        status: DELIVERED, FAILED, or PENDING where it is retried.
        is_judged: whether it tells of the target: not where nothing was sent.
        pause: the seconds until the retry.
        asked: the seconds for which the target asks for no attempt.
    """

    claimed: Claimed
    status: str
    pause: float | None = None
    asked: float | None = None
    outcome: Outcome
    is_judged: bool = True


@frozen
class ClaimQuota:
    """The quota of one claim.

    Attributes:
        sent: the deliveries under way.
        each: the most deliveries of one webhook at once; one of a failing webhook.
        total: the most further deliveries.
        failing: the most further deliveries of failing webhooks.
        lease: the seconds after which another process may take over.
        payload_bytes: of the further deliveries, without the last of them: a single one may have more.
    """

    sent: Collection[Claimed]
    each: int
    total: int
    failing: int
    lease: float
    payload_bytes: int = MOST_BYTES


class Claims:
    """The deliveries of a database, for one process.

    Args:
        database: where they are.
        first_pause: seconds of the first rest.
        disable_after: seconds of failure after which a webhook is disabled, if attempts went on in the meantime.
    """

    def __init__(self, database: Database, *, first_pause: float, disable_after: float) -> None:
        self._database = database
        self._first_pause = first_pause
        self._disable_after = disable_after

    async def claim(self, room: ClaimQuota) -> list[Claimed]:
        """Claim due deliveries and return them.

        The workspaces with the fewest deliveries under way come first, and within them such webhooks. Where several
        workspaces have webhooks, none gets more places than it leaves free.
        """
        claim = new_id()
        webhooks = Counter(one.webhook_id for one in room.sent)
        workspaces = Counter(one.workspace_id for one in room.sent)
        failing = Counter(one.workspace_id for one in room.sent if one.is_failing)
        statement, parameters = _CLAIM.bind(
            webhooks=list(webhooks),
            webhook_counts=list(webhooks.values()),
            each=room.each,
            total=room.total,
            failing=room.failing,
            claim=claim,
            lease=room.lease,
            bytes=room.payload_bytes,
            workspaces=list(workspaces),
            workspace_counts=list(workspaces.values()),
            failing_counts=[failing[workspace_id] for workspace_id in workspaces],
        )
        rows = await self._database.write(statement.unlimited(), parameters, share=None)
        return [_claimed(row, claim) for row in rows]

    async def record(self, results: Sequence[Result]) -> dict[UUID, str]:
        """Record the results of deliveries; return the webhooks that they have disabled, with the reason."""
        listed = [
            {
                "id": str(result.claimed.id),
                "claim": str(result.claimed.claim),
                "try": str(new_id()),
                "is_try": result.is_judged,
                "status": result.status,
                "pause": result.pause,
                "response_status": result.outcome.status,
                "response_body": result.outcome.body,
                "error": result.outcome.error,
                "duration_ms": result.outcome.duration_ms,
            }
            for result in results
        ]
        judging = _JUDGE.bind(
            verdicts=dumps(_verdicts([result for result in results if result.is_judged])),
            patience=PATIENCE,
            longest_rest=LONGEST_REST,
            first_rest=min(self._first_pause, LONGEST),
            disable_after=self._disable_after,
            series=max(self._disable_after / 2, 2 * LONGEST),
        )
        _, _, judged = await self._database.pipeline(
            [
                _RECORD.bind(results=dumps(listed)),
                _PROMOTE.bind(ended=[result.claimed.id for result in results]),
                judging,
            ],
            share=None,
        )
        return {UUID((id_ or b"").decode()): reason.decode() for id_, reason in judged if reason is not None}

    async def release(self, claimed: Sequence[Claimed], *, pause: float = 0.0) -> None:
        """Give deliveries back without counting an attempt; they are due after a pause (seconds)."""
        step = _RELEASE.bind(claims=[one.claim for one in claimed], ids=[one.id for one in claimed], pause=pause)
        await self._database.write(*step, share=None)


@dataclass(slots=True, kw_only=True)
class _Verdict:
    """The verdict on a webhook: after any success it is not failing."""

    id: str
    delivered: bool = False
    failed: int = 0
    asked: float | None = None
    error: str | None = None

    def add(self, result: Result) -> None:
        if result.status == "DELIVERED":
            self.delivered = True
            return
        self.failed += 1
        self.error = result.outcome.error
        if result.asked is not None:
            self.asked = max(result.asked, self.asked or 0.0)


def _verdicts(results: Sequence[Result]) -> list[dict[str, object]]:
    found: dict[UUID, _Verdict] = {}
    for result in results:
        key = result.claimed.webhook_id
        found.setdefault(key, _Verdict(id=str(key))).add(result)
    return [asdict(verdict) for verdict in found.values()]


def _claimed(row: Row, claim: UUID) -> Claimed:
    *told, object_id, rights, role_id, claims = (None if value is None else value.decode() for value in row)
    id_, webhook_id, event, payload, attempts, url, secret, is_failing, workspace_id, position = (
        value or "" for value in told
    )
    return Claimed(
        id=UUID(id_),
        claim=claim,
        webhook_id=UUID(webhook_id),
        workspace_id=UUID(workspace_id),
        event=event,
        payload=payload,
        attempts=int(attempts),
        target=WebhookTarget(url=url, secret=secret, workspace_id=UUID(workspace_id)),
        is_failing=is_failing == "t",
        position=int(position),
        object_id=None if object_id is None else UUID(object_id),
        rights=rights,
        recipient=None if role_id is None else Recipient(UUID(role_id), loads(claims or "{}")),
    )
