"""The rights of a principal in the Metadata API."""

from fieldstone.engine.errors import Forbidden
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Role, find_role


def own_role(snapshot: Snapshot, principal: Principal) -> Role:
    """Return the role of a principal.

    Raises:
        Forbidden: it is not there any more.
    """
    role = find_role(snapshot.roles, principal.role)
    if role is None:
        raise Forbidden("The role of this key has been deleted: it may do nothing.")
    return role
