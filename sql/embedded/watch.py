"""Looks after the embedded server: starts it again when it has ended without being stopped, and bounds its log."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from fieldstone.sql.embedded.folder import recorded_lines
from fieldstone.sql.embedded.process import bound_log
from fieldstone.sql.embedded.server import EmbeddedServer, restart
from fieldstone.sql.embedded.socket import ConnectOutcome, ask_at, is_listening
from fieldstone.sql.errors import EmbeddedServerError

_LOG = logging.getLogger(__name__)

_INTERVAL = 1.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_CALM = 60.0
"""Seconds of service after which the pause between starts is the first one again."""
_MOST_TRIES = 4
"""Starts, or long recoveries, in vain after which the server counts as broken; the starts take some 8 seconds."""
_RECOVERING = 10.0
"""Seconds from which on a recovery is a long one: the server is not broken until four of them have ended in vain."""
_PATIENCE = 60.0
"""Seconds without a postmaster after which the server counts as broken, even while a start is under way."""


class Watch:
    """One process's watch over the server that it uses.

    A server that has ended is started again at once; a server that ends again or cannot be started, after a backoff. Of
    several processes the first does it. The server's log is kept short.

    Args:
        server: the server, of which this process is a user.
        interval: seconds between two looks.
        first_pause: seconds between the first start and the second; each further pause is twice as long, 30 at most.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        server: EmbeddedServer,
        *,
        interval: float = _INTERVAL,
        first_pause: float = _FIRST_PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._interval = interval
        self._first_pause = first_pause
        self._clock = clock
        self._away_since: float | None = None
        self._silent_since: float | None = None
        self._busy_since: float | None = None
        self._served_since = clock()
        self._tries = 0
        self._lost_recoveries = 0
        self._postmaster: list[str] = []
        self._pause = 0.0
        self._next_start = clock()

    @property
    def address(self) -> str:
        """Return the connection string of the server's database, which a restart does not change."""
        return self._server.dsn

    @property
    def is_broken(self) -> bool:
        """Return whether the server is away and several starts, or several long recoveries, did not bring it back."""
        silent_since = self._silent_since
        if max(self._tries, self._lost_recoveries) >= _MOST_TRIES:
            return True
        return silent_since is not None and self._clock() - silent_since > _PATIENCE

    async def run(self) -> None:
        """Watch until cancelled. A start that is under way then still ends; `stop` of the server waits for it."""
        while True:
            await self._look()
            await asyncio.to_thread(bound_log, self._server.folder)
            await asyncio.sleep(self._interval)

    async def _look(self) -> None:
        folder = self._server.socket_folder
        if self._away_since is None and is_listening(folder, self._server.port):
            return
        answer = await asyncio.to_thread(ask_at, folder, self._server.port)
        now = self._clock()
        if self._away_since is None:
            self._away_since = now
            self._calm_down(now)
        match answer:
            case ConnectOutcome.READY:
                self._note_service(now)
            case ConnectOutcome.BUSY:
                self._silent_since = None
                await self._compare_postmaster(now)
                if self._busy_since is None:
                    self._busy_since = now
                if self._recovers_long(now):
                    self._tries = 0
            case ConnectOutcome.SILENT:
                self._end_recovery(now)
                if self._silent_since is None:
                    self._silent_since = now
                if now >= self._next_start:
                    await self._start()

    async def _compare_postmaster(self, now: float) -> None:
        """End the recovery of a server that has ended since the last look, if another process has started one again."""
        found: list[str] = []
        with contextlib.suppress(OSError):
            # The pid, the cluster and the time of the start.
            found = (await asyncio.to_thread(recorded_lines, self._server.folder))[:3]
        if found and found != self._postmaster:
            self._end_recovery(now)
            self._postmaster = found

    def _end_recovery(self, now: float) -> None:
        if self._recovers_long(now):
            self._lost_recoveries += 1
        self._busy_since = None

    def _recovers_long(self, now: float) -> bool:
        return self._busy_since is not None and now - self._busy_since >= _RECOVERING

    async def _start(self) -> None:
        root = self._server.folder.root
        try:
            is_ours = await asyncio.to_thread(restart, self._server)
        except EmbeddedServerError as error:
            self._count_start()
            _LOG.error(
                "the PostgreSQL of %s is away and cannot be started (try %d, the next in %g s): %s",
                root,
                self._tries,
                self._pause,
                error,
            )
            return
        if is_ours:
            self._count_start()
            _LOG.warning("the PostgreSQL of %s had ended and was started again", root)

    def _count_start(self) -> None:
        self._tries += 1
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause or self._first_pause)
        self._next_start = self._clock() + self._pause

    def _note_service(self, now: float) -> None:
        if self._away_since is not None:
            _LOG.warning(
                "the PostgreSQL of %s serves again after %.1f s", self._server.folder.root, now - self._away_since
            )
        self._away_since = self._silent_since = self._busy_since = None
        self._served_since = now
        self._tries = self._lost_recoveries = 0

    def _calm_down(self, now: float) -> None:
        if now - self._served_since >= _CALM:
            self._pause, self._next_start = 0.0, now
