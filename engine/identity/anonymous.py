"""Anonymous visitors: requests without a credential, which the setting FIELDSTONE_ANONYMOUS_ROLE gives a role."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from fieldstone.engine.errors import Unauthenticated
from fieldstone.metadata.roles.networks import Address
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.workspaces.registry import WorkspaceNames

FRESH_FOR: Final = 60.0
"""Seconds for which the id of a workspace is kept, so that a visitor costs no statement of its own."""

_NAMESPACE = UUID("5d0f3a2e-6d0c-4f3b-9a53-1c5e7a1f2b10")
_NETWORK = 64
"""Bits of an IPv6 address that one visitor may not choose."""


class VisitorSettings(NamedTuple):
    """The role of visitors, and the names of the workspaces that take them."""

    role: str
    names: Sequence[str]


class Visitors:
    """The rights of visitors.

    Args:
        role: the name of their role.
        names: the names of the workspaces that take visitors; the first one is that of requests that name none.
        workspaces: finds workspaces by their names.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        role: str,
        names: Sequence[str],
        workspaces: WorkspaceNames,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._role = role
        self._names = tuple(names)
        self._workspaces = workspaces
        self._clock = clock
        self._found: dict[str, tuple[UUID | None, float]] = {}

    async def find(self, address: Address | None, workspace: str | None = None) -> Principal:
        """Return the principal of all visitors at an address, which has one rate limit.

        Args:
            address: of the client.
            workspace: the name of the workspace that they ask for.

        Raises:
            Unauthenticated: the workspace takes no visitors.
            DatabaseError: the database is away.
        """
        name = self._names[0] if workspace is None else workspace
        # No other name is looked for, and all of them have the same answer.
        workspace_id = await self._find_workspace(name) if name in self._names else None
        if workspace_id is None:
            raise Unauthenticated(
                "An API key is needed: the workspace that X-Fieldstone-Workspace names takes no visitors."
            )
        return build_visitor(self._role, workspace_id, address)

    async def _find_workspace(self, name: str) -> UUID | None:
        known, until = self._found.get(name, (None, 0.0))
        if self._clock() < until:
            return known
        found = await self._workspaces.find(name)
        self._found[name] = (found, self._clock() + FRESH_FOR)
        return found


def build_visitor(role: str, workspace_id: UUID, address: Address | None) -> Principal:
    """Return the principal of the visitors of a workspace at an address."""
    return _build(role, workspace_id, _counted(address))


def _counted(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _NETWORK), strict=False))
    return str(address)


@lru_cache(maxsize=4096)
def _build(role: str, workspace_id: UUID, address: str) -> Principal:
    id_ = uuid5(_NAMESPACE, f"{workspace_id} {address}")
    return Principal(
        kind=SubjectKind.ANONYMOUS,
        subject_id=id_,
        name="anonymous",
        rate_key=id_,
        workspace_id=workspace_id,
        role=role,
    )
