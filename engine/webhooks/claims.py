"""The deliveries that are due: claimed by one process at a time, and what came of them.

A claim is no lock that is held while something is sent: it moves the time at which the delivery is due to when others
may take it over. A delivery is claimed only when no earlier one of the same webhook and record is left; those that wait
for one have no time yet, so that nobody looks at them.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from fieldstone.engine.planner.arguments.trees import array_literal
from fieldstone.engine.webhooks.backoff import LONGEST
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import dumps
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Row, Statement

PATIENCE = 3
"""Failures in a row after which a webhook as a whole rests before the next attempt."""
LONGEST_REST = 60.0
"""Seconds that a webhook rests at most, unless it asks for more."""

# A place that is taken is not given back before the target has answered. So where several workspaces have webhooks, one
# takes a place only while no more of them are its own than are free: half of all when it is alone, a third each of two,
# and whoever comes finds one. https://doi.org/10.1109/90.664262
_CLAIM = Statement(
    text="""
WITH RECURSIVE waiting AS (
    (SELECT webhook_id FROM fieldstone.webhook_delivery WHERE status = 'PENDING' ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.webhook_id FROM fieldstone.webhook_delivery AS next
        WHERE next.status = 'PENDING' AND next.webhook_id > waiting.webhook_id ORDER BY next.webhook_id LIMIT 1)
    FROM waiting WHERE waiting.webhook_id IS NOT NULL
),
sharing AS (SELECT count(DISTINCT workspace_id) > 1 AS shared FROM fieldstone.webhook WHERE is_active),
open AS (
    SELECT webhook.id, webhook.workspace_id, webhook.target_url, webhook.secret, webhook.failures > 0 AS is_failing,
        coalesce(busy.count, 0) AS busy,
        greatest(0, CASE WHEN webhook.failures > 0 THEN 1 ELSE $3::int END - coalesce(busy.count, 0)) AS room
    FROM waiting JOIN fieldstone.webhook ON webhook.id = waiting.webhook_id
        LEFT JOIN unnest($1::uuid[], $2::int[]) AS busy (webhook_id, count) ON busy.webhook_id = webhook.id
    WHERE webhook.is_active AND (webhook.rests_until IS NULL OR webhook.rests_until <= now())
),
found AS (
    SELECT due.id, open.workspace_id, open.target_url, open.secret, open.is_failing,
        open.busy + row_number() OVER (PARTITION BY open.id ORDER BY due.due_at, due.position) AS turn
    FROM open CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.due_at, delivery.position FROM fieldstone.webhook_delivery AS delivery
        WHERE delivery.webhook_id = open.id AND delivery.status = 'PENDING' AND delivery.due_at <= now()
            AND NOT EXISTS (
                SELECT FROM fieldstone.webhook_delivery AS earlier
                WHERE earlier.webhook_id = delivery.webhook_id AND earlier.record_id = delivery.record_id
                    AND earlier.status = 'PENDING' AND earlier.position < delivery.position
            )
        ORDER BY delivery.due_at, delivery.position LIMIT open.room
        FOR UPDATE SKIP LOCKED
    ) AS due
),
lined_up AS (
    SELECT found.*, coalesce(crowd.busy, 0) AS busy, CASE WHEN shared THEN coalesce(crowd.failing, 0)
        + row_number() OVER (PARTITION BY found.workspace_id, is_failing ORDER BY turn, id) ELSE 1 END AS share
    FROM found CROSS JOIN sharing LEFT JOIN unnest($8::uuid[], $9::int[], $10::int[])
        AS crowd (workspace_id, busy, failing) ON crowd.workspace_id = found.workspace_id
),
placed AS (
    SELECT lined_up.*, row_number() OVER (PARTITION BY is_failing ORDER BY share, turn, id) AS place FROM lined_up
),
fitting AS (
    SELECT placed.id, target_url, secret, is_failing, turn, CASE WHEN shared THEN busy
        + row_number() OVER (PARTITION BY placed.workspace_id ORDER BY turn, id) ELSE 1 END AS share
    FROM placed CROSS JOIN sharing WHERE NOT is_failing OR share + place <= $5::int + 1
),
picked AS (
    SELECT * FROM (
        SELECT fitting.*, row_number() OVER (ORDER BY share, turn, id) AS place FROM fitting
    ) AS ordered
    WHERE share + place <= $4::int + 1
)
UPDATE fieldstone.webhook_delivery AS delivery
SET claim = $6::uuid, due_at = now() + $7::float8 * interval '1 second', attempts = attempts + 1, attempted_at = now()
FROM picked WHERE delivery.id = picked.id
RETURNING delivery.id, delivery.webhook_id, delivery.event, delivery.payload, delivery.attempts, picked.target_url,
    picked.secret, picked.is_failing, delivery.workspace_id
"""
)
_SETTLE = Statement(
    text="""
UPDATE fieldstone.webhook_delivery AS delivery
SET status = result.status, claim = NULL, due_at = now() + result.pause * interval '1 second',
    finished_at = CASE WHEN result.status <> 'PENDING' THEN now() END, response_status = result.response_status,
    response_body = result.response_body, error = result.error, duration_ms = result.duration_ms
FROM jsonb_to_recordset($1::jsonb) AS result (id uuid, claim uuid, status text, pause float8, response_status int,
    response_body text, error text, duration_ms int)
WHERE delivery.id = result.id AND delivery.claim = result.claim
"""
)
# What waited for those that have ended.
_PROMOTE = Statement(
    text="""
UPDATE fieldstone.webhook_delivery AS delivery SET due_at = now()
FROM (
    SELECT DISTINCT ended.webhook_id, ended.record_id FROM fieldstone.webhook_delivery AS ended
    WHERE ended.id = ANY ($1::uuid[]) AND ended.status <> 'PENDING'
) AS freed
WHERE delivery.due_at IS NULL AND delivery.status = 'PENDING' AND delivery.id = (
    SELECT next.id FROM fieldstone.webhook_delivery AS next
    WHERE next.webhook_id = freed.webhook_id AND next.record_id = freed.record_id AND next.status = 'PENDING'
    ORDER BY next.position LIMIT 1
)
"""
)
# A rest grows with the failures behind PATIENCE; what the target asked for counts where it is longer. Failures that are
# further apart than pauses of ours explain are no failure that goes on: nothing was tried in between.
_JUDGE = Statement(
    text="""
UPDATE fieldstone.webhook SET
    failures = CASE WHEN verdict.delivered THEN 0 ELSE webhook.failures + verdict.failed END,
    failing_since = CASE WHEN NOT verdict.delivered THEN coalesce(
        CASE WHEN webhook.failed_at > now() - $6::float8 * interval '1 second' THEN webhook.failing_since END, now()
    ) END,
    failed_at = CASE WHEN NOT verdict.delivered THEN now() END,
    rests_until = greatest(
        CASE WHEN NOT verdict.delivered AND webhook.failures + verdict.failed >= $2::int THEN
            now() + least($3::float8, $4::float8 * 2 ^ least(30, webhook.failures + verdict.failed - $2::int))
                * (0.5 + random() / 2) * interval '1 second'
        END,
        now() + verdict.asked * interval '1 second'
    ),
    is_active = (verdict.delivered OR webhook.failing_since > now() - $5::float8 * interval '1 second'
        OR webhook.failed_at <= now() - $6::float8 * interval '1 second') IS NOT FALSE,
    disabled_at = CASE WHEN NOT verdict.delivered
        AND webhook.failing_since <= now() - $5::float8 * interval '1 second'
        AND webhook.failed_at > now() - $6::float8 * interval '1 second' THEN now() END,
    disabled_reason = CASE WHEN NOT verdict.delivered
        AND webhook.failing_since <= now() - $5::float8 * interval '1 second'
        AND webhook.failed_at > now() - $6::float8 * interval '1 second'
        THEN 'Each attempt since ' || to_char(webhook.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || ' has failed, at last: ' || verdict.error END
FROM (SELECT * FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, delivered boolean, failed int, asked float8,
    error text) ORDER BY given.id) AS verdict
WHERE webhook.id = verdict.id AND webhook.is_active AND (webhook.failures > 0 OR NOT verdict.delivered
    OR verdict.asked IS NOT NULL)
RETURNING webhook.id, webhook.disabled_reason
"""
)
_RELEASE = Statement(
    text="UPDATE fieldstone.webhook_delivery SET claim = NULL, due_at = now(), attempts = attempts - 1"
    " WHERE claim = ANY ($1::uuid[]) AND id = ANY ($2::uuid[])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that is ours to send until its time is up.

    Attributes:
        attempts: this one included.
        is_failing: whether the webhook's last attempt had failed.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a delivery.

    Attributes:
        status: DELIVERED, FAILED, or PENDING where it is to be sent again.
        pause: the seconds until then.
        asked: the seconds that the target asks to be left alone.
    """

    claimed: Claimed
    status: str
    pause: float | None = None
    asked: float | None = None
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimQuota:
    """How many deliveries may be claimed.

    Attributes:
        sent: what is being sent.
        each: how many of one webhook may be at once; one of a webhook that is failing.
        total: how many more of all.
        failing: how many more of those that are failing.
        lease: seconds after which another process may take over.
    """

    sent: Collection[Claimed]
    each: int
    total: int
    failing: int
    lease: float


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
        """Return deliveries that are due, now ours.

        First come those of workspaces of which the fewest are being sent, and within one those of such webhooks. Where
        several workspaces have webhooks, none gets more places than it leaves free.
        """
        claim = new_id()
        webhooks = Counter(one.webhook_id for one in room.sent)
        workspaces = Counter(one.workspace_id for one in room.sent)
        failing = Counter(one.workspace_id for one in room.sent if one.is_failing)
        rows = await self._database.write(
            _CLAIM,
            [
                array_literal(list(map(str, webhooks))),
                array_literal(list(map(str, webhooks.values()))),
                b"%d" % room.each,
                b"%d" % room.total,
                b"%d" % room.failing,
                str(claim).encode(),
                repr(room.lease).encode(),
                array_literal(list(map(str, workspaces))),
                array_literal(list(map(str, workspaces.values()))),
                array_literal([str(failing[workspace_id]) for workspace_id in workspaces]),
            ],
        )
        return [_claimed(row, claim) for row in rows]

    async def settle(self, results: Sequence[Result]) -> dict[UUID, str]:
        """Write down what came of deliveries; return the webhooks that this has disabled, with the reason."""
        listed = [
            {
                "id": str(result.claimed.id),
                "claim": str(result.claimed.claim),
                "status": result.status,
                "pause": result.pause,
                "response_status": result.response_status,
                "response_body": result.response_body,
                "error": result.error,
                "duration_ms": result.duration_ms,
            }
            for result in results
        ]
        rest = [
            b"%d" % PATIENCE,
            repr(LONGEST_REST).encode(),
            repr(min(self._first_pause, LONGEST)).encode(),
            repr(self._disable_after).encode(),
            repr(max(self._disable_after / 2, 2 * LONGEST)).encode(),
        ]
        _, _, judged = await self._database.pipeline(
            [
                (_SETTLE, [dumps(listed).encode()]),
                (_PROMOTE, [array_literal([str(result.claimed.id) for result in results])]),
                (_JUDGE, [dumps(_verdicts(results)).encode(), *rest]),
            ]
        )
        return {UUID((id_ or b"").decode()): reason.decode() for id_, reason in judged if reason is not None}

    async def release(self, claimed: Sequence[Claimed]) -> None:
        """Give deliveries back as if they had not been tried."""
        claims, ids = ([str(one.claim) for one in claimed], [str(one.id) for one in claimed])
        await self._database.write(_RELEASE, [array_literal(claims), array_literal(ids)])


@dataclass(slots=True, kw_only=True)
class _Verdict:
    """What results say about a webhook: one that took anything is well."""

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
        self.error = result.error
        if result.asked is not None:
            self.asked = max(result.asked, self.asked or 0.0)


def _verdicts(results: Sequence[Result]) -> list[dict[str, object]]:
    found: dict[UUID, _Verdict] = {}
    for result in results:
        key = result.claimed.webhook_id
        found.setdefault(key, _Verdict(id=str(key))).add(result)
    return [asdict(verdict) for verdict in found.values()]


def _claimed(row: Row, claim: UUID) -> Claimed:
    id_, webhook_id, event, payload, attempts, url, secret, is_failing, workspace_id = (
        (value or b"").decode() for value in row
    )
    return Claimed(
        id=UUID(id_),
        claim=claim,
        webhook_id=UUID(webhook_id),
        workspace_id=UUID(workspace_id),
        event=event,
        payload=payload,
        attempts=int(attempts),
        target=WebhookTarget(url=url, secret=secret),
        is_failing=is_failing == "t",
    )
