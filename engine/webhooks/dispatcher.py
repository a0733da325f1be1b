"""The dispatcher: sends the deliveries that this process has claimed and records the results.

One loop records the results and claims the next deliveries; each delivery is sent in a task of its own. A failing
webhook is tried once at a time, and all failing webhooks have half of the places at most, so that no other waits for
them. Nor does a workspace wait for the slow targets of another, see `claims`.
"""

import asyncio
import logging
from dataclasses import dataclass

from fieldstone.engine.webhooks.claims import Claimed, ClaimQuota, Claims, Result
from fieldstone.engine.webhooks.payloads.payloads import build_body
from fieldstone.engine.webhooks.renewal import Renewal, Undeliverable
from fieldstone.engine.webhooks.sending.backoff import next_pause
from fieldstone.engine.webhooks.sending.sender import Outcome, Sender
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.frozen import frozen

_LOG = logging.getLogger(__name__)

_INTERVAL = 0.5
"""Seconds between two looks for due deliveries that no wakeup asks for."""
_TAKE_OVER = 5.0
"""Seconds of a lease beyond the time limit of an attempt: then another process takes the delivery over."""
_AGAIN = 1.0
"""Seconds after which the rights to a delivery are looked at again that could not be read."""
_DRAIN = 2.0
"""Seconds that a stop waits for the attempts under way."""


@frozen
class Effort:
    """The limits of a process's attempts.

    Attributes:
        total: deliveries that a process sends at once.
        each: the most of them to one webhook.
        attempts: the attempts of a delivery before it is given up.
        first_pause: seconds before the second attempt; each further one waits twice as long.
    """

    total: int = 64
    each: int = 8
    attempts: int = 20
    first_pause: float = 1.0


@dataclass(slots=True, kw_only=True)
class WebhookCounters:
    """The counts of this process's dispatcher.

    Attributes:
        delivered: attempts that the target accepted.
        retried: attempts that failed and have a retry.
        failed: deliveries that were given up.
        disabled: webhooks that were disabled.
    """

    delivered: int = 0
    retried: int = 0
    failed: int = 0
    disabled: int = 0


class Dispatcher:
    """One process's dispatcher.

    Args:
        claims: the deliveries that are due.
        renewal: renews those whose webhook has got other rights.
        sender: sends them.
        effort: the limits of its attempts.
        wake: to be called when there may be something to send.
    """

    def __init__(
        self,
        claims: Claims,
        renewal: Renewal,
        sender: Sender,
        effort: Effort,
        *,
        wake: Wake,
    ) -> None:
        self.counters = WebhookCounters()
        self._claims = claims
        self._renewal = renewal
        self._sender = sender
        self._effort = effort
        self._wake = wake
        self._sending: dict[asyncio.Task[None], Claimed] = {}
        self._results: list[Result] = []

    async def run(self) -> None:
        """Send until cancelled."""
        pause = LogPause()
        while True:
            self._wake.forget()
            try:
                await self._record()
                await self._claim()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.warning("webhooks wait: %s", error)
                await asyncio.sleep(_INTERVAL)
                continue
            await self._wake.wait(_INTERVAL)

    async def close(self) -> None:
        """Wait a moment for the attempts under way, and give back the rest; `run` must have ended."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=_DRAIN)
        left = dict(self._sending)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        try:
            await self._record()
            if left:
                await self._claims.release(list(left.values()))
        except DatabaseError as error:
            _LOG.warning("the webhook deliveries under way are sent again later: %s", error)

    async def _record(self) -> None:
        """Record the results of the attempts that have ended."""
        results = tuple(self._results)
        if not results:
            return
        disabled = await self._claims.record(results)
        del self._results[: len(results)]
        for webhook_id, reason in disabled.items():
            self.counters.disabled += 1
            _LOG.error("webhook %s is disabled. %s", webhook_id, reason)

    async def _claim(self) -> None:
        """Claim as many due deliveries as there is room for, and begin to send them."""
        room = self._effort.total - len(self._sending)
        if room <= 0:
            return
        failing = sum(claimed.is_failing for claimed in self._sending.values())
        claimed = await self._claims.claim(
            ClaimQuota(
                sent=self._sending.values(),
                each=self._effort.each,
                total=room,
                failing=max(0, (self._effort.total + 1) // 2 - failing),
                lease=self._sender.time_limit + _TAKE_OVER,
            )
        )
        for one in claimed:
            task = asyncio.create_task(self._send(one), name="webhook delivery")
            self._sending[task] = one
            task.add_done_callback(self._ended)

    async def _renew(self, claimed: Claimed) -> Claimed | None:
        """Return a delivery as its webhook may have it now, None if it is not to be sent now, or not any more."""
        try:
            return await self._renewal.renew(claimed)
        except Undeliverable as reason:
            _LOG.warning("webhook %s: delivery %s is given up: %s", claimed.webhook_id, claimed.id, reason)
            outcome = Outcome(error=str(reason), duration_ms=0)
            self.counters.failed += 1
            self._results.append(Result(claimed=claimed, status="FAILED", outcome=outcome, is_judged=False))
        except DatabaseError as error:
            _LOG.warning("webhook %s: delivery %s waits: %s", claimed.webhook_id, claimed.id, error)
            try:
                await self._claims.release([claimed], pause=_AGAIN)
            except DatabaseError as failed:
                _LOG.warning("delivery %s is sent again later: %s", claimed.id, failed)
        return None

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._sending[task]
        self._wake()

    async def _send(self, before: Claimed) -> None:
        try:
            claimed = await self._renew(before)
            if claimed is None:
                return
            outcome = await self._sender.send(
                claimed.target,
                delivery_id=claimed.id,
                event=claimed.event,
                body=build_body(claimed.id, claimed.payload),
            )
        except Exception:  # noqa: BLE001 - the edge of a task that is not awaited
            _LOG.exception("delivery %s could not be sent", before.id)
            outcome = Outcome(error="an internal error, which the server's log has", duration_ms=0)
        self._results.append(self._judge(before, outcome))

    def _judge(self, claimed: Claimed, outcome: Outcome) -> Result:
        """Return the result of an attempt, and log it where it failed."""
        status, pause, asked = "DELIVERED", None, None
        if outcome.error is None:
            self.counters.delivered += 1
            if claimed.is_failing:
                _LOG.info("webhook %s takes events again", claimed.webhook_id)
        elif claimed.attempts >= self._effort.attempts:
            status, asked = "FAILED", outcome.retry_after
            self.counters.failed += 1
            _LOG.error(
                "webhook %s: delivery %s is given up after %d attempts: %s",
                claimed.webhook_id,
                claimed.id,
                claimed.attempts,
                outcome.error,
            )
        else:
            status, asked = "PENDING", outcome.retry_after
            pause = max(next_pause(claimed.attempts, self._effort.first_pause), asked or 0.0)
            self.counters.retried += 1
            _LOG.warning(
                "webhook %s: attempt %d of delivery %s failed, the next is in %.1f s: %s",
                claimed.webhook_id,
                claimed.attempts,
                claimed.id,
                pause,
                outcome.error,
            )
        return Result(claimed=claimed, status=status, pause=pause, asked=asked, outcome=outcome)
