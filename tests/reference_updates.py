"""The oracle of updates: the row of a record after new values, and after changes by the values before."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Part
from fieldstone.sql.types import SqlType
from tests.reference_filters import read_value

Row = dict[str, Any]
_LIMITS = {SqlType.INTEGER: 1 << 31, SqlType.BIGINT: 1 << 63}
_INDEX = re.compile(r"[ \t\n\v\f\r]*[-+]?0*[0-9]{1,9}")


class Refused(Exception):
    """The update is refused as the user's mistake."""


def updated(object_: Object, row: Row, arguments: Mapping[str, Any]) -> Row:
    """The row after an update with these arguments.

    Raises:
        Refused: a sum is out of range, or a path leads through a value that has no members.
    """
    after = dict(row)
    for name, value in (arguments.get("data") or {}).items():
        _assign(object_, after, name, value)
    for argument, change in _CHANGES.items():
        for name, operand in (arguments.get(argument) or {}).items():
            field = object_.by_name[name]
            column = field.parts[0].column.name
            after[column] = change(field, row[column], operand)
    return after


def _assign(object_: Object, after: Row, name: str, value: Any) -> None:
    if name in object_.foreign_keys:
        after[object_.foreign_keys[name].parts[0].column.name] = value
        return
    field = object_.by_name[name]
    for part in field.parts:
        if not field.is_composite:
            after[part.column.name] = _stored(part, value)
        elif value is None or part.name in value:
            after[part.column.name] = None if value is None else _stored(part, value[part.name])


def _stored(part: Part, value: Any) -> Any:
    return None if value is None else read_value(part, value)


def _add(field: Field, value: Any, operand: Any) -> Any:
    if value is None:
        return None
    kind = field.parts[0].column.type
    if kind is SqlType.DOUBLE:
        total = float(value) + float(operand)
        if not math.isfinite(total):
            raise Refused
        return total
    exact = Decimal(str(value)) + Decimal(str(operand))
    if kind in _LIMITS and not -_LIMITS[kind] <= exact < _LIMITS[kind]:
        raise Refused
    return int(exact) if kind in _LIMITS else exact


def _append(field: Field, value: Any, operand: Any) -> Any:
    there = list(value or [])
    if field.type is FieldType.MULTI_SELECT:
        return there + [item for item in operand if item not in there]
    return there + operand


def _remove(_field: Field, value: Any, operand: Any) -> Any:
    return None if value is None else [item for item in value if item not in operand]


def _set_paths(_field: Field, value: Any, operand: Any) -> Any:
    document = _copied(value) if value is not None else {}
    for one in operand:
        _put(document, one["path"], one["value"])
    return document


def _copied(value: Any) -> Any:
    match value:
        case dict():
            return {key: _copied(item) for key, item in value.items()}
        case list():
            return [_copied(item) for item in value]
        case _:
            return value


def _put(node: Any, path: list[str], value: Any) -> None:
    step, *rest = path
    if not isinstance(node, dict) and not (isinstance(node, list) and _INDEX.fullmatch(step)):
        raise Refused
    if not rest:
        _set(node, step, value)
        return
    if _get(node, step) is None:
        _set(node, step, {})
    child = _get(node, step)
    if child is None:
        raise Refused
    _put(child, rest, value)


def _get(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    return node[int(step)] if -len(node) <= int(step) < len(node) else None


def _set(node: Any, step: str, value: Any) -> None:
    if isinstance(node, dict):
        node[step] = value
    elif -len(node) <= int(step) < len(node):
        node[int(step)] = value
    else:
        node.insert(len(node) if int(step) >= 0 else 0, value)


def _delete_paths(_field: Field, value: Any, operand: Any) -> Any:
    document = _copied(value)
    for path in operand:
        node = document
        for step in path[:-1]:
            is_list = isinstance(node, list) and _INDEX.fullmatch(step)
            node = _get(node, step) if isinstance(node, dict) or is_list else None
        last = path[-1]
        if isinstance(node, dict):
            node.pop(last, None)
        elif isinstance(node, list) and _INDEX.fullmatch(last) and -len(node) <= int(last) < len(node):
            del node[int(last)]
    return document


_CHANGES = {
    "increment": _add,
    "append": _append,
    "remove": _remove,
    "setPath": _set_paths,
    "deletePath": _delete_paths,
}
