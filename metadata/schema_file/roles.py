"""The roles of a document: written with names, and read."""

from collections.abc import Mapping

from fieldstone.metadata.access.role_display import show_role
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import ADMIN, Role
from fieldstone.metadata.roles.system_roles import system_roles
from fieldstone.metadata.schema_file import members


def export_roles(snapshot: Snapshot) -> dict[str, JsonValue]:
    """Return the roles of a model by their names, without the system roles that were not changed."""
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
