"""Impersonation: a principal whose role has IMPERSONATE and ROLES acts as another one, by two headers."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.identity.json_objects import read_object
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Setting, find_role

_NEEDED = frozenset({Setting.IMPERSONATE, Setting.ROLES})
"""A request that acts as another role may do all that this one may, and so bind it to a key: that needs ROLES."""
_MOST_NAMED = 20
_LONGEST_NAME = 63
_LONGEST = 8_192
"""Bytes of the values."""


class ActsAs(NamedTuple):
    """The headers by which a request acts as another principal, as they were sent.

    Attributes:
        role: X-Fieldstone-Role; None: the principal keeps its role.
        values: X-Fieldstone-Principal, the values that rules may name; None: there are none.
    """

    role: bytes | None
    values: bytes | None

    @property
    def role_name(self) -> str:
        """The name of the role, as far as there is one."""
        return (self.role or b"").decode("utf-8", "replace")


def read_acts_as(given: Mapping[bytes, bytes]) -> ActsAs | None:
    """Return the headers of a request by which it acts as another principal; None where it has neither."""
    role, values = given.get(b"x-fieldstone-role"), given.get(b"x-fieldstone-principal")
    return None if role is None and values is None else ActsAs(role, values)


def impersonate(snapshot: Snapshot, principal: Principal, acts_as: ActsAs) -> Principal:
    """Return the principal as which another one acts in the model of its workspace.

    Raises:
        Forbidden: the role of `principal` has not got the settings.
        BadUserInput: there is no such role, or the values are no JSON object.
    """
    own = find_role(snapshot.roles, principal.role)
    if own is None or not effective_settings(snapshot, own) >= _NEEDED:
        name = "" if own is None else f" '{own.name}'"
        raise Forbidden(f"The role{name} may not act as another one: that needs the settings IMPERSONATE and ROLES.")
    role = own.name if acts_as.role is None else acts_as.role_name
    if find_role(snapshot.roles, role) is None:
        raise BadUserInput("X-Fieldstone-Role must be the name of a role of the workspace.", field="X-Fieldstone-Role")
    return _act(principal, role, acts_as.values)


def describe_acting(principal: Principal) -> dict[str, JsonValue]:
    """Return the audit log's details of a principal that acts as another: the role, and the names of the values."""
    names = [name[:_LONGEST_NAME] for name in sorted(principal.claims)[:_MOST_NAMED]]
    return {"role": principal.acts_as} | ({"values": [*names]} if names else {})


@lru_cache(maxsize=1024)
def _act(principal: Principal, role: str, values: bytes | None) -> Principal:
    """Return the same instance for equal requests: the typed values of a principal are kept by it."""
    return replace(principal, role=role, claims={} if values is None else _read_values(values), acts_as=role)


def _read_values(text: bytes) -> Mapping[str, JsonValue]:
    values = read_object(text) if len(text) <= _LONGEST else None
    if values is None:
        raise BadUserInput(
            f"X-Fieldstone-Principal must be a JSON object of at most {_LONGEST} bytes, such as"
            ' {"userId": "018cc5ca-0413-7028-876c-8f782314f028"}.',
            field="X-Fieldstone-Principal",
        )
    return values
