"""Anonymous visitors: requests without a credential, which the setting FIELDSTONE_ANONYMOUS_ROLE gives a role."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from typing import NamedTuple
from uuid import UUID, uuid5

from fieldstone.metadata.roles.networks import Address
from fieldstone.metadata.roles.principal import Principal, SubjectKind

_NAMESPACE = UUID("5d0f3a2e-6d0c-4f3b-9a53-1c5e7a1f2b10")
_NETWORK = 64
"""Bits of an IPv6 address that one visitor may not choose."""


class Visitors(NamedTuple):
    """The rights of visitors.

    Attributes:
        role: the name of their role.
        workspace_id: the workspace that they see.
    """

    role: str
    workspace_id: UUID

    def find(self, address: Address | None) -> Principal:
        """Return the principal of the visitors at an address; they share a rate limit."""
        return _build(self.role, self.workspace_id, _counted(address))


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
