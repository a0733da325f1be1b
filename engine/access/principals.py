"""The part of a model that a principal's role sees, and the principal's values for the rules of the role."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import Forbidden, ServiceUnavailable
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.view import find_claims, view_of
from fieldstone.metadata.errors import PrincipalValueRefused, UnknownRole
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits, Setting, find_role


class Seen(NamedTuple):
    """The model as a principal sees it.

    Attributes:
        view: the view of the principal's role: the snapshot itself if the role sees all of it whole.
        claims: the principal's values, of the types that the role declares.
        limits: those of the role.
    """

    view: Snapshot
    claims: Mapping[str, JsonValue]
    limits: RoleLimits = NO_LIMITS


See = Callable[[Snapshot, Principal], Seen]
"""Returns a snapshot as a principal sees it; raises Forbidden."""


def see(snapshot: Snapshot, principal: Principal) -> Seen:
    """Return the model as a principal sees it.

    Raises:
        Forbidden: its role does not exist any more, or needs a value that the principal does not have.
    """
    try:
        view, claims = view_of(snapshot, principal.role), find_claims(snapshot, principal)
    except UnknownRole as error:
        raise Forbidden(error.message) from None
    except PrincipalValueRefused as error:
        reason = {"reason": "PRINCIPAL_VALUE", "name": error.name, "type": error.type}
        raise Forbidden(error.message, extensions=reason) from None
    if view.role is not None:
        raise Forbidden(f"The role '{view.role.name}' has restrictions, which are not served yet.")
    return Seen(view, claims, role_limits(snapshot, principal.role))


def see_catalog(find_model: Callable[[UUID], Snapshot | None]) -> See:
    """Return the function that shows the catalog's own model to principals that may do everything, and to no others.

    `find_model` finds the model of a workspace, from which the principal's role is read.
    """

    def find(catalog: Snapshot, principal: Principal) -> Seen:
        model = find_model(principal.workspace_id)
        if model is None:
            raise ServiceUnavailable("The model of the workspace was just dropped from memory: try again in a moment.")
        view, claims, limits = see(model, principal)
        role = find_role(model.roles, principal.role)
        if view is not model or (role is not None and role.settings != frozenset(Setting)):
            raise Forbidden(f"The role '{role.name if role else ''}' may not use the Metadata API.")
        return Seen(catalog, claims, limits)

    return find
