"""The part of a model that a principal's role sees, and the principal's values for the rules of the role."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID
from weakref import ref

from fieldstone.engine.errors import Forbidden, ServiceUnavailable
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.access.view import find_claims, view_of
from fieldstone.metadata.catalog.api_model.reader_role import READER, all_parts, shown_parts
from fieldstone.metadata.errors import PrincipalValueRefused, UnknownRole
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits, RoleReference, Setting, find_role

_MOST_READERS = 1_000


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
    view, claims = _view(snapshot, principal), _claims(snapshot, principal)
    return Seen(view, claims, role_limits(snapshot, principal.role))


def _view(snapshot: Snapshot, principal: Principal) -> Snapshot:
    try:
        return view_of(snapshot, principal.role)
    except UnknownRole as error:
        raise Forbidden(error.message) from None


def _claims(snapshot: Snapshot, principal: Principal) -> Mapping[str, JsonValue]:
    try:
        return find_claims(snapshot, principal)
    except PrincipalValueRefused as error:
        reason = {"reason": "PRINCIPAL_VALUE", "name": error.name, "type": error.type}
        raise Forbidden(error.message, extensions=reason) from None


def see_catalog(find_model: Callable[[UUID], Snapshot | None]) -> See:
    """Return the function that shows the catalog's own model: to principals that may do everything the whole of it.

    Others are readers of the parts of their workspace's model that are in the schema of their role; the settings that
    they have are asked for at each root field.

    Args:
        find_model: finds the model of a workspace, from which the principal's role is read.
    """
    kept: dict[tuple[UUID, RoleReference], tuple[ref[Snapshot], Mapping[str, JsonValue]]] = {}

    def parts(model: Snapshot, view: Snapshot, principal: Principal, *, is_whole: bool) -> Mapping[str, JsonValue]:
        key = (principal.workspace_id, principal.role)
        known = kept.get(key)
        if known is None or known[0]() is not view:
            if len(kept) >= _MOST_READERS:
                kept.clear()
            known = kept[key] = ref(view), all_parts(model) if is_whole else shown_parts(view)
        return known[1]

    def find(catalog: Snapshot, principal: Principal) -> Seen:
        model = model_of(find_model, principal.workspace_id)
        view, limits = _view(model, principal), role_limits(model, principal.role)
        _claims(model, principal)
        role = find_role(model.roles, principal.role)
        settings = frozenset(Setting) if role is None else effective_settings(model, role)
        if view is model and settings == frozenset(Setting):
            return Seen(catalog, {}, limits)
        shown = parts(model, view, principal, is_whole=Setting.DATA_MODEL in settings)
        return Seen(view_of(catalog, READER.id), shown, limits)

    return find


def model_of(find_model: Callable[[UUID], Snapshot | None], workspace_id: UUID) -> Snapshot:
    """Return the model at hand of a workspace.

    Raises:
        ServiceUnavailable: it was dropped from memory since the request began.
    """
    model = find_model(workspace_id)
    if model is None:
        raise ServiceUnavailable("The model of the workspace was just dropped from memory: try again in a moment.")
    return model
