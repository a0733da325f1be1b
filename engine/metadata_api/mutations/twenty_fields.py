"""Fields as Twenty's clients give them: default texts in single quotes, ids of options, settings for display."""

from collections.abc import Mapping
from typing import Final

from fieldstone.engine.schema.roots.twenty_names import DISPLAY_SETTINGS
from fieldstone.metadata.json_text import JsonValue

_DEFAULT: Final = "defaultValue"
_OPTIONS: Final = "options"
_SETTINGS: Final = "settings"


def read_field(given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the members of a field as `createField` and `updateField` take them."""
    values = dict(given)
    if _DEFAULT in given:
        values[_DEFAULT] = _unquoted_default(given[_DEFAULT])
    if isinstance(options := given.get(_OPTIONS), list):
        values[_OPTIONS] = [_without(option, ("id",)) for option in options]
    if _SETTINGS in given:
        values[_SETTINGS] = _without(given[_SETTINGS], DISPLAY_SETTINGS)
    return values


def _unquoted_default(default: JsonValue) -> JsonValue:
    match default:
        case list():
            return [_unquoted(item) for item in default]
        case Mapping():
            return {name: _unquoted(value) for name, value in default.items()}
        case _:
            return _unquoted(default)


def _unquoted(value: JsonValue) -> JsonValue:
    """Return a value that is no text, or a text without the one pair of quotes around it."""
    is_quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == "'"
    return value[1:-1] if is_quoted else value


def _without(given: JsonValue, names: tuple[str, ...]) -> JsonValue:
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if name not in names}
