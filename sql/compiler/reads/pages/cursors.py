"""A row's cursor, written in SQL; sql/values/page_cursor.py reads it."""

from collections.abc import Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.reads.pages.ordering import SortKey
from fieldstone.sql.compiler.terms import Expression
from fieldstone.sql.compiler.text_keys import text_of_key
from fieldstone.sql.plan.operands import AtPath, Column, Sorted
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.page_cursor import BY_ID, KeyKind, encode_head

_HEX = expressions.text_literal("hex")
_NOTHING = expressions.bytes_literal(b"")
_NULL_KIND = expressions.bytes_literal(bytes((KeyKind.NULL,)))
TEXT_END = expressions.bytes_literal(b"\0")


def compile_place(tag: str, keys: Sequence[SortKey]) -> Expression:
    """Return the place, as bytes, of a row with these keys."""
    if tag == BY_ID:
        (key,) = keys
        return _encode_key(key)
    head = encode_head(tag, [_kind(key) for key in keys])
    parts: list[bytes | Expression] = [head[: -len(keys)]]
    for key in keys:
        kind = bytes((_kind(key),))
        if key.nullable:
            known = expressions.bytes_literal(kind)
            absent = expressions.is_null(key.value)
            parts.append(expressions.case([(absent, _NULL_KIND)], otherwise=known))
        else:
            parts.append(kind)
    for key in keys:
        value = _encode_key(key)
        parts.append(expressions.coalesce(value, _NOTHING) if key.nullable else value)
    return expressions.concatenation(_joined(parts))


def compile_cursor(place: Expression, tag: str) -> Expression:
    """Return the cursor of a place that was made under this tag."""
    text = expressions.call("encode", place, _HEX)
    if tag == BY_ID:
        return expressions.cast_to_text(expressions.cast(text, SqlType.UUID))
    return expressions.concatenation((text, expressions.call("md5", place)))


def _joined(parts: Sequence[bytes | Expression]) -> list[Expression]:
    """Return the parts with neighbouring constants made one."""
    joined: list[bytes | Expression] = []
    for part in parts:
        if isinstance(part, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += part
        else:
            joined.append(part)
    return [expressions.bytes_literal(part) if isinstance(part, bytes) else part for part in joined]


def _kind(key: SortKey) -> KeyKind:
    match key.operand:
        case Column(type=SqlType.UUID):
            return KeyKind.UUID
        case Column(type=SqlType.TIMESTAMP):
            return KeyKind.TIMESTAMP
        case _:
            return KeyKind.TEXT


def _encode_key(key: SortKey) -> Expression:
    match _kind(key):
        case KeyKind.UUID:
            return expressions.call("uuid_send", key.value)
        case KeyKind.TIMESTAMP:
            return expressions.call("timestamptz_send", key.value)
        case _:
            # The output of textsend is in the client's encoding, which is UTF-8.
            return expressions.concatenation((expressions.call("textsend", _text(key)), TEXT_END))


def _text(key: SortKey) -> Expression:
    """Return the text that, given back and cast to the key's type, is the same value."""
    if isinstance(key.operand, Column | AtPath):
        return key.value if key.operand.type is SqlType.TEXT else expressions.cast_to_text(key.value)
    if isinstance(key.operand, Sorted):
        return text_of_key(key.value)
    # The text, not its rank: the meaning of a rank changes when options are added.
    values = expressions.texts(key.operand.values)
    if key.operand.column.type is SqlType.TEXT_ARRAY:
        return expressions.cast_to_text(expressions.elements(values, key.value))
    return expressions.element(values, key.value)
