"""After a swap: the plans that the change touched are made again before they are asked for, the hottest first."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from uuid import UUID

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.request.compiler import Compiler
from fieldstone.metadata.access.view import lacks_large_view, view_of
from fieldstone.metadata.errors import UnknownRole
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.wakeup import Wake

MOST_OPERATIONS = 50
"""Operations that are renewed for one swap: some 0.2 s in all, a few milliseconds at a time."""


class PlanRenewal:
    """Renews the plans of one API.

    Args:
        compiler: makes the plans.
        pause: awaited before each operation and each of its plans, so that others are served.
    """

    def __init__(self, compiler: Compiler, *, pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)) -> None:
        self._compiler = compiler
        self._pause = pause
        self._swapped: dict[UUID, Snapshot] = {}
        self._wake = Wake()

    def notice(self, before: Snapshot | None, after: Snapshot) -> None:
        """Take note of a swap; of several of one workspace only the last counts."""
        if before is not None:
            self._swapped[after.workspace.id] = after
            self._wake()

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.forget()
            while self._swapped:
                _, snapshot = self._swapped.popitem()
                await self._renew(snapshot)

    async def _renew(self, snapshot: Snapshot) -> None:
        id_ = snapshot.workspace.id
        for role in self._compiler.plans.roles_of(id_):
            await self._pause()  # each view takes some milliseconds
            with suppress(UnknownRole, ServiceUnavailable):
                make = partial(view_of, snapshot, role)
                await self._compiler.run(snapshot, make, is_heavy=lacks_large_view(snapshot, role))
        for key, touched in self._compiler.plans.find_touched(snapshot, MOST_OPERATIONS):
            await self._pause()
            if id_ in self._swapped:
                return  # there is a newer one
            async with aclosing(self._compiler.renew(key, touched, snapshot)) as parts:
                async for _ in parts:
                    await self._pause()
                    if id_ in self._swapped:
                        return
