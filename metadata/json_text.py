"""JSON as the engine reads and writes it: every digit of a number kept, text that PostgreSQL cannot hold refused."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from json.scanner import make_scanner
from typing import Any

JsonValue = Any
"""None, bool, int, Decimal, float, str, or a list or mapping of them: the edge where Any is meant."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> JsonValue:
    """Read JSON text; numbers with a point or an exponent become Decimal.

    Raises:
        ValueError: it is not JSON (NaN and Infinity are not), or a number has thousands of digits.
        RecursionError: it is nested too deeply.
    """
    if not isinstance(text, str):
        text = text.decode()
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return _DECODER.decode(text)
    # It looks for white space around the value, which nobody sends.
    return value if end == len(text) else _DECODER.decode(text)


def dumps(value: JsonValue) -> str:
    """Write JSON text without spaces, Decimals with all their digits."""
    try:
        return _ENCODER.encode(value)
    except TypeError:
        return _dump(value)


def _dump(value: JsonValue) -> str:
    match value:
        case Decimal():
            return format(value, "f") if abs(value.adjusted()) < 30 else str(value)
        case Mapping():
            return (
                "{" + ",".join(f"{json.dumps(str(k), ensure_ascii=False)}:{_dump(v)}" for k, v in value.items()) + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(_dump, value)) + "]"
        case _:
            return _ENCODER.encode(value)


def read_decimal(digits: str) -> Decimal:
    """Return the number written with a point or an exponent.

    Raises:
        ValueError: its exponent is beyond what a Decimal can have.
    """
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"the number {digits[:40]} is out of range") from None


def _refuse_constant(name: str) -> JsonValue:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(parse_float=read_decimal, parse_constant=_refuse_constant)
_SCAN: Callable[[str, int], tuple[JsonValue, int]] = make_scanner(_DECODER)  # type: ignore[arg-type]  # typeshed takes it for what it returns
"""Made once: `json.loads` makes one for each text."""


def unstorable(text: str) -> str | None:
    """Return why PostgreSQL cannot hold this text, or None where it can."""
    if "\x00" in text:
        return "must not contain the NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must not contain a lone surrogate"
    return None
