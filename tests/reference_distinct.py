"""The oracle's distinctOn: the first row in order for each value."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.metadata.model import Object, capitalised
from tests.reference_values import Row, refuse


def _columns(object_: Object) -> dict[str, str]:
    """The columns by their names in distinctOn."""
    return {
        f"{field.name}Id" if field.relation_id else field.name + (capitalised(part.name) if part.name else ""): (
            part.column.name
        )
        for field in object_.by_name.values()
        for part in field.parts
    }


def _ordered_by(object_: Object, item: Mapping[str, Any]) -> str | None:
    """The column that a key of an order is, None where it lies across a relation or in a document."""
    ((name, member),) = item.items()
    field = object_.by_name.get(name)
    if not isinstance(member, dict):
        return _columns(object_)[name]
    if field is None or not field.is_composite:
        return None
    ((sub, _),) = member.items()
    return next(part.column.name for part in field.parts if part.name == sub)


def _names_direction(given: Any) -> bool:
    """Whether an order names a direction: an absent variable leaves an empty object, a path or a filter alone."""
    if not isinstance(given, dict):
        return given is not None
    if "path" in given:
        return "direction" in given
    named = [value for name, value in given.items() if name != "filter"]
    return len(named) > 1 or any(map(_names_direction, named))


def with_order(object_: Object, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the orders that name a direction; without any, those of distinctOn, by its values."""
    if "orderBy" in arguments:
        given = [item for item in arguments["orderBy"] if item is None or _names_direction(item)]
        arguments = {**arguments, "orderBy": given}
    if any(arguments.get("orderBy") or []) or not arguments.get("distinctOn"):
        return dict(arguments)
    by_name: dict[str, Any] = {}
    for field in object_.by_name.values():
        for part in field.parts:
            if part.name is not None:
                by_name[field.name + capitalised(part.name)] = {field.name: {part.name: "ASC"}}
            else:
                name = f"{field.name}Id" if field.relation_id else field.name
                by_name[name] = {name: "ASC"}
    return {**arguments, "orderBy": [by_name[name] for name in dict.fromkeys(arguments["distinctOn"])]}


def distinct(object_: Object, rows: Sequence[Row], arguments: Mapping[str, Any]) -> list[Row]:
    """The rows, in order, that a connection with these arguments means."""
    names = arguments.get("distinctOn") or []
    columns = dict.fromkeys(_columns(object_)[name] for name in names)
    given = [_ordered_by(object_, item) for item in arguments.get("orderBy") or [] if item]
    # The id is always the last key, behind which no two records are left to choose from.
    order = [*given, object_.key.name]
    last = order.index(object_.key.name)
    begin = set(order[: min(len(columns), last + 1)])
    if begin != set(columns) and not (last < len(columns) and begin < set(columns)):
        raise refuse("the order begins with other values")
    if not columns:
        return list(rows)
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        values = tuple(tuple(v) if isinstance(v := row[column], list) else v for column in columns)
        found.setdefault(values, row)
    return list(found.values())
