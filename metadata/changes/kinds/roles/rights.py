"""The rules for roles: their names, and the rights that a create or an update gives."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from fieldstone.metadata.access.role_checks import check_creates, check_role, inherited
from fieldstone.metadata.access.role_reader import (
    read_claims,
    read_grants,
    read_limits,
    read_parents,
    read_settings,
)
from fieldstone.metadata.changes.rules.names import derive_label
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.texts import check_label, check_text
from fieldstone.metadata.changes.types import UNSET, Change
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.encoding import decode_rights
from fieldstone.metadata.roles.role import ADMIN, Grant, Role
from fieldstone.metadata.scalars import shown

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)

MOST_ROLES: Final = 1_000
"""The roles of a workspace."""


def build_rights(
    snapshot: Snapshot, change: Change, kept: JsonValue, *, before: Iterable[Grant] = ()
) -> dict[str, Any]:
    """Return the rights that the creation or an update of a role gives, by the attributes that both of them have.

    Args:
        snapshot: the model before the change.
        change: has them in the language of the API; an unset one stays as it is.
        kept: in their place all rights as the catalog keeps them, or None.
        before: the grants that the role has.

    Raises:
        InvalidChange: one breaks a rule.
        UnknownObject: there is no such role among the parents.
    """
    if kept is not None:
        return decode_rights(kept)
    readers: Mapping[str, Callable[[JsonValue], object]] = {
        "parents": lambda value: read_parents(snapshot, value),
        "claims": read_claims,
        "limits": read_limits,
        "settings": read_settings,
        "grants": lambda value: read_grants(snapshot, value, before),
    }
    return {name: read(value) for name, read in readers.items() if (value := getattr(change, name)) is not UNSET}


def label_of(name: str, label: str | None) -> str:
    """Return the label of a role: the given one, or one made of its name."""
    return derive_label(name) if label is None else label


def find_changeable(snapshot: Snapshot, role_id: UUID) -> Role:
    """Return a role that may be changed and deleted.

    Raises:
        InvalidChange: it is `admin`.
        UnknownObject: there is none.
    """
    role = snapshot.roles.get(role_id)
    if role is None:
        raise UnknownObject(f"there is no role {role_id}", field="id")
    if role.is_system and role.name == ADMIN:
        raise InvalidChange(
            f"{ADMIN} may do everything, so that a workspace can always be mended: it cannot be changed or deleted",
            field="id",
        )
    return role


def check_saved(after: Snapshot, role: Role, *, has_new_grants: bool) -> None:
    """Refuse a role that breaks a rule, or by which a role that inherits it does.

    A role that becomes as it was has no new grants, whatever the model demands since.

    Raises:
        InvalidChange: a member breaks a rule; NameTaken if another role has the name.
    """
    problems = Problems()
    problems.add(
        _check_name(after, role), check_label(role.label, "label"), check_text(role.description, "description")
    )
    if len(after.roles) > MOST_ROLES:
        problems.refuse("name", f"a workspace has at most {MOST_ROLES:,} roles")
    problems.raise_any()
    problems.add(*check_role(after, role))
    if has_new_grants:
        problems.add(*check_creates(after, role))
    problems.raise_any()
    for heir in after.roles.values():
        if role.id in inherited(after, heir):
            problems.add(*check_role(after, heir))
    problems.raise_any()


def _check_name(after: Snapshot, role: Role) -> InvalidChange | None:
    if not _NAME.fullmatch(role.name):
        return InvalidChange(
            f"name cannot be {shown(role.name)}: the name of a role is 1 to 63 letters (a-z, A-Z), digits, hyphens and"
            " underscores, a letter first",
            field="name",
        )
    if any(other.name == role.name for other in after.roles.values() if other.id != role.id):
        return NameTaken(f'there is a role "{role.name}" already', field="name")
    return None
