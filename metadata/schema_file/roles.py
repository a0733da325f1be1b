"""The roles of a document: written with names, matched by their names, and planned as changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.metadata.access.role_display import show_rights, show_role
from fieldstone.metadata.changes import Change, CreateRole, DeleteRole, UpdateRole, apply
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import ADMIN, Role, find_role
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file import members

_RIGHTS = ("parents", "claims", "limits", "settings", "grants")


def export_roles(snapshot: Snapshot) -> dict[str, JsonValue]:
    """Return the roles of a model by their names, but those that are as every workspace begins with them."""
    usual = {role.name: role for role in system_roles()}
    return {
        role.name: _export(snapshot, role)
        for role in snapshot.roles.values()
        if not (role.is_system and role.name in usual and _is_usual(snapshot, role, usual[role.name]))
    }


def _export(snapshot: Snapshot, role: Role) -> dict[str, JsonValue]:
    values = {name: value or None for name, value in show_role(snapshot, role).items() if name in members.ROLE}
    return members.without_defaults(values, members.ROLE)


def _is_usual(snapshot: Snapshot, role: Role, usual: Role) -> bool:
    return show_role(snapshot, role) == show_role(snapshot, usual)


def read_roles(document: JsonValue) -> dict[str, Mapping[str, JsonValue]] | None:
    """Return the members of each role of a document by its name; None where the document says nothing of roles.

    Raises:
        InvalidChange: one is not such a mapping, or it is `admin`.
    """
    given = document.get("roles") if isinstance(document, Mapping) else None
    if given is None:
        return None
    read = members.read_mapping(given, "roles")
    if ADMIN in read:
        raise InvalidChange(f"roles: {ADMIN} may do everything in each workspace, and no document changes it")
    return {name: members.read_members(value, members.ROLE, f"the role {name}") for name, value in read.items()}


def free_roles(snapshot: Snapshot, document: JsonValue, *, prune: bool) -> Iterator[Change]:
    """Yield the changes of roles that come before those of objects and fields, which roles could need.

    Roles that the document does not have are deleted with `prune`, the heirs first; those that become different lose
    their grants until `plan_roles` gives them the new ones.
    """
    stated = read_roles(document)
    if stated is None:
        return
    kept = {role.id for name, values in stated.items() if (role := _find(snapshot, name, values))}
    gone = [role for role in snapshot.roles.values() if prune and role.id not in kept and not role.is_system]
    left = {role.id for role in snapshot.roles.values()} - {role.id for role in gone}
    for name, values in stated.items():
        role = _find(snapshot, name, values)
        if role is not None and _is_different(snapshot, role, name, values):
            names = [snapshot.roles[id_].name for id_ in role.parents if id_ in left]
            yield UpdateRole(role_id=role.id, grants=[], settings=[], parents=names)
    for role in reversed(_by_parents(snapshot, gone)):
        yield DeleteRole(role_id=role.id)


def plan_roles(snapshot: Snapshot, document: JsonValue) -> Iterator[Change]:
    """Yield the changes that make the roles as the document has them, once all else is so; parents come first."""
    stated = read_roles(document) or {}
    for name in _ordered(stated):
        values = stated[name]
        role = _find(snapshot, name, values)
        if role is None:
            yield CreateRole(name=name, **_given(values))
        elif _is_different(snapshot, role, name, values):
            yield UpdateRole(role_id=role.id, name=name, **_given(values))


def _find(snapshot: Snapshot, name: str, values: Mapping[str, JsonValue]) -> Role | None:
    return find_role(snapshot.roles, name) or find_role(snapshot.roles, str(values["renamedFrom"]))


def _given(values: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {name: values[name] for name in ("label", "description", *_RIGHTS)}


def _is_different(snapshot: Snapshot, role: Role, name: str, values: Mapping[str, JsonValue]) -> bool:
    """Return whether a role is not as the document has it; names that the model does not have yet make it different."""
    try:
        after = apply(snapshot, UpdateRole(role_id=role.id, name=name, **_given(values))).snapshot
    except (InvalidChange, UnknownObject):
        return True
    wanted = after.roles[role.id]
    kept = (wanted.name, wanted.label, wanted.description) == (role.name, role.label, role.description)
    # The ids of deleted fields, which a role keeps, are not in a document.
    return not (kept and show_rights(after, wanted) == show_rights(snapshot, role))


def _ordered(stated: Mapping[str, Mapping[str, JsonValue]]) -> list[str]:
    """Return the names of the roles, each behind its parents."""
    ordered: dict[str, None] = {}

    def add(name: str, heirs: tuple[str, ...]) -> None:
        if name in heirs:
            raise InvalidChange(f"the role {shown(name)} would inherit itself", field="parents")
        for parent in stated[name]["parents"] or ():
            if isinstance(parent, str) and parent in stated and parent not in ordered:
                add(parent, (*heirs, name))
        ordered[name] = None

    for name in stated:
        if name not in ordered:
            add(name, ())
    return list(ordered)


def _by_parents(snapshot: Snapshot, roles: list[Role]) -> list[Role]:
    """Return roles, each behind those of them that it inherits."""
    names = {role.name: role for role in roles}
    stated = {
        role.name: {"parents": [snapshot.roles[id_].name for id_ in role.parents if id_ in snapshot.roles]}
        for role in roles
    }
    return [names[name] for name in _ordered(stated)]
