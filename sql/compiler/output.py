"""Values as JSON text: pieces that are constants or expressions and never NULL."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.terms import Expression, LongText, Query
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.outputs import BARE
from fieldstone.sql.types import Encoding, SqlType

TextPiece = str | Expression

UTC = expressions.text_literal("UTC")
NULL_TEXT = expressions.text_literal("null")
COMMA = expressions.text_literal(",")
EMPTY = expressions.text_literal("")
_MOST_ARGUMENTS = 100
"""Arguments that PostgreSQL lets a function have."""
_MOST_IN_A_ROW = 32
"""Parts that are concatenated one after the other; the texts of such rows are concatenated in their turn."""


def join_pieces(pieces: Sequence[TextPiece]) -> Expression:
    """Return the pieces' text, with neighbouring constants made one."""
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return pieces[0]
    parts: list[Expression] = []
    constant = ""
    for piece in pieces:
        if isinstance(piece, str):
            constant += piece
            continue
        if constant:
            parts.append(expressions.text_literal(constant))
            constant = ""
        parts.append(piece)
    if not parts:
        return expressions.cast_to_text(expressions.text_literal(constant))
    if constant:
        parts.append(expressions.text_literal(constant))
    return expressions.concatenation(_gathered(parts))


def _gathered(parts: Sequence[Expression]) -> list[Expression]:
    """Return the parts, gathered so that long ones are copied seldom: a concatenation copies all the text before it.

    Several long ones are joined by a function: one after the other they would take memory by the square of their
    number. The pieces behind a single long one are joined first, and many short ones in rows.
    """
    kinds = list(map(type, parts))
    if kinds.count(LongText) > 1:
        return [_joined_at_once(parts)]
    if LongText in kinds[:-2]:
        behind = kinds.index(LongText) + 1
        return [*parts[:behind], _joined(parts[behind:])]
    if len(parts) > 2 * _MOST_IN_A_ROW:
        starts = range(0, len(parts), _MOST_IN_A_ROW)
        return _gathered([_joined(parts[start : start + _MOST_IN_A_ROW]) for start in starts])
    return list(parts)


def _joined(parts: Sequence[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else expressions.parenthesised(expressions.concatenation(_gathered(parts)))


def _joined_at_once(parts: Sequence[Expression]) -> Expression:
    groups = list(parts)
    while len(groups) > 1:
        groups = [
            expressions.call("concat", *groups[first : first + _MOST_ARGUMENTS])
            for first in range(0, len(groups), _MOST_ARGUMENTS)
        ]
    return groups[0]


def as_long_as(text: Expression, pieces: Sequence[TextPiece]) -> Expression:
    """Return the text that holds these pieces, known as a long one if they are."""
    return LongText(text.text) if LongText in map(type, pieces) else text


def object_pieces(entries: Iterable[tuple[str, Iterable[TextPiece]]]) -> list[TextPiece]:
    """Return a JSON object of already encoded values, or the only one by itself if its key is BARE."""
    pieces: list[TextPiece] = []
    opening = "{"
    entries = list(entries)
    if len(entries) == 1 and entries[0][0] == BARE:
        return list(entries[0][1])
    for key, value in entries:
        pieces.append(opening + _quoted_key(key) + ":")
        pieces.extend(value)
        opening = ","
    pieces.append("{}" if opening == "{" else "}")
    return pieces


@lru_cache(maxsize=8192)
def _quoted_key(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


@frozen
class Fragment:
    """A value's pieces; `query` is the SELECT, of one row and still without a select list, that they belong to."""

    pieces: list[TextPiece]
    query: Query | None = None


def inline(fragment: Fragment) -> list[TextPiece]:
    """Return the fragment's pieces as they stand in another SELECT's."""
    if fragment.query is None:
        return fragment.pieces
    text = expressions.scalar(fragment.query.select(join_pieces(fragment.pieces)))
    return [as_long_as(text, fragment.pieces)]


def aggregate_text(text: Expression, *, order: Expression | None = None, only: Expression | None = None) -> Expression:
    """Return the rows' texts with commas between them."""
    rows = aggregation.aggregate("string_agg", text, COMMA, order=order, only=only)
    return LongText(expressions.coalesce(rows, EMPTY).text)


def or_null(text: Expression) -> Expression:
    """Return the text, or JSON's null where it is NULL."""
    return Expression("COALESCE(" + text.text + "," + NULL_TEXT.text + ")")


def encode_value(value: Expression, kind: SqlType, encoding: Encoding, *, nullable: bool) -> list[TextPiece]:
    """Return a value as JSON text; `kind` is the type of the value or of the column that it was computed from."""
    pieces = _encode(value, kind, encoding)
    if nullable:
        return [or_null(join_pieces(pieces))]
    return pieces


def only_among(value: Expression, kind: SqlType, allowed: Sequence[str]) -> Expression:
    """Return the text if it is allowed, else NULL; of a list of texts, its items that are allowed."""
    known = expressions.texts(allowed)
    if kind is SqlType.TEXT:
        return expressions.case([(expressions.equal_to_any(value, known), value)])
    items = expressions.items_among(value, known)
    return expressions.case([(expressions.is_null(value, negated=True), items)])


def _encode(value: Expression, kind: SqlType, encoding: Encoding) -> list[TextPiece]:
    match encoding:
        case Encoding.STRING | Encoding.ARRAY:
            return [_json(value)]
        case Encoding.QUOTED if kind is SqlType.DATE:
            # The cast would follow DateStyle.
            return [_json(value)]
        case Encoding.QUOTED:
            return ['"', expressions.cast_to_text(value), '"']
        case Encoding.BARE if kind is SqlType.DOUBLE or kind is SqlType.NUMERIC:
            # The cast would give a bare NaN or Infinity, which no JSON parser accepts.
            return [_json(value)]
        case Encoding.BARE | Encoding.JSON:
            return [expressions.cast_to_text(value)]
        case Encoding.TRIMMED:
            return [_json(expressions.call("trim_scale", value))]
        case Encoding.QUOTED_TRIMMED:
            return ['"', expressions.cast_to_text(expressions.call("trim_scale", value)), '"']
        case Encoding.INSTANT:
            return [Expression("left(to_json(timezone(" + UTC.text + "," + value.text + "))::text,(-1))"), 'Z"']
        case _:
            assert_never(encoding)


def _json(value: Expression) -> Expression:
    return Expression("to_json(" + value.text + ")::text")
