"""Cursors: a row's place in an order, as sql/compiler/reads/pages/cursors.py writes it in SQL and Python reads.

A cursor is the hex of a place and of its MD5. A place is bytes:

    the length of the tag, the tag in UTF-8
    the number of keys, and for each the kind of its value: see `KeyKind`
    the keys' values, one after another

The check guards against mistakes, not against forgery: a cursor tells nothing that its maker could not ask for. A page
has dozens of cursors, which cost about as much as the rest of it: PostgreSQL's binary forms are the cheapest to write.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache

BY_ID = ""
"""The tag of cursors that are ids: the text of the only key, which is the id of a record, without a check."""


class KeyKind(IntEnum):
    """How a key's value is written."""

    NULL = 0
    """Not at all."""
    TEXT = 1
    """As its text in UTF-8, which ends with a zero byte."""
    UUID = 2
    """In 16 bytes."""
    TIMESTAMP = 3
    """In 8 bytes: a signed number of microseconds since 2000 in UTC, its extremes standing for the infinities."""


_SIZES: Mapping[int, int] = {KeyKind.NULL: 0, KeyKind.UUID: 16, KeyKind.TIMESTAMP: 8}
_CHECK_LENGTH = 32
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - in UTC, as all that is made of it
_ERA = timedelta(days=146_097) // timedelta(microseconds=1)
"""Microseconds in 400 years, after which the calendar repeats itself."""
_FOREVER = 2**63 - 1
_ALTERED = "the cursor is not one that was given out"


class CursorError(ValueError):
    """A cursor that does not say where to go on."""


class BlankCursorError(CursorError):
    """The cursor is blank."""


class AlteredCursorError(CursorError):
    """The cursor is not as it was given out."""


class ForeignCursorError(CursorError):
    """The cursor belongs to another connection or another order."""


def encode_head(tag: str, kinds: Sequence[KeyKind]) -> bytes:
    """Return the place of keys of these kinds under a tag (at most 255 bytes), short of the keys' values."""
    name = tag.encode()
    return bytes((len(name), *name, len(kinds), *kinds))


def decode_cursor(text: str, tag: str) -> tuple[str | None, ...]:
    """Return the keys' texts (None: NULL) of a cursor that was made under `tag`.

    Raises:
        BlankCursorError: it is empty or white space.
        AlteredCursorError: SQL did not write it so.
        ForeignCursorError: it was made under another tag.
    """
    found, keys = _unseal(text)
    if found != tag:
        raise ForeignCursorError("the cursor belongs to another connection or another order")
    return keys


def cursor_nulls(text: str) -> tuple[bool, ...]:
    """Return the NULL-ness of each key of a cursor, whatever its tag: the shape of a seek consists of it.

    Raises:
        CursorError: as `decode_cursor`.
    """
    return tuple([key is None for key in _unseal(text)[1]])


# A request reads its cursor for its shape, and again for each key.
@lru_cache(maxsize=4)
def _unseal(text: str) -> tuple[str, tuple[str | None, ...]]:
    if not text.strip():
        raise BlankCursorError("the cursor is blank")
    try:
        place = _open(text)
        tag, kinds, position = _decode_head(place)
        keys = tuple(_decode_keys(place, kinds, position))
    except (ValueError, LookupError) as error:
        raise AlteredCursorError(_ALTERED) from error
    if not keys:
        raise AlteredCursorError(_ALTERED)
    return tag, keys


def _open(text: str) -> bytes:
    place = bytes.fromhex(text[:-_CHECK_LENGTH])
    # bytes.fromhex accepts more texts (capitals, white space) than cursors have.
    if _seal(place) != text:
        raise ValueError(_ALTERED)
    return place


def _decode_head(place: bytes) -> tuple[str, bytes, int]:
    """Return the tag, the keys' kinds, and where the keys' values begin."""
    end = 1 + place[0]
    start = end + 1 + place[end]
    return place[1:end].decode(), place[end + 1 : start], start


def _decode_keys(place: bytes, kinds: bytes, position: int) -> Iterator[str | None]:
    for kind in kinds:
        # A byte stands for each kind: making an enumeration's member of it would take longer than the rest.
        is_text = kind == KeyKind.TEXT
        end = place.index(b"\0", position) if is_text else position + _SIZES[kind]
        yield _DECODERS[kind](place[position:end])
        position = end + 1 if is_text else end
    if position != len(place):
        raise ValueError("the place does not end with its last key")


def _uuid(value: bytes) -> str:
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _instant(value: bytes) -> str:
    """Return the point in time as PostgreSQL reads it, whose calendar is longer than Python's."""
    microseconds = int.from_bytes(value, signed=True)
    if microseconds in (_FOREVER, -_FOREVER - 1):
        return "infinity" if microseconds > 0 else "-infinity"
    eras, rest = divmod(microseconds, _ERA)
    moment = _EPOCH + timedelta(microseconds=rest)
    year = moment.year + 400 * eras
    shown = f"{year if year > 0 else 1 - year:04}{moment.isoformat()[4:]}+00"
    return shown if year > 0 else shown + " BC"


_DECODERS: Mapping[int, Callable[[bytes], str | None]] = {
    KeyKind.NULL: lambda _: None,
    KeyKind.TEXT: bytes.decode,
    KeyKind.UUID: _uuid,
    KeyKind.TIMESTAMP: _instant,
}


def _seal(place: bytes) -> str:
    return place.hex() + hashlib.md5(place, usedforsecurity=False).hexdigest()
