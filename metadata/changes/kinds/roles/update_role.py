"""updateRole: new values of a role."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.kinds.roles.rights import build_rights, check_saved, find_changeable, label_of
from fieldstone.metadata.changes.members import ROLE, Shape, given_values
from fieldstone.metadata.changes.types import UNSET, Applied, Change, Unset, chosen
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.encoding import encode_rights
from fieldstone.sql.frozen import frozen


@frozen
class UpdateRole(Change):
    """New values of a role.

    Attributes:
        parents, claims, limits, settings, grants: JSON in the language of the API, with names, each whole.
        rights: in their place all rights as the catalog keeps them, where a role becomes as it was.
    """

    role_id: UUID
    name: str | Unset = UNSET
    label: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    parents: JsonValue | Unset = UNSET
    claims: JsonValue | Unset = UNSET
    limits: JsonValue | Unset = UNSET
    settings: JsonValue | Unset = UNSET
    grants: JsonValue | Unset = UNSET
    rights: JsonValue = None


def apply_update_role(snapshot: Snapshot, change: UpdateRole) -> Applied:
    """Return the snapshot with the role as it is to be; the same instances where nothing is new.

    Raises:
        InvalidChange: a member breaks a rule; NameTaken if another role has the name.
        UnknownObject: there is no such role, or none among the parents.
    """
    role = find_changeable(snapshot, change.role_id)
    name = chosen(change.name, role.name)
    if name is None:
        raise InvalidChange("name must not be null; leave it out to keep it", field="name")
    updated = replace(
        role,
        name=name,
        label=role.label if change.label is UNSET else label_of(name, chosen(change.label, None)),
        description=chosen(change.description, role.description),
        **build_rights(snapshot, change, change.rights, before=role.grants),
    )
    if updated == role:
        return Applied(snapshot=snapshot)
    after = replace(snapshot, roles={**snapshot.roles, role.id: updated})
    check_saved(after, updated, has_new_grants=change.rights is None and updated.grants != role.grants)
    return Applied(snapshot=after)


def _invert(before: Snapshot, change: UpdateRole, _after: Snapshot) -> list[Change]:
    role = before.roles[change.role_id]
    return [
        UpdateRole(
            role_id=role.id,
            name=role.name,
            label=role.label,
            description=role.description,
            rights=encode_rights(role),
        )
    ]


UPDATE_ROLE = Kind(
    action="updateRole",
    type=UpdateRole,
    apply=apply_update_role,
    target="role_id",
    describe=lambda change: given_values(change, ROLE),
    invert=_invert,
    mutation=Mutation(
        answer=Subject.ROLE,
        description="Changes a role; its keys, users and webhooks have the new rights within a second.",
        input_description="New values of a role; a member that is left out keeps its value.",
        members=ROLE,
        id_shape=Shape.ROLE,
    ),
)
