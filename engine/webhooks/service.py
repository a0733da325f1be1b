"""The webhooks of one process: the fan-out, the dispatcher, and their tasks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import field

from fieldstone.engine.events.service import Events
from fieldstone.engine.webhooks.claims import Claims
from fieldstone.engine.webhooks.dispatcher import Dispatcher, Effort
from fieldstone.engine.webhooks.fan_out import FanOut
from fieldstone.engine.webhooks.renewal import Renewal
from fieldstone.engine.webhooks.retention import Backlog, Keep, keep_measured, keep_trimmed
from fieldstone.engine.webhooks.sending.sender import TIME_LIMIT, Sender
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement

_THREE_DAYS = 259_200.0
_PATIENCE = 1.0
"""Seconds that a new webhook waits at most for events that were written before it."""
_LOOK_AGAIN = 0.01

_NEWEST = named_statement(__name__, "newest_staged")
_IS_STAGED = named_statement(__name__, "is_staged")


@frozen
class WebhookOptions:
    """The settings of webhooks.

    Attributes:
        time_limit: seconds for one attempt.
        box: seals and opens the secrets.
        echoes: as `Sender` takes it.
        disable_after: seconds of failure after which a webhook is disabled.
    """

    time_limit: float = TIME_LIMIT
    box: SecretBox = field(default_factory=SecretBox)
    echoes: bool = False
    disable_after: float = _THREE_DAYS
    effort: Effort = field(default_factory=Effort)
    keep: Keep = field(default_factory=Keep)


class Webhooks:
    """The parts of a process's webhooks; before `running` only `sender` sends.

    Args:
        database: where the webhooks and the log are.
        current: the snapshots by which payloads are written.
        targets: the guard of the targets' addresses.
        options: the settings.
        build_sender: is called as the class of the sender.
    """

    def __init__(
        self,
        database: Database,
        current: CurrentSnapshots,
        targets: Targets | None = None,
        options: WebhookOptions | None = None,
        *,
        build_sender: Callable[..., Sender] = Sender,
    ) -> None:
        chosen = options or WebhookOptions()
        self.sender = build_sender(
            targets or Targets(), time_limit=chosen.time_limit, box=chosen.box, echoes=chosen.echoes
        )
        self._database = database
        self._keep = chosen.keep
        self.backlog = Backlog()
        self._news, self._due = Wake(), Wake()
        self.fan_out = FanOut(database, current, wake=self._news, made=self._due)
        claims = Claims(database, first_pause=chosen.effort.first_pause, disable_after=chosen.disable_after)
        self.dispatcher = Dispatcher(claims, Renewal(database, current), self.sender, chosen.effort, wake=self._due)

    def notice_change(self) -> None:
        """Look again: a webhook was made or changed, or a delivery is to be sent again."""
        self.fan_out.notice_webhook()
        self._due()

    async def catch_up(self) -> None:
        """Wait until the events that are written by now are in the log, if that takes no long time.

        A webhook begins behind the last event of the log.
        """
        with suppress(TimeoutError, DatabaseError):
            async with asyncio.timeout(_PATIENCE):
                ((newest,),) = await self._database.read(*_NEWEST.bind(), share=None)
                while newest is not None:
                    if await self._database.read(*_IS_STAGED.bind(seq=int(newest)), share=None) != [(b"t",)]:
                        return
                    await asyncio.sleep(_LOOK_AGAIN)

    @asynccontextmanager
    async def running(self, events: Events) -> AsyncIterator[None]:
        """Send events for the length of the block."""
        events.moved.connect(self._news)
        works = {
            "webhook fan-out": self.fan_out.run,
            "webhook dispatcher": self.dispatcher.run,
            "webhook retention": lambda: keep_trimmed(self._database, self._keep),
            "webhook measurement": lambda: keep_measured(self._database, self.backlog),
        }
        try:
            async with running(works):
                yield
        finally:
            await self.dispatcher.close()
            await self.sender.close()
