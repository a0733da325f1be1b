"""deleteRole: the end of a role that no key, webhook or other role has."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.kinds.roles.create_role import recreate_role
from fieldstone.metadata.changes.kinds.roles.rights import find_changeable
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen


@frozen
class DeleteRole(Change):
    """The end of a role."""

    role_id: UUID


def apply_delete_role(snapshot: Snapshot, change: DeleteRole) -> Applied:
    """Return the snapshot without a role. The keys and webhooks that have it are asked for by the writer.

    Raises:
        InvalidChange: it is `admin`, or another role inherits it.
        UnknownObject: there is no such role.
    """
    role = find_changeable(snapshot, change.role_id)
    if heirs := [other.name for other in snapshot.roles.values() if role.id in other.parents]:
        raise InvalidChange(
            f"{role.name} cannot be deleted: {', '.join(heirs)} inherit{'s' if len(heirs) == 1 else ''} it", field="id"
        )
    roles = {id_: other for id_, other in snapshot.roles.items() if id_ != role.id}
    return Applied(snapshot=replace(snapshot, roles=roles))


DELETE_ROLE = Kind(
    action="deleteRole",
    type=DeleteRole,
    apply=apply_delete_role,
    target="role_id",
    invert=lambda before, change, _after: [recreate_role(before.roles[change.role_id])],
    mutation=Mutation(
        answer=Subject.ROLE,
        description="Deletes a role without keys, users and webhooks; answers with the role as it was.",
        id_shape=Shape.ROLE,
        is_removal=True,
    ),
)
