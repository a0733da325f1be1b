"""Whether servers give the same answers, whatever way each writes numbers, moments and cursors."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
OWN = frozenset({"cursor", "endCursor", "startCursor"})
"""The values that every server makes in its own way."""


class Unequal(Exception):
    """Two servers answer the same question in different ways."""


def canonical(value: object, *, leave_out: frozenset[str] = OWN) -> object:
    """Return a JSON value in the one spelling in which equal answers are equal."""
    match value:
        case dict():
            return {key: canonical(item, leave_out=leave_out) for key, item in value.items() if key not in leave_out}
        case list():
            return [canonical(item, leave_out=leave_out) for item in value]
        case bool() | None:
            return value
        case int() | float() | Decimal():
            return Decimal(str(value)).normalize()
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value).normalize()
        case str() if _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
        case _:
            return value


def read_data(body: bytes) -> object:
    """Return the `data` of a GraphQL answer.

    Raises:
        Unequal: there are errors instead.
    """
    try:
        answer = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise Unequal(f"the answer is not JSON: {body[:300]!r}") from None
    if not isinstance(answer, dict) or answer.get("errors") or answer.get("data") is None:
        raise Unequal(f"the answer has no data: {body[:500]!r}")
    return answer["data"]


def require_equal(subject: str, expected: object, found: object) -> None:
    """Compare two canonical values.

    Raises:
        Unequal: they differ; the message names the first place.
    """
    difference = _difference(expected, found, "")
    if difference is not None:
        raise Unequal(f"{subject}: {difference}")


def _difference(expected: object, found: object, place: str) -> str | None:
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.keys() != found.keys():
            return f"at {place or 'the root'}: the keys are {sorted(found)}, not {sorted(expected)}"
        pairs = [(f"{place}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"at {place or 'the root'}: {len(found)} items, not {len(expected)}"
        pairs = [
            (f"{place}[{index}]", one, other) for index, (one, other) in enumerate(zip(expected, found, strict=True))
        ]
    else:
        return None if expected == found else f"at {place or 'the root'}: {found!r}, not {expected!r}"
    return next((text for where, one, other in pairs if (text := _difference(one, other, where)) is not None), None)
