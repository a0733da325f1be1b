"""createRole: a new role."""

from dataclasses import field, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.kinds.roles.rights import build_rights, check_saved, label_of
from fieldstone.metadata.changes.members import ROLE
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.encoding import encode_rights
from fieldstone.metadata.roles.role import Role
from fieldstone.sql.frozen import frozen


@frozen
class CreateRole(Change):
    """A new role.

    Attributes:
        parents, claims, limits, settings, grants: JSON in the language of the API, with names.
        rights: in their place the rights as the catalog keeps them, where a role is made again.
    """

    name: str
    label: str | None = None
    description: str | None = None
    parents: JsonValue = None
    claims: JsonValue = None
    limits: JsonValue = None
    settings: JsonValue = None
    grants: JsonValue = None
    rights: JsonValue = None
    is_system: bool = False
    id: UUID = field(default_factory=new_id)


def apply_create_role(snapshot: Snapshot, change: CreateRole) -> Applied:
    """Return the snapshot with a new role.

    Raises:
        InvalidChange: a member breaks a rule; NameTaken if another role has the name.
        UnknownObject: there is no such role among the parents.
    """
    role = Role(
        id=change.id,
        name=change.name,
        label=label_of(change.name, change.label),
        description=change.description,
        is_system=change.is_system,
        **build_rights(snapshot, change, change.rights),
    )
    after = replace(snapshot, roles={**snapshot.roles, role.id: role})
    check_saved(after, role, has_new_grants=change.rights is None)
    return Applied(snapshot=after)


def recreate_role(role: Role) -> CreateRole:
    """Return the change that makes a deleted role again."""
    return CreateRole(
        id=role.id,
        name=role.name,
        label=role.label,
        description=role.description,
        rights=encode_rights(role),
        is_system=role.is_system,
    )


CREATE_ROLE = Kind(
    action="createRole",
    type=CreateRole,
    apply=apply_create_role,
    describe=lambda change: {"name": change.name},
    makes=lambda change: [(Subject.ROLE, change.id)],
    mutation=Mutation(
        answer=Subject.ROLE,
        description="Creates a role.",
        input_description="A role to create. It has the rights that its grants give, and no others.",
        members=ROLE,
    ),
)
