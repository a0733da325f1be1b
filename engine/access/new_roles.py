"""Roles that are newer than the models at hand: another process has made them, and this one has not heard of it yet."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.roles.role import RoleReference, find_role
from fieldstone.metadata.snapshot_cache import CurrentSnapshots

ASKED_FOR: Final = 1.0
"""Seconds until a role that the newest model lacks is looked for again: each process hears of a new one within them."""

_MOST_ASKED: Final = 1_000


class NewRoles:
    """Has the newest model of a workspace be the current one where the model at hand lacks a principal's role."""

    def __init__(self, current: CurrentSnapshots, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._current = current
        self._clock = clock
        self._asked: dict[tuple[UUID, RoleReference], float] = {}

    async def look_for(self, workspace_id: UUID, role: RoleReference) -> None:
        """Look for a role that the model at hand lacks; a model that is not here is loaded when it is asked for.

        Raises:
            DatabaseError: the database fails.
        """
        snapshot = self._current.find_current(workspace_id)
        if snapshot is None or find_role(snapshot.roles, role) is not None:
            return
        asked_at = self._asked.get((workspace_id, role))
        if asked_at is not None and self._clock() - asked_at < ASKED_FOR:
            return
        # Of a workspace that has been dropped the request itself finds no model.
        with suppress(UnknownObject):
            await self._current.refresh(workspace_id)
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()
        self._asked[(workspace_id, role)] = self._clock()
