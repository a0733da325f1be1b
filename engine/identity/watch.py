"""Watches the principals of open connections: one that has ended or changed ends its connections within a second."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.engine.errors import ApiError, ServiceUnavailable
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.identity.identity import Identity
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.errors import DatabaseError

_LOG = logging.getLogger(__name__)

INTERVAL = 0.9
"""Seconds between two checks: with the check itself, a principal that has ended is served for less than a second."""

LEAST_PAUSE = 0.1
"""Seconds between two checks of which changed keys are the cause."""

_AT_ONCE = 100
"""Principals after which other tasks get their turn."""
_LONGEST_TIMER = 86_400.0
"""Seconds; a later end is found by the check."""


class Watched(NamedTuple):
    """A connection's principal, and all that it was found by."""

    presented: Presented
    principal: Principal


class PrincipalWatch:
    """The principals of the connections that are open.

    Args:
        identity: finds principals.
        interval: seconds between two checks; a changed key is not waited for.

    Attributes:
        wake: has the principals checked at once.
        moved: called with a workspace that has moved to another database: its connections are to end and come back.
    """

    def __init__(self, identity: Identity, *, interval: float = INTERVAL) -> None:
        self.wake = Wake()
        self.moved: Signal[[UUID]] = Signal()
        self._identity = identity
        self._interval = interval
        # A signal is there as long as a connection holds the function that disconnects it.
        self._ended: WeakValueDictionary[Watched, Signal[[]]] = WeakValueDictionary()
        identity.keys.dropped.connect(self.wake)

    def watch(self, watched: Watched, end: Callable[[], object]) -> Callable[[], None]:
        """Have `end` called, once, when the principal has ended or is another one; return a function that undoes it."""
        disconnect = self._ended.setdefault(watched, Signal()).connect(end)
        expires_at = watched.principal.expires_at
        if expires_at is None:
            return disconnect
        left = max(0.0, expires_at - time.time())
        timer = asyncio.get_running_loop().call_later(min(left, _LONGEST_TIMER), self._end_expired, expires_at, end)

        def undo() -> None:
            timer.cancel()
            disconnect()

        return undo

    async def run(self) -> None:
        """Check the principals until cancelled."""
        pause = LogPause()
        while True:
            await asyncio.sleep(min(LEAST_PAUSE, self._interval))
            await self.wake.wait(self._interval - LEAST_PAUSE)
            self.wake.forget()
            try:
                await self.look()
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.info("principals are checked later: %s", error)

    async def look(self) -> None:
        """End the connections of principals that have ended or changed.

        A cache entry of a session or of the denied tokens may be as old as the last check, so none of them counts.
        """
        asked = list(self._ended)
        # One statement for all keys, one for all sessions, and one for the denied tokens.
        find_fresh, sessions = self._identity.find_fresh, _credentials(asked, CredentialKind.SESSION)
        keys = [one for one in _credentials(asked, CredentialKind.KEY) if find_fresh(one) is None]
        if keys:
            await self._identity.keys.refresh({one.hash for one in keys})
        if sessions:
            await self._identity.sessions.refresh({one.hash for one in sessions})
        if _credentials(asked, CredentialKind.TOKEN):
            self._identity.tokens.denied.forget()
        for number, watched in enumerate(asked):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            if not await self._holds(watched) and (ended := self._ended.pop(watched, None)) is not None:
                ended()

    async def _holds(self, watched: Watched) -> bool:
        try:
            return await self._identity.resolve(watched.presented) == watched.principal
        except (ServiceUnavailable, UnknownWorkspace):
            return True  # nobody knows: the next check may, and `moved` ends those of a workspace that has moved
        except ApiError:
            return False

    @staticmethod
    def _end_expired(expires_at: float, end: Callable[[], object]) -> None:
        if time.time() >= expires_at:
            end()


def _credentials(asked: Iterable[Watched], kind: CredentialKind) -> set[Credential]:
    presented = {watched.presented.credential for watched in asked}
    return {one for one in presented if one is not None and one.kind is kind}


def no_longer_valid(principal: Principal) -> str:
    """Return the reason for which the connections of a principal are ended."""
    if principal.session_id is not None:
        return "The session has ended, or its role has changed: sign in again."
    if principal.kind is SubjectKind.USER:
        return "The token is not valid any more: it has expired, or its user or role has changed."
    return "The API key is not valid any more, or its role has changed."
