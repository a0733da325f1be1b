"""JSON as the engine reads and writes it: every digit of a number kept, text that PostgreSQL cannot hold refused."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # typeshed lacks the first
from json.scanner import make_scanner
from typing import Any

JsonValue = Any
"""None, bool, int, Decimal, float, str, or a list or mapping of them: the edge where Any is meant."""


PIECE = 65_536
"""Characters that are read in one go: in some 10 ms where each is a value of its own."""

_DEEPEST = 200
_SPARE_PIECES = 8
"""Pieces that may be scanned in vain before much of a text is read, such as those of the containers around its data."""
_BLANK = frozenset(" \t\n\r")
_BLANKS = re.compile(r"[ \t\n\r]*")

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_ENCODE: Callable[[JsonValue, int], Iterable[str]] = c_make_encoder(
    None, _ENCODER.default, encode_basestring, None, ":", ",", False, False, False
)
"""Made once, of the same settings: `encode` makes one for each value."""


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


def loads_at(text: str, place: int) -> tuple[JsonValue, int]:
    """Return the value that begins at a place of a JSON text, as `loads` reads it, and the place of its end.

    Raises:
        StopIteration: there is none.
        ValueError: it is not JSON, or a number has thousands of digits.
        RecursionError: it is nested too deeply.
    """
    return _SCAN(text, place)


def loads_in_pieces(text: str, *, piece: int = PIECE) -> JsonValue:
    """Read JSON text as `loads` does, but let other threads run meanwhile.

    The scanner, which is written in C, does not; so it gets no more than `piece` characters at once.

    Raises:
        ValueError: it is not JSON, or a number has thousands of digits.
        RecursionError: it is nested too deeply.
    """
    return _Pieces(text, piece).read()


class _Pieces:
    """Reads a text with the scanner seeing a piece of it at once; a value larger than one is read member by member.

    Attributes:
        start: where in the text the piece begins.
        in_vain: characters of the pieces that ended before the value at their begin did. Of large values inside one
            another each has such a piece, nearly the same one.
    """

    def __init__(self, text: str, size: int) -> None:
        self.text = text
        self.size = size
        self.start = 0
        self.piece = text[:size]
        self.in_vain = 0

    def read(self) -> JsonValue:
        value, end = self._value(self._skip(0), 0)
        end = self._skip(end)
        if end != len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, end)
        return value

    def _value(self, place: int, depth: int) -> tuple[JsonValue, int]:
        while self.in_vain <= 2 * place + _SPARE_PIECES * self.size:
            try:
                value, end = _SCAN(self.piece, place - self.start)
            except (StopIteration, json.JSONDecodeError):
                pass  # it is cut off, or wrong
            else:
                # At the end of a piece a number may go on, also behind a text that is none by itself: "e+".
                if end < len(self.piece) - 2 or self.start + end == len(self.text):
                    return value, self.start + end
            if place == self.start:
                self.in_vain += len(self.piece)
                break
            self.start = place
            self.piece = self.text[place : place + self.size]
        if depth > _DEEPEST:
            raise RecursionError
        match self.text[place : place + 1]:
            case "[":
                return self._list(self._skip(place + 1), depth + 1)
            case "{":
                return self._object(self._skip(place + 1), depth + 1)
        try:
            return _SCAN(self.text, place)
        except StopIteration as stop:
            raise json.JSONDecodeError("Expecting value", self.text, stop.value) from None

    def _list(self, place: int, depth: int) -> tuple[JsonValue, int]:
        items: list[JsonValue] = []
        if self.text[place : place + 1] == "]":
            return items, place + 1
        while True:
            value, place = self._value(place, depth)
            items.append(value)
            place, is_over = self._next(place, "]")
            if is_over:
                return items, place

    def _object(self, place: int, depth: int) -> tuple[JsonValue, int]:
        members: dict[str, JsonValue] = {}
        if self.text[place : place + 1] == "}":
            return members, place + 1
        while True:
            if self.text[place : place + 1] != '"':
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.text, place)
            key, place = _SCAN(self.text, place)
            place = self._skip(place)
            if self.text[place : place + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", self.text, place)
            members[key], place = self._value(self._skip(place + 1), depth)
            place, is_over = self._next(place, "}")
            if is_over:
                return members, place

    def _next(self, place: int, end: str) -> tuple[int, bool]:
        """Return where the next member begins, or where the container ends, and whether it does."""
        place = self._skip(place)
        found = self.text[place : place + 1]
        if found != end and found != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", self.text, place)
        if found == end:
            return place + 1, True
        member = self._skip(place + 1)
        if self.text[member : member + 1] == end:
            self._refuse_comma(place, member + 1)
        return member, False

    def _refuse_comma(self, comma: int, end: int) -> None:
        """Raise the scanner's error for a comma behind which the container ends at `end`.

        Its place and its words depend on the version of Python.
        """
        container = "[0" if self.text[end - 1] == "]" else '{"":0'
        try:
            _DECODER.decode(container + self.text[comma:end])
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, self.text, comma + error.pos - len(container)) from None

    def _skip(self, place: int) -> int:
        """Return where the white space from here on ends."""
        if self.text[place : place + 1] not in _BLANK:
            return place
        found = _BLANKS.match(self.text, place)
        return place if found is None else found.end()


def dumps(value: JsonValue) -> str:
    """Write JSON text without spaces, Decimals with all their digits."""
    try:
        return "".join(_ENCODE(value, 0))
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
        ValueError: its exponent is beyond a Decimal's.
    """
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"the number {digits[:40]} is out of range") from None


def _refuse_constant(name: str) -> JsonValue:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(parse_float=read_decimal, parse_constant=_refuse_constant)
_SCAN: Callable[[str, int], tuple[JsonValue, int]] = make_scanner(_DECODER)  # type: ignore[arg-type]  # typeshed takes it for its own result
"""Made once: `json.loads` makes one for each text."""


def unstorable(text: str) -> str | None:
    """Return why PostgreSQL cannot hold this text, or None where it can."""
    if "\x00" in text:
        return "must not contain the NUL character"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must not contain a lone surrogate"
    return None


def without_nul(value: JsonValue) -> JsonValue:
    """Return a value with U+FFFD in its texts for each NUL, which PostgreSQL cannot hold."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case Mapping():
            return {without_nul(name): without_nul(member) for name, member in value.items()}
        case list():
            return [without_nul(member) for member in value]
        case _:
            return value
