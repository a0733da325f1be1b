"""JSON that clients send: decoded within limits."""

from collections.abc import Iterable, Mapping

from fieldstone.engine.errors import BadUserInput, QueryTooComplex
from fieldstone.metadata.json_text import JsonValue, loads, loads_in_pieces

DEPTH = 200
"""The deepest nesting of a body: later code walks it recursively and must stay well within Python's limit."""

LARGE = 16_384
"""Characters of a body above which it is decoded, and its variables are coerced and bound, in the work thread."""

MOST_VALUES = 1_000_000
"""Values that a body may hold, counted by its commas and brackets: a second of the work thread."""


def decode_json_text(text: str, *, name: str) -> JsonValue:
    """Return the JSON value of `text`; `name` opens the message of a refusal.

    Raises:
        BadUserInput: it is not JSON, or nested too deeply, or holds a lone surrogate.
        QueryTooComplex: it holds more than a million values.
    """
    brackets = text.count("[") + text.count("{")
    if len(text) > MOST_VALUES and brackets + text.count(",") > MOST_VALUES:
        raise QueryTooComplex(f"{name} holds more than {MOST_VALUES} values.")
    try:
        value = loads_in_pieces(text) if len(text) > LARGE else loads(text)
    except RecursionError:
        raise BadUserInput(f"{name} is nested more than {DEPTH} levels deep.") from None
    except ValueError as error:
        raise BadUserInput(f"{name} is not JSON: {error}.") from None
    if brackets > DEPTH and _is_too_deep(value):
        raise BadUserInput(f"{name} is nested more than {DEPTH} levels deep.")
    # Decoded UTF-8 holds no surrogates: only an escape can bring one in.
    if "\\u" in text and _has_lone_surrogate(value):
        raise BadUserInput(f"{name} holds a lone surrogate, which is not a character.")
    return value


def _is_too_deep(value: JsonValue) -> bool:
    level = _containers([value])
    for _ in range(DEPTH):
        level = [part for parent in level for part in _containers(_members(parent))]
        if not level:
            return False
    return True


def _containers(values: Iterable[JsonValue]) -> list[JsonValue]:
    return [value for value in values if isinstance(value, Mapping | list)]


def _members(container: JsonValue) -> Iterable[JsonValue]:
    return container.values() if isinstance(container, Mapping) else container


def _has_lone_surrogate(value: JsonValue) -> bool:
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            if not part.isascii() and any("\ud800" <= character <= "\udfff" for character in part):
                return True
        elif isinstance(part, Mapping):
            pending += part.keys()
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return False
