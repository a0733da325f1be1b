"""The view of a role: the snapshot without all that the role may not see. It is a snapshot, and is taken as one.

Objects that the role sees whole are the same instances as in the snapshot; a restricted one is shared by all roles with
equal rights on it (`Object.restricted`), and so by the views of the next snapshot while it is in use.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from operator import is_
from uuid import UUID

from fieldstone.metadata.access.claims import coerce_claims
from fieldstone.metadata.access.effective import Rights, effective_claims, effective_rights
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.errors import UnknownRole
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import HIDDEN, WHOLE, ObjectAccess
from fieldstone.metadata.roles.principal import NO_CLAIMS, Principal
from fieldstone.metadata.roles.role import ADMIN, Role, RoleReference, find_role

_ENTRY_BYTES, _RESTRICTED_BYTES, _NAME_BYTES = 160, 750, 26
"""Bytes of memory of an object in a view, of a restricted one beside that, and of a field in a look-up table of it.

They were measured with tracemalloc, with all look-up tables made: an operation makes those of its objects.
"""

_OWN = ("is_active", "access", "base")
_LIGHT_MODEL = 200
"""Objects of a model of which a view is made in some 5 ms at most."""

_SHARED = (*(one.name for one in fields(Object) if one.name not in _OWN),)
_OWN_LOOK_UPS = ("by_name", "guarded", "foreign_keys", "givable")
_SHARED_LOOK_UPS = ("active", "by_id", "held_keys", "key", "deleted_at", "morphs", "type_name")
"""The look-up tables of an object that do not depend on a role's rights."""


class _Restricted(Object):
    """A restricted object. The instances share the keys of their dicts: a fifth of the memory of dicts with own keys.

    Python lets the instances of a class share at most 30 keys, which the first instances must have.
    """


_FIRST = object.__new__(_Restricted)
for _name in (*_SHARED, *_SHARED_LOOK_UPS, *_OWN, *_OWN_LOOK_UPS):
    object.__setattr__(_FIRST, _name, None)


def view_of(snapshot: Snapshot, reference: RoleReference) -> Snapshot:
    """Return the snapshot as a role sees it: the snapshot itself if the role sees all of it whole.

    Raises:
        UnknownRole: the workspace has no such role, or not any more.
    """
    view = snapshot.views.get(reference)
    if view is None:
        if not snapshot.roles and reference == ADMIN:
            return snapshot  # Only a snapshot that no catalog made has no roles.
        role = find_role(snapshot.roles, reference)
        if role is None:
            raise UnknownRole("The role of this request does not exist, or not any more.")
        view = snapshot.views[reference] = _view_for(snapshot, role)
    return view


def find_view(snapshot: Snapshot, reference: RoleReference | None) -> Snapshot | None:
    """Return the snapshot as a role sees it, the snapshot itself for no role; None if the role is not there."""
    try:
        return snapshot if reference is None else view_of(snapshot, reference)
    except UnknownRole:
        return None


def lacks_large_view(snapshot: Snapshot, reference: RoleReference) -> bool:
    """Return whether `view_of` would have to make a view that takes too long for an event loop."""
    is_made = len(snapshot.objects) <= _LIGHT_MODEL or reference in snapshot.views
    return not is_made and find_role(snapshot.roles, reference) is not None


def find_claims(snapshot: Snapshot, principal: Principal) -> Mapping[str, JsonValue]:
    """Return the principal's values that its role and those that it inherits declare, typed.

    Raises:
        PrincipalValueRefused: a value is missing, or not of its type.
    """
    role = find_role(snapshot.roles, principal.role)
    if role is None or not (role.claims or role.parents):
        return NO_CLAIMS
    return type_claims(snapshot, role, principal.claims)


def type_claims(snapshot: Snapshot, role: Role, given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the values that a role and those that it inherits declare, typed.

    Raises:
        PrincipalValueRefused: a value is missing, or not of its type.
    """
    return coerce_claims(effective_claims(snapshot, role), given)


def still_hold(depends: Dependencies, snapshot: Snapshot, reference: RoleReference) -> bool:
    """Return whether dependencies hold under a role's view of the snapshot; False if the role is gone."""
    view = find_view(snapshot, reference)
    return view is not None and depends.keep_up(view)


def access_of(snapshot: Snapshot, role: Role, object_: Object) -> ObjectAccess:
    """Return the effective rights of a role on an object of the snapshot."""
    return view_of(snapshot, role.id).objects[object_.id].rights


def _view_for(snapshot: Snapshot, role: Role) -> Snapshot:
    """Return the view of a role; one for its id and its name."""
    # A copy: a view is made in the work thread or in the event loop, and meanwhile the other one may add views.
    known = next((view for view in (*snapshot.views.values(),) if view.role is role), None)
    if known is not None:
        return known
    rights = effective_rights(snapshot, role)
    if rights.others is WHOLE and all(access is WHOLE for access in rights.single.values()):
        return snapshot
    dropped = _dropped(snapshot, rights)
    objects: dict[UUID, Object] = {}
    for id_, object_ in snapshot.objects.items():
        access = rights.on(id_)
        if id_ in dropped and access is not HIDDEN:
            access = replace(access, dropped=dropped[id_])
        objects[id_] = object_ if access is WHOLE else restrict(object_, access)
    if all(map(is_, objects.values(), snapshot.objects.values())):
        return snapshot
    return replace(snapshot, objects=objects, role=role, base=snapshot, own_weight=_weigh(snapshot, objects))


def _weigh(snapshot: Snapshot, objects: Mapping[UUID, Object]) -> int:
    """Return about the bytes of memory of a view's objects, without those that the snapshot or another view has."""
    known = {id(one) for shown in (snapshot, *snapshot.views.values()) for one in shown.objects.values()}
    return len(objects) * _ENTRY_BYTES + sum(_own_bytes(one) for one in objects.values() if id(one) not in known)


def _own_bytes(object_: Object) -> int:
    """Return about the bytes of memory of a restricted object: its tables are of fields read, given and guarded."""
    rights = object_.rights
    tables = bool(rights.read) + bool(rights.create or rights.update) + (len(rights.read) > 1)
    return _RESTRICTED_BYTES + _NAME_BYTES * len(object_.fields) * tables


def _dropped(snapshot: Snapshot, rights: Rights) -> Mapping[UUID, frozenset[UUID]]:
    """Return the relations of each object that lead to a hidden one, for the objects that have any."""
    hides_none = rights.others is not HIDDEN and all(access is not HIDDEN for access in rights.single.values())
    if hides_none:
        return {}
    found: dict[UUID, set[UUID]] = {}
    for relation in snapshot.relations.values():
        source, target = relation.source_object_id, relation.target_object_id
        if rights.on(target) is HIDDEN:
            found.setdefault(source, set()).add(relation.source_field_id)
        if rights.on(source) is HIDDEN and relation.target_field_id != _key_id(snapshot.objects[target]):
            found.setdefault(target, set()).add(relation.target_field_id)
    return {id_: frozenset(ids) for id_, ids in found.items()}


def _key_id(object_: Object) -> UUID | None:
    """Return the id of an object's `id`, which is the end of a relation that the object does not show."""
    key = object_.active.get("id")
    return key.id if key is not None else None


def restrict(object_: Object, access: ObjectAccess) -> Object:
    """Return the object with these rights: the same instance for equal rights, while it is in use."""
    found = object_.restricted.get(access)
    if found is None:
        found = object_.restricted[access] = _restricted(object_, access)
    return found


def _restricted(object_: Object, access: ObjectAccess) -> Object:
    # Set one by one, not in `__dict__`: else the keys are not shared.
    made = object.__new__(_Restricted)
    for name in (*_SHARED, *(_SHARED_LOOK_UPS if "id" in object_.active else ())):
        object.__setattr__(made, name, getattr(object_, name))
    object.__setattr__(made, "is_active", object_.is_active and access is not HIDDEN)
    object.__setattr__(made, "access", access)
    object.__setattr__(made, "base", object_)
    return made
