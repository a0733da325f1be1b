"""The part of a model that a principal's role sees, and the principal's values for the rules of the role."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from typing import Protocol
from uuid import UUID
from weakref import ref

from fieldstone.engine.errors import Forbidden, ServiceUnavailable
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.role_checks import effective_settings, reads_all
from fieldstone.metadata.access.view import find_claims, lacks_large_view, view_of
from fieldstone.metadata.catalog.api_model.reader_role import (
    BINDER,
    MODEL_READER,
    READER,
    all_parts,
    covered_roles,
    shown_parts,
)
from fieldstone.metadata.errors import PrincipalValueRefused, UnknownRole
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Seen, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import RoleReference, Setting, find_role

_MOST_READERS = 1_000
MOST_PRINCIPALS = 10_000
"""Principals for each of which is kept how it sees a snapshot."""


class See(Protocol):
    """Shows snapshots to principals."""

    def __call__(self, snapshot: Snapshot, principal: Principal, /, *, made: bool = False) -> Seen:
        """Return a snapshot as a principal sees it; raise Forbidden, and ViewNotMade if only a `made` view will do."""


class ViewNotMade(ServiceUnavailable):
    """The view of the principal's role is not made yet, and making it would hold up the event loop."""

    def __init__(self, snapshot: Snapshot, role: RoleReference) -> None:
        super().__init__("The model is being read for the role: try again in a moment.")
        self._snapshot = snapshot
        self._role = role

    @property
    def key(self) -> Hashable:
        """The same for all requests that need this view."""
        return "view", id(self._snapshot), self._role

    def make(self) -> None:
        """Make the view, in any thread."""
        with suppress(UnknownRole):
            view_of(self._snapshot, self._role)


def see(snapshot: Snapshot, principal: Principal, *, made: bool = False) -> Seen:
    """Return the model as a principal sees it.

    Args:
        snapshot: the model.
        principal: that of the request.
        made: refuse to make the view of a large model.

    Raises:
        Forbidden: its role does not exist any more, or needs a value that the principal does not have.
        ViewNotMade: the view of a large model is not made yet.
    """
    # The store of keys gives out the same instance of a principal until its key changes.
    seen = snapshot.seen.get(id(principal))
    if seen is None or seen.principal is not principal:
        if made and lacks_large_view(snapshot, principal.role):
            raise ViewNotMade(snapshot, principal.role)
        seen = _see(snapshot, principal)
        if len(snapshot.seen) >= MOST_PRINCIPALS:
            snapshot.seen.clear()
        snapshot.seen[id(principal)] = seen
    return seen


def _see(snapshot: Snapshot, principal: Principal) -> Seen:
    try:
        view, claims = view_of(snapshot, principal.role), find_claims(snapshot, principal)
    except UnknownRole as error:
        raise Forbidden(error.message) from None
    except PrincipalValueRefused as error:
        reason = {"reason": "PRINCIPAL_VALUE", "name": error.name, "type": error.type}
        raise Forbidden(error.message, extensions=reason) from None
    return Seen(principal, view, claims, role_limits(snapshot, principal.role))


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

    def find(catalog: Snapshot, principal: Principal, *, made: bool = False) -> Seen:
        model = model_of(find_model, principal.workspace_id)
        _, view, _, limits = see(model, principal, made=made)
        role = find_role(model.roles, principal.role)
        settings = frozenset(Setting) if role is None else effective_settings(model, role)
        if view is model and settings == frozenset(Setting):
            return Seen(principal, catalog, {}, limits)
        shown = parts(model, view, principal, is_whole=Setting.DATA_MODEL in settings)
        roles = covered_roles(model, principal, is_whole=view is model)
        reader = READER
        if Setting.ROLES in settings:
            reader = BINDER
        elif role is not None and Setting.HISTORY in settings and reads_all(model, role):
            reader = MODEL_READER
        return Seen(principal, view_of(catalog, reader.id), {**shown, **roles}, limits)

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
