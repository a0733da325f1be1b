"""Cursors: a row's place in an order, as sql/compiler/cursors.py writes it in SQL and as Python reads it again.

A cursor is the UTF-8 of the JSON list `[tag, k1, .., kn]` and of its check, in hex: each key is its text or null, the
check is the first 8 digits of the list's MD5. It guards against mistakes, not against forgery: a cursor tells nothing
that its maker could not ask for. A page has dozens of cursors: base64 and SHA-256 took longer than the page's rows.
"""

import hashlib
import json
from collections.abc import Sequence

CHECK_LENGTH = 8


class CursorError(ValueError):
    """A cursor that does not say where to go on."""


class BlankCursorError(CursorError):
    """The cursor is blank."""


class AlteredCursorError(CursorError):
    """The cursor is not as it was given out."""


class ForeignCursorError(CursorError):
    """The cursor belongs to another connection or another order."""


def encode_cursor(tag: str, keys: Sequence[str | None]) -> str:
    """The cursor that SQL writes for a row with these keys' texts."""
    content = json.dumps([tag, *keys], ensure_ascii=False, separators=(",", ":"))
    return (content + _check(content)).encode().hex()


def decode_cursor(text: str, tag: str) -> tuple[str | None, ...]:
    """The keys' texts (None: NULL) of a cursor that was made under `tag`.

    Raises:
        BlankCursorError: it is empty or white space.
        AlteredCursorError: it is not what SQL or `encode_cursor` wrote.
        ForeignCursorError: it was made under another tag.
    """
    if not text.strip():
        raise BlankCursorError("the cursor is blank")
    found, *keys = _unseal(text)
    if found != tag:
        raise ForeignCursorError("the cursor belongs to another connection or another order")
    return tuple(keys)


def cursor_nulls(text: str) -> tuple[bool, ...]:
    """Which keys of a cursor are NULL, whatever its tag: what the shape of a seek is made of.

    Raises:
        CursorError: as `decode_cursor`.
    """
    if not text.strip():
        raise BlankCursorError("the cursor is blank")
    return tuple(key is None for key in _unseal(text)[1:])


def _unseal(text: str) -> list[str | None]:
    altered = AlteredCursorError("the cursor is not one that was given out")
    try:
        sealed = bytes.fromhex(text).decode()
        content, check = sealed[:-CHECK_LENGTH], sealed[-CHECK_LENGTH:]
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise altered from error
    # What is read leniently (capitals, white space between bytes) is not what was given out.
    if sealed.encode().hex() != text or check != _check(content) or not _is_content(parsed):
        raise altered
    return list(parsed)


def _is_content(parsed: object) -> bool:
    return (
        isinstance(parsed, list)
        and len(parsed) > 1
        and isinstance(parsed[0], str)
        and all(key is None or isinstance(key, str) for key in parsed[1:])
    )


def _check(content: str) -> str:
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()[:CHECK_LENGTH]
