"""A SELECT field's options: how they are given, and how they are kept."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal

from fieldstone.metadata.changes.rules.names import derive_name
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Option
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import find_problem

_ENUM_VALUE = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
# https://spec.graphql.org/October2021/#sec-Enums: no value may be named like one of these.
NO_ENUM_VALUES = frozenset({"true", "false", "null"})
_OPTION_KEYS = ("value", "label", "color", "position")


def read_options(field_type: FieldType, options: JsonValue) -> tuple[Option, ...]:
    """Return the options of a field, a list of `{ value label color position }`.

    Raises:
        InvalidChange: the type has none, there is none, or one is not well formed.
    """
    entry = FIELD_TYPES[field_type]
    if entry.fixed_options:
        return _fixed_options(field_type, entry.fixed_options, options)
    if not entry.has_options:
        if options:
            raise InvalidChange(f"a {field_type.value} field has no options; leave them out", field="options")
        return ()
    if not isinstance(options, list | tuple) or not options:
        raise InvalidChange(
            f'a {field_type.value} field needs at least one option, such as {{ value: "NEW", label: "New" }}',
            field="options",
        )
    read = tuple(_read_option(option, place) for place, option in enumerate(options))
    seen: set[str] = set()
    for option in read:
        if option.value in seen:
            raise InvalidChange(f"the option {option.value} is there twice; each value once", field="options")
        seen.add(option.value)
    return read


def _fixed_options(field_type: FieldType, values: tuple[str, ...], options: JsonValue) -> tuple[Option, ...]:
    fixed = tuple(
        Option(value=value, label=str(place), position=float(place)) for place, value in enumerate(values, start=1)
    )
    if options and options != options_json(fixed):
        raise InvalidChange(
            f"the options of a {field_type.value} field are always {', '.join(values)}; leave them out", field="options"
        )
    return fixed


def _read_option(option: JsonValue, place: int) -> Option:
    if not isinstance(option, Mapping):
        raise InvalidChange(f"an option must be {{ value label color position }}, not {shown(option)}", field="options")
    if unknown := [key for key in option if key not in _OPTION_KEYS]:
        raise InvalidChange(
            f"an option has no {shown(unknown[0])}; it is {{ value label color position }}", field="options"
        )
    value = option.get("value")
    if not isinstance(value, str) or not _ENUM_VALUE.fullmatch(value):
        hint = f"; {suggestion} would pass" if (suggestion := _enum_value(value)) else ""
        raise InvalidChange(
            f"the option value {shown(value)} is no GraphQL enum value: letters (A-Z, a-z), digits and _, no digit"
            f" first{hint}",
            field="options",
        )
    if value in NO_ENUM_VALUES or value.startswith("__"):
        raise InvalidChange(
            f"the option value {shown(value)} is reserved by GraphQL; {value.strip('_').upper() or 'NONE'} would pass",
            field="options",
        )
    label = _text(option.get("label"), "label")
    return Option(
        value=value,
        label=value if label is None else label,
        color=_text(option.get("color"), "color"),
        position=_position(option.get("position"), place),
    )


def _enum_value(value: JsonValue) -> str:
    if not isinstance(value, str):
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", derive_name(value)).upper()


def _text(value: JsonValue, key: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidChange(f"an option's {key} must be text, not {shown(value)}", field="options")
    if reason := find_problem(value):
        raise InvalidChange(f"an option's {key} {reason}", field="options")
    return value


def _position(value: JsonValue, place: int) -> float:
    if value is None:
        return float(place)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidChange(f"an option's position must be a number, not {shown(value)}", field="options")
    try:
        position = float(value)
    except OverflowError:
        position = math.inf
    if not math.isfinite(position):
        raise InvalidChange(f"an option's position must be a finite number, not {shown(value)}", field="options")
    return position


def options_json(options: tuple[Option, ...]) -> JsonValue:
    """Return the options as the catalog keeps them and the API shows them; None where there are none."""
    if not options:
        return None
    return [
        {"value": option.value, "label": option.label, "color": option.color, "position": _shortest(option.position)}
        for option in options
    ]


def _shortest(position: float) -> float:
    return int(position) if position.is_integer() else position
