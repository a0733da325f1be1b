"""Values within JSON documents as the reference finds and compares them."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Truth = bool | None


def at_path(document: Any, steps: list[str]) -> Any:
    """PostgreSQL's #>; None where there is nothing, or JSON's null."""
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and re.fullmatch(r"-?\d+", step):
            place = int(step)
            document = document[place] if -len(document) <= place < len(document) else None
        else:
            return None
    return document


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float() | Decimal():
            return "number"
        case dict():
            return "object"
        case _:
            return "array"


def is_equal(one: Any, other: Any) -> bool:
    """Whether two values are the same to jsonb."""
    if kind_of(one) != kind_of(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _same(one: Any, other: Any) -> bool:
    return one is other if one is None or other is None else is_equal(one, other)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}


def test_value(
    value: Any,
    name: str,
    argument: Any,
    literal: Mapping[str, Callable[[str, str], bool]],
    contains: Callable[[Any, Any], bool],
) -> Truth:
    """An operator's verdict on a value, which is None where it is not there."""
    if name in {"is", "isNot"}:
        return ((value is None) is (argument != "NOT_NULL")) is (name == "is")
    if argument is None:
        return (value is None) is (name == "eq")
    if value is None:
        return None
    items = argument if isinstance(argument, list) else [argument]
    match name:
        case "eq" | "neq":
            return is_equal(value, argument) is (name == "eq")
        case "in" | "notIn":
            return any(is_equal(value, item) for item in items) is (name == "in")
        case "between":
            low, high = (test_value(value, *end, literal, contains) for end in zip(("gte", "lte"), items, strict=True))
            return False if False in (low, high) else None if None in (low, high) else True
        case "gt" | "gte" | "lt" | "lte":
            return _COMPARISONS[name](value, argument) if kind_of(value) == kind_of(argument) else None
        case "contains" if not (isinstance(value, str) and isinstance(argument, str)):
            return contains(value, argument)
        case "hasKey" | "hasAnyKeys" | "hasAllKeys":
            found = [_has_key(value, key) for key in items]
            return any(found) if name == "hasAnyKeys" else all(found)
        case "isEmpty":
            return (value in ({}, [])) is argument
        case _:
            return literal[name](value, argument) if isinstance(value, str) else None


def _has_key(value: Any, key: str) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, str) and item == key for item in value)
    return key in value if isinstance(value, dict) else False


def sort_value(document: Any, given: Mapping[str, Any]) -> Any:
    """The key that a document is ordered by at a path; None for NULL."""
    value = at_path(document, given["path"])
    match given.get("type", "TEXT"):
        case "NUMBER":
            return value if value is not None and kind_of(value) == "number" else None
        case "BOOLEAN":
            return value if isinstance(value, bool) else None
        case _:
            return _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        # jsonb orders keys by their lengths first.
        members = sorted(value.items(), key=lambda member: (len(member[0].encode()), member[0].encode()))
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(item)}" for key, item in members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(value)


def _json(value: Any) -> str:
    text = "null" if value is None else _text(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(text)
