"""Changes of roles that are refused."""

from typing import Any

from fieldstone.metadata.changes import CreateRole, DeleteRole, UpdateRole
from fieldstone.metadata.errors import NameTaken, UnknownObject
from tests.metadata.changes.refusal import NOBODY, Build, Refusal
from tests.metadata.desk import role_named


def updated(role: str, /, **values: Any) -> Build:
    return lambda snapshot: [UpdateRole(role_id=role_named(snapshot, role).id, **values)]


ROLES: dict[str, Refusal] = {
    "an unknown role": Refusal(
        build=lambda _: [DeleteRole(role_id=NOBODY)], field="id", says="there is no role", kind=UnknownObject
    ),
    "admin changed": Refusal(build=updated("admin", label="x"), field="id", says="it cannot be changed or deleted"),
    "a role without a name": Refusal(build=updated("viewer", name=None), field="name", says="name must not be null"),
    "a new role's empty name": Refusal(
        build=lambda _: [CreateRole(name="")], field="name", says="1 to 63 letters (a-z, A-Z)"
    ),
    "a role's bad name": Refusal(build=updated("viewer", name="a b"), field="name", says="hyphens and underscores"),
    "a role's taken name": Refusal(
        build=updated("viewer", name="editor"), field="name", says='a role "editor" already', kind=NameTaken
    ),
    "a role that another inherits": Refusal(
        build=lambda snapshot: [
            CreateRole(name="heir", parents=["viewer"]),
            DeleteRole(role_id=role_named(snapshot, "viewer").id),
        ],
        field="id",
        says="heir inherits it",
    ),
}
