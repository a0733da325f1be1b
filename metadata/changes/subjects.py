"""The names of the parts of a model that changes are about, as people read them."""

from fieldstone.metadata.changes.apply import describe
from fieldstone.metadata.changes.kinds.roles.create_role import CreateRole
from fieldstone.metadata.changes.kinds.roles.update_role import UpdateRole
from fieldstone.metadata.changes.types import Change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot


def names_of(snapshot: Snapshot) -> dict[str, str]:
    """Return the names of the objects, fields, indexes and roles, by their ids."""
    objects = snapshot.objects.values()
    names = {str(object_.id): object_.name_singular for object_ in objects}
    names |= {str(role.id): role.name for role in snapshot.roles.values()}
    names |= {str(field.id): f"{object_.name_singular}.{field.name}" for object_ in objects for field in object_.fields}
    for index in snapshot.indexes.values():
        object_ = snapshot.objects[index.object_id]
        fields = ", ".join(object_.by_id[id_].name for id_ in index.field_ids)
        names[str(index.id)] = f"{object_.name_singular} ({fields})"
    return names


def locate(error: InvalidChange, before: Snapshot, change: Change) -> InvalidChange:
    """Return the refusal of a change whose message begins with the part of the model that it is about."""
    told, names = describe(change), names_of(before)
    new = (names.get(str(told.get("objectMetadataId"))), told.get("nameSingular") or told.get("name"))
    path = names.get(told["id"]) or ".".join(filter(None, new))
    if isinstance(change, CreateRole | UpdateRole):
        path = f"the role {path}"
    if error.message.startswith(f"{path}: "):
        return error
    return type(error)(f"{path}: {error.message}", field=error.field, suggestion=error.suggestion)
