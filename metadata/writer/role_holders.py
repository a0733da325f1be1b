"""The keys, webhooks and SQL roles that have a role, which keep it from being deleted."""

from typing import Final

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import Role
from fieldstone.metadata.shown_text import escape

MOST_NAMED: Final = 5
"""Keys, webhooks and SQL roles that a refusal names, of each."""


async def require_unheld(connection: Session, snapshot: Snapshot, role: Role) -> None:
    """Refuse to delete a role that valid keys, webhooks or SQL roles have.

    Raises:
        InvalidChange: there are such; it names them.
    """
    rows = await fetch(connection, "role_holders", workspace_id=snapshot.workspace.id, id=role.id, most=MOST_NAMED + 1)
    if not rows:
        return
    named = [f'the {kind} "{escape(name)}"' for kind, name in rows[:MOST_NAMED]]
    rest = " and others" if len(rows) > MOST_NAMED else ""
    raise InvalidChange(
        f"{role.name} cannot be deleted: {', '.join(named)}{rest} ha{'s' if len(rows) == 1 else 've'} this role",
        field="id",
    )
