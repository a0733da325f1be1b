"""The limits of a role: its own, and where it has none the largest of the roles that it inherits."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import NO_LIMITS, Role, RoleLimits, RoleReference, find_role


def role_limits(snapshot: Snapshot, reference: RoleReference) -> RoleLimits:
    """Return the limits of a role; those of the server for a role that the workspace does not have."""
    if not snapshot.has_role_limits:
        return NO_LIMITS
    known = snapshot.whole.role_limits
    if reference not in known:
        role = find_role(snapshot.roles, reference)
        if role is None:
            return NO_LIMITS
        _find_limits(snapshot.roles, role, known)
        known[reference] = known[role.id]
    return known[reference]


def _find_limits(roles: Mapping[UUID, Role], role: Role, known: dict[RoleReference, RoleLimits]) -> None:
    """Add the limits of a role, and of all that it inherits; a circle, which is refused when it is saved, is cut."""
    begun: set[UUID] = set()
    pending = [role]
    while pending:
        one = pending[-1]
        if one.id not in begun:
            begun.add(one.id)
            pending += [roles[id_] for id_ in one.parents if id_ in roles and id_ not in known and id_ not in begun]
        elif pending.pop().id not in known:
            known[one.id] = _join(one.limits, [known[id_] for id_ in one.parents if id_ in known])


def _join(own: RoleLimits, inherited: Sequence[RoleLimits]) -> RoleLimits:
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
