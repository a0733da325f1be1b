"""The rate limit of requests: operations of a principal and of a workspace in windows of time."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.engine.server.rate_limits.allowance import Allowance
from fieldstone.engine.server.rate_limits.leases import Leases
from fieldstone.engine.server.rate_limits.windows import Windows
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits
from fieldstone.metadata.snapshot_cache import CurrentSnapshots

Header = tuple[bytes, bytes]

_VARIANT = 1 << 63
"""A bit that every UUID has: without it, a number is that of no key or user."""


class _Limit(NamedTuple):
    """The limit of a window, the number under which its operations are counted, and the word for their client."""

    number: int
    operations: int
    subject: str


@dataclass(slots=True)
class _Taking:
    """Operations that are taken from one window after another: from all of them, or from none in the end.

    Attributes:
        granted: the limits that had room for them.
        tightest: the least allowance that those leave.
    """

    operations: int
    granted: list[_Limit] = field(default_factory=list)
    tightest: Allowance | None = None

    def note(self, limit: _Limit, found: Allowance) -> bool:
        """Note the answer of one window, and return whether it granted the operations."""
        if found.granted:
            self.granted.append(limit)
            if self.tightest is None or found.remaining < self.tightest.remaining:
                self.tightest = found
        return found.granted


class RateLimiter:
    """Counts the operations of principals, and those of their workspaces.

    Args:
        limit: operations of a principal in a window; 0 is no limit. A role's own limit stands in its place.
        session_limit: the same of all sessions of a principal together, which are counted apart.
        workspace_limit: operations of all principals of a workspace together; 0 is no limit.
        window: its length in seconds.
        leases: the windows that all processes share; None: those of this process count.
        find_limits: returns the limits of a principal's role.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        *,
        limit: int,
        session_limit: int = 0,
        window: float,
        workspace_limit: int = 0,
        leases: Leases | None = None,
        find_limits: Callable[[Principal], RoleLimits] = lambda _: NO_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.leases = leases
        self._limit = limit
        self._session_limit = session_limit
        self._workspace_limit = workspace_limit
        self._window = window
        self._windows = Windows(length=window, clock=clock)
        self._find_limits = find_limits
        self._clock = clock

    def take_now(self, principal: Principal, role: RoleLimits) -> bytes | None:
        """Use up one operation of a principal without a session, whose role has these limits, without asking anybody.

        Returns the lines of the headers about the allowance left, b"" without a limit. None: it may not be executed, or
        Redis has to be asked, which `count` does.
        """
        if self.leases is None and not self._workspace_limit:
            # The fast path of most servers.
            limit = self._limit if role.rate is None else role.rate
            return self._windows.take_one(principal.rate_key.int, limit) if limit else b""
        taking = _Taking(1)
        for one in self._limits_of(principal, role):
            found = self._take_held(one, 1)
            if found is None or not taking.note(one, found):
                self._undo(taking)
                return None
        return b"" if taking.tightest is None else taking.tightest.lines()

    def give_back(self, principal: Principal) -> None:
        """Undo a `take_now`."""
        self._undo(_Taking(1, [*self._limits_of(principal, self._find_limits(principal))]))

    async def count(self, principal: Principal, operations: int = 1, headers: list[Header] | None = None) -> None:
        """Use up `operations`, all of them or none, and put the headers about the rest into `headers`.

        Raises:
            RateLimitExceeded: they are more than are left.
        """
        taking = _Taking(operations)
        for one in self._limits_of(principal, self._find_limits(principal)):
            found = await self._take(one, operations)
            if not taking.note(one, found):
                self._undo(taking)
                if headers is not None:
                    headers[:] = [*found.headers(), (b"retry-after", b"%d" % self.retry_after(found))]
                raise self._refusal(one, found)
        if taking.tightest is not None and headers is not None:
            headers[:] = taking.tightest.headers()

    def retry_after(self, allowance: Allowance) -> int:
        """Return the whole seconds until the window's end, 1 at least."""
        return max(1, math.ceil(allowance.reset - self._clock()))

    def _limits_of(self, principal: Principal, role: RoleLimits) -> Iterator[_Limit]:
        is_session = principal.session_id is not None
        usual = self._session_limit if is_session else self._limit
        limit = usual if role.rate is None else role.rate
        if limit:
            number = principal.rate_key.int
            yield _Limit(number ^ _VARIANT if is_session else number, limit, "sessions" if is_session else "key")
        if self._workspace_limit:
            # The numbers of workspaces are negative, so that none is that of a key.
            yield _Limit(~principal.workspace_id.int, self._workspace_limit, "workspace")

    def _take_held(self, one: _Limit, operations: int) -> Allowance | None:
        if self.leases is None:
            return self._windows.take(one.number, one.operations, operations)
        return self.leases.take_held(one.number, one.operations, operations)

    async def _take(self, one: _Limit, operations: int) -> Allowance:
        found = self._take_held(one, operations)
        if found is None and self.leases is not None:
            return await self.leases.take(one.number, one.operations, operations)
        if found is None:
            raise TypeError(one)
        return found

    def _undo(self, taking: "_Taking") -> None:
        for one in taking.granted:
            (self.leases or self._windows).give_back(one.number, taking.operations)

    def _refusal(self, one: _Limit, allowance: Allowance) -> RateLimitExceeded:
        has = "The sessions have used their" if one.subject == "sessions" else f"The {one.subject} has used its"
        return RateLimitExceeded(
            f"{has} {one.operations} operations per {self._window:g} seconds: wait until the time in resetAt.",
            extensions={"resetAt": math.ceil(allowance.reset * 1000)},
        )


def build_limiter(settings: Settings, current: CurrentSnapshots, leases: Leases | None) -> RateLimiter:
    """Return the limiter of a process, by its settings and the roles of the models that are loaded."""

    def find_limits(principal: Principal) -> RoleLimits:
        # The model of a workspace is loaded by its first request, if not before.
        snapshot = current.peek(principal.workspace_id)
        return NO_LIMITS if snapshot is None else role_limits(snapshot, principal.role)

    return RateLimiter(
        limit=settings.rate_limit,
        session_limit=settings.session_rate_limit,
        workspace_limit=settings.workspace_rate_limit,
        window=settings.rate_window_ms / 1000,
        leases=leases,
        find_limits=find_limits,
    )
