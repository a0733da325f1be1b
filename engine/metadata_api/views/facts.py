"""The queries of saved views and preferences."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.engine.access.principals import see
from fieldstone.engine.errors import NotFound
from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.views.show import find_object, show_view
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.schema.roots.saved_views.fields import VIEW
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.saved_views.store import list_views, read_preferences
from fieldstone.metadata.scalars import shown
from fieldstone.sql.executor import Database


def view_facts(database: Database) -> Mapping[str, Fact]:
    """Return the root fields, by their names."""

    async def views(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        view, name = see(model, principal).view, arguments.get("object")
        wanted = None if name is None else view.readable.get(name)
        if name is not None and wanted is None:
            raise NotFound(f"There is no object {shown(name)}.", field="object")
        found = await list_views(database, principal)
        return [
            show_view(model, principal, saved)
            for saved in found
            if find_object(view, saved) and (wanted is None or saved.object_id == wanted.id)
        ]

    async def preferences(_model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        return await read_preferences(database, principal, owner_of(principal, arguments))

    return {"views": Fact(views, VIEW), "preferences": Fact(preferences)}


def owner_of(principal: Principal, arguments: Arguments) -> UUID:
    """Return the id under which the preferences of a scope are kept."""
    return principal.workspace_id if arguments.get("scope") == "WORKSPACE" else principal.subject_id
