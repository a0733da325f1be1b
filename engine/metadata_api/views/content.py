"""Reads the input of a view: names become ids, and the filter and the order are held against the schema."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from fieldstone.engine.planner.access.check import check_rule, refused_places
from fieldstone.engine.planner.reads.search.filter_types import input_type
from fieldstone.metadata.access.rules import fields_named, show, store_filter
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import Stored
from fieldstone.metadata.saved_views.orders import store_order
from fieldstone.metadata.saved_views.saved_view import (
    LONGEST_NAME,
    MOST_COLUMNS,
    WIDEST,
    SavedView,
    ViewColumn,
    ViewContent,
    ViewKind,
)
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import find_problem

_NARROWEST: Final = 1


def require_name(name: str) -> str:
    """Return the name of a view without blanks around it.

    Raises:
        InvalidChange: it is blank, too long, or has characters that cannot be shown.
    """
    stripped = name.strip()
    if not 0 < len(stripped) <= LONGEST_NAME:
        raise InvalidChange(f"name must have 1 to {LONGEST_NAME} characters", field="name")
    if reason := find_problem(stripped):
        raise InvalidChange(f"name {reason}", field="name")
    return stripped


def read_content(view: Snapshot, object_: Object, saved: SavedView, given: Mapping[str, JsonValue]) -> ViewContent:
    """Return the content of a view with the members that an input gives in the place of those that it has.

    Args:
        view: the model as the principal sees it.
        object_: that of the view's records.
        saved: the view.
        given: the input; a member that is left out stays, null clears it.

    Raises:
        InvalidChange: a name or a value is wrong; `field` names its place.
    """
    content = saved.content
    if (columns := given.get("columns")) is not None:
        content = replace(content, columns=_read_columns(object_, columns))
    if "filter" in given:
        content = replace(content, filter=_read_filter(view, object_, given["filter"]))
    if "orderBy" in given:
        content = replace(content, order=_read_order(view, object_, given["orderBy"]))
    if "boardField" in given:
        content = replace(content, board=_read_board(object_, given["boardField"]))
    if saved.kind is ViewKind.KANBAN and content.board is None:
        raise InvalidChange(
            "boardField: a KANBAN view needs the SELECT whose options are its columns", field="boardField"
        )
    return replace(content, names=_name(view, object_, content))


def _read_columns(object_: Object, given: Iterable[Mapping[str, JsonValue]]) -> tuple[ViewColumn, ...]:
    columns: dict[UUID, ViewColumn] = {}
    for place, one in enumerate(given):
        where = f"columns.{place}"
        if place >= MOST_COLUMNS:
            raise InvalidChange(f"columns must have at most {MOST_COLUMNS} items", field="columns")
        field, width = object_.by_name.get(one["field"]), one.get("width")
        if field is None:
            raise InvalidChange(
                f"{where}.field: {object_.name_singular} has no field {shown(one['field'])}", field=f"{where}.field"
            )
        if field.id in columns:
            raise InvalidChange(f"{where}.field: {field.name} is a column already", field=f"{where}.field")
        if width is not None and not _NARROWEST <= width <= WIDEST:
            raise InvalidChange(f"{where}.width must be from {_NARROWEST} to {WIDEST}", field=f"{where}.width")
        is_visible = one.get("visible") is not False
        columns[field.id] = ViewColumn(field_id=field.id, width=width, is_visible=is_visible)
    return tuple(columns.values())


def _read_filter(view: Snapshot, object_: Object, given: JsonValue) -> JsonValue:
    if given is None or given == {}:
        return None
    stored = store_filter(view, object_, given, place="filter")
    # All names are of the role's view. Rights are planned when the filter is used.
    check_rule(view.whole, view.whole.objects[object_.id], stored, (), place="filter")
    return loads(stored.text)


def _read_order(view: Snapshot, object_: Object, given: JsonValue) -> JsonValue:
    if given is None or given in ([], {}):
        return None
    stored = store_order(view, object_, given)
    for key in show(view, Stored(text=dumps(stored)), near=object_):
        for path, message in refused_places(input_type(view, object_, TypeRole.ORDER_BY), key):
            where = ".".join(map(str, ("orderBy", *path)))
            raise InvalidChange(f"{where}: {message}", field=where)
    return stored


def _read_board(object_: Object, name: JsonValue) -> UUID | None:
    if name is None:
        return None
    field = object_.by_name.get(name)
    if field is None or field.type is not FieldType.SELECT:
        selects = [one.name for one in object_.by_name.values() if one.type is FieldType.SELECT]
        known = ", ".join(selects) or "no SELECT"
        raise InvalidChange(
            f"boardField must be a SELECT of {object_.name_singular}, not {shown(name)}; it has {known}",
            field="boardField",
        )
    return field.id


def _name(view: Snapshot, object_: Object, content: ViewContent) -> Mapping[UUID, str]:
    """Return the present names of all fields that a view names; those that are gone keep the names that they had."""
    ids = {column.field_id for column in content.columns} | ({content.board} if content.board else set())
    ids |= fields_named(Stored(text=dumps([content.filter, content.order])))
    found = {id_: _find(view, object_, id_) for id_ in ids}
    return {id_: content.names.get(id_, "") if field is None else field.name for id_, field in sorted(found.items())}


def _find(view: Snapshot, object_: Object, field_id: UUID) -> Field | None:
    objects = (object_, *view.by_singular.values())
    return next((one.by_id[field_id] for one in objects if field_id in one.by_id), None)
