"""JSON objects that a token or a header carries."""

from collections.abc import Mapping

from fieldstone.metadata.json_text import JsonValue, dumps, loads


def read_object(text: bytes) -> Mapping[str, JsonValue] | None:
    """Return the JSON object of a text; None if it is none, or holds a text that PostgreSQL cannot store."""
    try:
        given = loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or (b"\\u" in text and not _is_storable(given)):
        return None
    return given


def _is_storable(given: Mapping[str, JsonValue]) -> bool:
    """Return whether no text holds a lone surrogate or a NUL, which only an escape can bring in."""
    try:
        return b"\\u0000" not in dumps(given).encode()
    except UnicodeEncodeError:
        return False
