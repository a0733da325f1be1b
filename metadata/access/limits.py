"""The limits of a role: its own, and where it has none the largest of the roles that it inherits."""

from collections.abc import Sequence

from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import NO_LIMITS, Role, RoleLimits, RoleReference, find_role


def role_limits(snapshot: Snapshot, reference: RoleReference) -> RoleLimits:
    """Return the limits of a role; those of the server for a role that the workspace does not have."""
    if not snapshot.has_role_limits:
        return NO_LIMITS
    known = snapshot.whole.role_limits
    limits = known.get(reference)
    if limits is None:
        role = find_role(snapshot.roles, reference)
        limits = NO_LIMITS if role is None else _limits_of(snapshot, role, frozenset())
        if role is not None:
            known[reference] = limits
    return limits


def _limits_of(snapshot: Snapshot, role: Role, below: frozenset[Role]) -> RoleLimits:
    inherited = [
        _limits_of(snapshot, parent, below | {role})
        for parent_id in role.parents
        if (parent := snapshot.roles.get(parent_id)) is not None and parent not in below
    ]
    own = role.limits
    return RoleLimits(
        page=_largest(own.page, [one.page for one in inherited]),
        cost=_largest(own.cost, [one.cost for one in inherited]),
        rate=_largest(own.rate, [one.rate for one in inherited]),
    )


def _largest(own: int | None, inherited: Sequence[int | None]) -> int | None:
    """Return the role's own limit, or the largest of the inherited ones; None is that of the server."""
    if own is not None:
        return own
    found = [one for one in inherited if one is not None]
    return max(found) if inherited and len(found) == len(inherited) else None
