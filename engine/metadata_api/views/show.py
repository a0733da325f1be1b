"""The members of `View`, as a principal sees a saved view."""

from functools import partial

from fieldstone.engine.access.principals import see
from fieldstone.engine.metadata_api.views.misfits import misfits_of_filter, misfits_of_order
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.saved_views.saved_view import SavedView
from fieldstone.metadata.saved_views.shown import show_content


def find_object(view: Snapshot, saved: SavedView) -> Object | None:
    """Return the object of a saved view, if the role whose view of the model this is reads it."""
    object_ = view.objects.get(saved.object_id)
    return object_ if object_ is not None and object_.is_active and object_.rights.read else None


def show_view(model: Snapshot, principal: Principal, saved: SavedView) -> dict[str, JsonValue]:
    """Return the members of a view whose object the principal reads."""
    view = see(model, principal).view
    is_mine, whole = saved.is_of(principal), model.objects[saved.object_id]
    return {
        "__typename": "View",
        "id": str(saved.id),
        "object": view.objects[saved.object_id].name_singular,
        "kind": saved.kind.value,
        "name": saved.name,
        "shared": saved.is_shared,
        "isMine": is_mine,
        "ownerName": saved.owner_name,
        "createdAt": saved.created_at,
        "updatedAt": saved.updated_at,
        # The owner had read the fields; of others, those alone that are kept from no field.
        **show_content(
            model,
            view,
            saved,
            in_filter=partial(misfits_of_filter, model, whole),
            in_order=partial(misfits_of_order, model, whole),
            tells_missing=is_mine or view is model,
        ),
    }
