"""A saved view in the names that its fields have now, as far as a role sees them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.access.stored_keys import KEY
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.saved_views.saved_view import SavedView

_GONE: Final = object()
"""Stands for a part that names nothing any more."""

Place = tuple[str | int, ...]
"""The names and positions that lead to a part of a filter or an order."""

Misfits = Callable[[JsonValue], Mapping[Place, str | None]]
"""Finds the parts that fields do not take as they are now, by their places, each with the name of its field."""


class Names:
    """The fields that a role reads, found by their ids.

    Args:
        view: the model as the role sees it.
        near: the object that most of them are of.
    """

    def __init__(self, view: Snapshot, near: Object) -> None:
        self._view = view
        self._near = near
        self._known: dict[UUID, Field | None] = {}

    def find(self, field_id: UUID) -> Field | None:
        """Return a field that the role reads; None where there is none."""
        if field_id not in self._known:
            objects = (self._near, *self._view.by_singular.values())
            found = (object_ for object_ in objects if field_id in object_.by_id)
            object_ = next(found, None)
            self._known[field_id] = None if object_ is None else _readable(object_, field_id)
        return self._known[field_id]


def _readable(object_: Object, field_id: UUID) -> Field | None:
    field = object_.by_id[field_id]
    return field if object_.by_name.get(field.name) is not None else None


def show_content(
    model: Snapshot,
    view: Snapshot,
    saved: SavedView,
    *,
    in_filter: Misfits,
    in_order: Misfits,
    tells_missing: bool,
) -> dict[str, JsonValue]:
    """Return the members of a view that name fields; those that are gone have left it.

    A condition on a field that is gone is left out with it, and so is the list or object that has no other one. So are
    the conditions and orders that a field does not take any more, since it has another type or other options.

    Args:
        model: the whole model.
        view: the model as the role sees it.
        saved: the view, whose object the role sees.
        in_filter: finds the parts of the filter that the fields do not take.
        in_order: the same of the order.
        tells_missing: whether the names that deleted fields had are told. A field that is hidden is not told of.
    """
    object_ = view.objects[saved.object_id]
    names, content = Names(view, object_), saved.content
    board = None if content.board is None else names.find(content.board)
    columns = [(names.find(column.field_id), column) for column in content.columns]
    filter_, of_filter = _fitting(_shown(names, content.filter), in_filter)
    order, of_order = _fitting(_shown(names, content.order), in_order)
    gone = [name for id_, name in content.names.items() if names.find(id_) is None and not _exists(model, id_)]
    misfits = [*of_filter, *of_order]
    if board is not None and board.type is not FieldType.SELECT:
        misfits.append(board.name)
        board = None
    return {
        "columns": [
            {"field": field.name, "width": column.width, "visible": column.is_visible}
            for field, column in columns
            if field is not None
        ],
        "filter": filter_,
        "orderBy": order,
        "boardField": None if board is None else board.name,
        "missing": list(dict.fromkeys([*(gone if tells_missing else ()), *misfits])),
    }


def _fitting(value: JsonValue, misfits: Misfits) -> tuple[JsonValue, list[str]]:
    """Return a filter or an order without the parts that do not fit, None where all of it is gone, and their fields."""
    if value is _GONE or value is None:
        return None, []
    found = misfits(value)
    kept = _without(value, found) if found else value
    return None if kept is _GONE else kept, [name for name in found.values() if name is not None]


def _without(value: JsonValue, places: Collection[Place], here: Place = ()) -> JsonValue:
    if here in places:
        return _GONE
    match value:
        case dict() if value:
            members = ((name, _without(member, places, (*here, name))) for name, member in value.items())
            return {name: member for name, member in members if member is not _GONE} or _GONE
        case list() if value:
            items = (_without(item, places, (*here, at)) for at, item in enumerate(value))
            return [item for item in items if item is not _GONE] or _GONE
        case _:
            return value


def _exists(model: Snapshot, field_id: UUID) -> bool:
    fields = (object_.by_id.get(field_id) for object_ in model.objects.values() if object_.is_active)
    return any(field is not None and field.is_active for field in fields)


def _shown(names: Names, value: JsonValue) -> JsonValue:
    """Return a filter or an order in names; `_GONE` where all of it is gone."""
    match value:
        case dict() if value:
            found = dict(_members(names, value))
            return found or _GONE
        case list() if value:
            kept = [one for item in value if (one := _shown(names, item)) is not _GONE]
            return kept or _GONE
        case _:
            return value


def _members(names: Names, value: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for key, member in value.items():
        found = KEY.fullmatch(key)
        field = names.find(UUID(found[1])) if found else None
        below = _shown(names, member)
        if below is _GONE or (found and field is None):
            continue
        yield (f"{field.name}{found[2]}" if found and field else key), below
