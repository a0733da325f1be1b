"""The mutations of saved views and preferences."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from fieldstone.engine.access.principals import see
from fieldstone.engine.errors import Forbidden
from fieldstone.engine.metadata_api.roles.rights import own_role, require
from fieldstone.engine.metadata_api.views.content import read_content, require_name
from fieldstone.engine.metadata_api.views.facts import owner_of
from fieldstone.engine.metadata_api.views.show import find_object, show_view
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.roles.role import Setting
from fieldstone.metadata.saved_views import store
from fieldstone.metadata.saved_views.saved_view import SavedView, ViewContent, ViewKind
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.writer.transaction import ModelTransaction


def view_runs() -> Mapping[str, Run]:
    """Return the functions that execute the mutations, by their names."""
    return {"createView": _create, "updateView": _update, "deleteView": _delete, "setPreferences": _set_preferences}


async def _create(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
    _require_person(principal)
    given = arguments["input"]
    view = see(transaction.snapshot, principal).view
    object_ = view.readable.get(given["object"])
    if object_ is None:
        raise InvalidChange(f"object: there is no object {shown(given['object'])}", field="object")
    saved = SavedView(
        id=new_id(),
        object_id=object_.id,
        kind=ViewKind(given.get("kind") or ViewKind.TABLE.value),
        name=require_name(given["name"]),
        content=ViewContent(names={}),
        is_shared=bool(given.get("shared")),
        owner_id=principal.subject_id,
        owner_name=principal.name,
        created_at="",
        updated_at="",
    )
    saved = replace(saved, content=read_content(view, object_, saved, given))
    await store.require_room(transaction.connection, principal, view, saved, is_new=True)
    await store.insert_view(transaction.connection, principal, saved)
    return await _answer(transaction, principal, saved.id)


async def _update(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
    given = {name: value for name, value in arguments["input"].items() if value is not None or name in _CLEARED}
    saved = await _find_own(transaction, principal, UUID(arguments["id"]))
    view = see(transaction.snapshot, principal).view
    changed = replace(
        saved,
        kind=ViewKind(given.get("kind", saved.kind.value)),
        name=require_name(given.get("name", saved.name)),
        is_shared=bool(given.get("shared", saved.is_shared)),
    )
    changed = replace(changed, content=read_content(view, view.objects[saved.object_id], changed, given))
    if changed.is_shared and not saved.is_shared:
        await store.require_room(transaction.connection, principal, view, changed, is_new=False)
    await store.update_view(transaction.connection, principal, changed)
    return await _answer(transaction, principal, saved.id)


_CLEARED = frozenset({"filter", "orderBy", "boardField"})
"""Members that null clears; elsewhere null is as if the member were left out."""


async def _delete(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
    saved = await _find_own(transaction, principal, UUID(arguments["id"]))
    await store.delete_view(transaction.connection, principal, saved.id)
    return _written(show_view(transaction.snapshot, principal, saved), saved.id)


async def _set_preferences(transaction: ModelTransaction, principal: Principal, arguments: Arguments) -> Written:
    _require_person(principal)
    if arguments.get("scope") == "WORKSPACE":
        require(transaction.snapshot, principal, Setting.DATA_MODEL, "the preferences of the workspace")
    merged = await store.patch_preferences(
        transaction.connection, principal.workspace_id, owner_of(principal, arguments), arguments["patch"]
    )
    return Written(id=new_id(), constant=dumps(merged))


async def _find_own(transaction: ModelTransaction, principal: Principal, view_id: UUID) -> SavedView:
    """Return a view that a principal may change: its own, or with the setting ROLES a shared one.

    Raises:
        UnknownObject: it sees no such view.
        Forbidden: the view is another's.
    """
    saved = await store.find_view(transaction.connection, principal, view_id)
    if find_object(see(transaction.snapshot, principal).view, saved) is None:
        raise UnknownObject(f"there is no view {view_id}", field="id")
    if not saved.is_of(principal) and not _may_change_all(transaction.snapshot, principal):
        raise Forbidden(f"The view belongs to {saved.owner_name}: save it as a view of your own.", field="id")
    return saved


def _may_change_all(model: Snapshot, principal: Principal) -> bool:
    return Setting.ROLES in effective_settings(model, own_role(model, principal))


def _require_person(principal: Principal) -> None:
    if principal.kind is SubjectKind.ANONYMOUS:
        raise Forbidden("A visitor without a key keeps no views and no preferences.")


async def _answer(transaction: ModelTransaction, principal: Principal, view_id: UUID) -> Written:
    saved = await store.find_view(transaction.connection, principal, view_id)
    return _written(show_view(transaction.snapshot, principal, saved), view_id)


def _written(members: Mapping[str, JsonValue], view_id: UUID) -> Written:
    async def sequel() -> Mapping[str, JsonValue]:
        return members

    return Written(id=view_id, sequel=sequel)
