"""The cell of each workspace and the workspace of each credential: remembered, else as the directory has them."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from fieldstone.engine.cells.directory import CellsAway, Directory, Place
from fieldstone.engine.errors import RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.identity.shared_look_ups import SharedLookUps
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.requests.auth import sign_in
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.executor import Database

_MOST_KNOWN: Final = 100_000
"""Credentials, and workspaces, whose place a process remembers."""
_REFUSED_FOR: Final = 1.0
"""Seconds for which a credential that no cell has is not looked for again."""


class Places:
    """The places that a process knows, or finds out.

    Args:
        home: the name of the cell that has the directory.
        databases: returns the database of each cell, None for one that does not answer.
        services_of: returns the services of a cell; raises ServiceUnavailable.

    Attributes:
        workspaces: the known workspaces by the hash of a credential.
        cells: the known cells by workspace.
    """

    def __init__(
        self,
        home: str,
        databases: Callable[[], Mapping[str, Database | None]],
        services_of: Callable[[str], Services],
    ) -> None:
        self.workspaces: OrderedDict[bytes, UUID] = OrderedDict()
        self.cells: OrderedDict[UUID, str] = OrderedDict()
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._home = home
        self._directory = Directory(home, databases)
        self._shared = SharedLookUps(self._directory.find_credentials)
        self._services_of = services_of

    async def find_workspace(self, credential: Credential, presented: Presented, home: Services | None) -> UUID | None:
        """Return the workspace of a credential; None if no cell knows it.

        Raises:
            ServiceUnavailable: a cell that may know it cannot be reached.
            ApiError: the token that is presented is refused.
        """
        if credential.kind is CredentialKind.TOKEN:
            there = self._services_of(self._home)
            workspace_id = (await sign_in(there.identity, there.audit, there.failed_tokens, presented)).workspace_id
        else:
            now = asyncio.get_running_loop().time()
            if now - self._refused.get(credential.hash, -_REFUSED_FOR) < _REFUSED_FOR:
                return None
            try:
                place = await self._find_credential(credential, presented, home)
            except CellsAway:
                raise _some_away() from None
            if place is None:
                keep(self._refused, credential.hash, now, _MOST_KNOWN)
                return None
            workspace_id = place.workspace_id
            keep(self.cells, workspace_id, place.cell, _MOST_KNOWN)
        keep(self.workspaces, credential.hash, workspace_id, _MOST_KNOWN)
        return workspace_id

    async def find_cell(self, workspace_id: UUID) -> str | None:
        """Return the cell of a workspace as the directory has it; None if no cell knows it.

        Raises:
            ServiceUnavailable: a cell that may know it cannot be reached.
        """
        try:
            cell = await self._directory.find_workspace(workspace_id)
        except CellsAway:
            raise _some_away() from None
        if cell is not None:
            keep(self.cells, workspace_id, cell, _MOST_KNOWN)
        return cell

    async def _find_credential(
        self, credential: Credential, presented: Presented, home: Services | None
    ) -> Place | None:
        if home is None:
            return await self._directory.find_credential(credential.hash)
        try:
            home.failed_tokens.begin(presented.address)
        except RateLimitExceeded:
            return await self._shared.find(credential.hash)
        try:
            return await self._directory.find_credential(credential.hash)
        finally:
            # One that no cell has is counted by the sign-in, which the home refuses.
            home.failed_tokens.end(presented.address)


def _some_away() -> ServiceUnavailable:
    return ServiceUnavailable("A database cannot be reached, and the others do not have the workspace: try again.")
