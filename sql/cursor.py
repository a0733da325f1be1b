"""Cursors: how a row's place in an order is written in SQL, then read again in Python.

A cursor is unpadded URL-safe base64 of the JSON list `[tag, k1, .., kn, check]`: each key is its text or null, `check`
the first 8 hex digits of the SHA-256 of the JSON text `[tag, k1, .., kn]`. It guards against mistakes, not against
forgery: a cursor tells nothing that its maker could not ask for.
"""

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from sql.compiler import expressions
from sql.compiler.output import Piece, join_pieces
from sql.compiler.terms import Expression, Query, query_source

_CHECK_LENGTH = 8
_UTF8 = expressions.text_literal("UTF8")
_BASE64 = expressions.text_literal("base64")
_HEX = expressions.text_literal("hex")
# What base64 has beyond what is safe in a URL: two digits, the padding, and PostgreSQL's line breaks.
_UNSAFE = expressions.concatenation(
    (expressions.text_literal("+/="), expressions.call("chr", expressions.number(ord("\n"))))
)
_SAFE = expressions.text_literal("-_")


class CursorError(ValueError):
    """A cursor that does not say where to go on."""


class BlankCursorError(CursorError):
    """The cursor is blank."""


class AlteredCursorError(CursorError):
    """The cursor is not as it was given out."""


class ForeignCursorError(CursorError):
    """The cursor belongs to another connection or another order."""


def compile_cursor(tag: str, keys: Sequence[Sequence[Piece]], alias: str) -> Expression:
    """The cursor with these encoded keys; `alias` is an unused one."""
    listed: list[Piece] = ["[" + json.dumps(tag, ensure_ascii=False)]
    for key in keys:
        listed.extend((",", *key))
    listed.append("]")
    content = expressions.result(alias, "content")
    digest = expressions.call("encode", expressions.call("sha256", _bytes(content)), _HEX)
    sealed = join_pieces(
        (
            expressions.call("left", content, expressions.number(-1)),
            ',"',
            expressions.call("left", digest, expressions.number(_CHECK_LENGTH)),
            '"]',
        )
    )
    encoded = expressions.call("encode", _bytes(sealed), _BASE64)
    query = Query().from_(query_source(Query().select(expressions.named(join_pieces(listed), "content")).text(), alias))
    return expressions.scalar(query.select(expressions.call("translate", encoded, _UNSAFE, _SAFE)))


def _bytes(text: Expression) -> Expression:
    return expressions.call("convert_to", text, _UTF8)


def encode_cursor(tag: str, keys: Sequence[str | None]) -> str:
    """The cursor that SQL writes for a row with these keys' texts."""
    content = json.dumps([tag, *keys], ensure_ascii=False, separators=(",", ":"))
    sealed = content[:-1] + ',"' + _check(content) + '"]'
    return urlsafe_b64encode(sealed.encode()).rstrip(b"=").decode()


def decode_cursor(text: str, tag: str) -> tuple[str | None, ...]:
    """The keys' texts (None: NULL) of a cursor that was made under `tag`.

    Raises:
        BlankCursorError: it is empty or white space.
        AlteredCursorError: it is not what `compile_cursor` or `encode_cursor` wrote.
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
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        # The decoder passes over foreign characters and left-over bits: only what encodes back to the same is the same.
        if urlsafe_b64encode(sealed).rstrip(b"=").decode() != text:
            raise altered
        content, separator, check = sealed.decode().rpartition(',"')
        parsed = json.loads(content + "]")
    except (UnicodeError, binascii.Error, json.JSONDecodeError, RecursionError) as error:
        raise altered from error
    if not separator or check != _check(content + "]") + '"]' or not _is_content(parsed):
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
    return hashlib.sha256(content.encode()).hexdigest()[:_CHECK_LENGTH]
