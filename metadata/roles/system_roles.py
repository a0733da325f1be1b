"""The roles that each workspace begins with."""

from fieldstone.metadata.ids import new_id
from fieldstone.metadata.roles.role import ADMIN, EDITOR, VIEWER, Action, Grant, Role, Setting

_ADMIN_ACTIONS = tuple(Action)
_EDITOR_ACTIONS = (Action.READ, Action.CREATE, Action.UPDATE, Action.DELETE, Action.RESTORE)


def system_roles() -> tuple[Role, ...]:
    """Return the roles of a new workspace, with new ids: `admin`, `editor` and `viewer`."""
    return (
        Role(
            id=new_id(),
            name=ADMIN,
            label="Admin",
            description="May do everything.",
            grants=_granted(_ADMIN_ACTIONS),
            settings=frozenset(Setting),
            is_system=True,
        ),
        Role(
            id=new_id(),
            name=EDITOR,
            label="Editor",
            description="Reads and writes all records; destroys none.",
            grants=_granted(_EDITOR_ACTIONS),
            is_system=True,
        ),
        Role(
            id=new_id(),
            name=VIEWER,
            label="Viewer",
            description="Reads all records.",
            grants=_granted((Action.READ,)),
            is_system=True,
        ),
    )


def _granted(actions: tuple[Action, ...]) -> tuple[Grant, ...]:
    return tuple(Grant(object_id=None, action=action) for action in actions)
