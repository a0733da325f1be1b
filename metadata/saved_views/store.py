"""The rows of saved views and of preferences."""

from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.sessions import Reads, Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.saved_views.merge_patch import merge
from fieldstone.metadata.saved_views.saved_view import MOST_OF_OWNER, MOST_SHARED, SavedView, read_views
from fieldstone.sql.queries import named_statement, read_queries

_QUERIES: Final = read_queries(__name__)
_VIEWS: Final = named_statement(__name__, "saved_views")
_PREFERENCE: Final = named_statement(__name__, "preference")

MOST_PREFERENCES: Final = 65_536
"""Bytes of the preferences of a principal or a workspace, as JSON text."""


async def list_views(database: Reads, principal: Principal) -> tuple[SavedView, ...]:
    """Return the views that a principal owns and those that are shared, in the order in which they were made."""
    workspace_id, owner_id = str(principal.workspace_id), str(principal.subject_id)
    ((text,),) = await database.read(
        *_VIEWS.bind(workspace_id=workspace_id, owner_id=owner_id, id=None), share=principal.share
    )
    return read_views(text or b"[]")


async def find_view(connection: Session, principal: Principal, view_id: UUID) -> SavedView:
    """Return a view that a principal may see.

    Raises:
        UnknownObject: there is none.
    """
    values = {"workspace_id": principal.workspace_id, "owner_id": principal.subject_id, "id": view_id}
    row = await (await connection.execute(_QUERIES["saved_views"], values)).fetchone()
    found = read_views(row[0] if row else "[]")
    if not found:
        raise UnknownObject(f"there is no view {view_id}", field="id")
    return found[0]


async def require_room(
    connection: Session, principal: Principal, role_view: Snapshot, view: SavedView, *, is_new: bool
) -> None:
    """Make sure that a view may be added, or become shared, in a transaction that holds the lock of the workspace.

    Only views that can be listed, and so deleted, count: of the owner's those whose object it reads, and of the
    workspace the shared ones whose object is active.

    Args:
        connection: that of the transaction.
        principal: the owner.
        role_view: the model as the owner sees it.
        view: the view as it is to be.
        is_new: whether it is added.

    Raises:
        InvalidChange: its owner has too many views, or the workspace too many shared ones.
    """
    values = {
        "workspace_id": principal.workspace_id,
        "owner_id": principal.subject_id,
        "readable": [object_.id for object_ in role_view.readable.values()],
        "active": [object_.id for object_ in role_view.whole.by_singular.values()],
    }
    ((own, shared),) = await (await connection.execute(_QUERIES["count_views"], values)).fetchall()
    if is_new and own >= MOST_OF_OWNER:
        raise InvalidChange(f"you have {MOST_OF_OWNER} views, which is the limit: delete one first")
    if view.is_shared and shared >= MOST_SHARED:
        raise InvalidChange(f"the workspace has {MOST_SHARED} shared views, which is the limit: delete one first")


async def insert_view(connection: Session, principal: Principal, view: SavedView) -> None:
    """Insert a view."""
    await connection.execute(
        _QUERIES["insert_view"], _values(principal, view) | {"object_id": view.object_id, "owner_name": view.owner_name}
    )


async def update_view(connection: Session, principal: Principal, view: SavedView) -> None:
    """Write a view over the row that it has."""
    await connection.execute(_QUERIES["update_view"], _values(principal, view))


async def delete_view(connection: Session, principal: Principal, view_id: UUID) -> None:
    """Delete a view."""
    await connection.execute(_QUERIES["delete_view"], {"workspace_id": principal.workspace_id, "id": view_id})


def _values(principal: Principal, view: SavedView) -> dict[str, object]:
    return {
        "id": view.id,
        "workspace_id": principal.workspace_id,
        "kind": view.kind.value,
        "name": view.name,
        "content": view.content.text(),
        "is_shared": view.is_shared,
        "owner_id": view.owner_id,
    }


async def read_preferences(database: Reads, principal: Principal, owner_id: UUID) -> JsonValue:
    """Return the preferences of a key or a user, or under the id of the workspace those of all; {} where none are."""
    step = _PREFERENCE.bind(workspace_id=str(principal.workspace_id), owner_id=str(owner_id))
    rows = await database.read(*step, share=principal.share)
    return loads(rows[0][0] or b"{}") if rows else {}


async def patch_preferences(connection: Session, workspace_id: UUID, owner_id: UUID, patch: JsonValue) -> JsonValue:
    """Merge a patch into preferences and return them; in a transaction that holds the lock of the workspace.

    Raises:
        InvalidChange: the patch is no object, or the preferences would be too large.
    """
    if not isinstance(patch, dict):
        raise InvalidChange('patch must be an object, such as { theme: "dark" }', field="patch")
    owner = {"workspace_id": workspace_id, "owner_id": owner_id}
    row = await (await connection.execute(_QUERIES["preference"], owner)).fetchone()
    merged = merge(loads(row[0]) if row else {}, patch)
    text = dumps(merged)
    if (size := len(text.encode())) > MOST_PREFERENCES:
        raise InvalidChange(
            f"the preferences would have {size:,} bytes, of {MOST_PREFERENCES:,} at most: null removes a member",
            field="patch",
        )
    await connection.execute(_QUERIES["set_preference"], owner | {"content": text})
    return merged
