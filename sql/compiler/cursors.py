"""A row's cursor, written in SQL; sql/cursor.py reads it."""

import json
from collections.abc import Sequence

from sql.compiler import expressions
from sql.compiler.output import Piece, join_pieces
from sql.compiler.terms import Expression, Query, query_source
from sql.cursor import CHECK_LENGTH

_UTF8 = expressions.text_literal("UTF8")
_HEX = expressions.text_literal("hex")


def compile_cursor(tag: str, keys: Sequence[Sequence[Piece]], alias: str) -> Expression:
    """The cursor with these encoded keys; `alias` is an unused one."""
    listed: list[Piece] = ["[" + json.dumps(tag, ensure_ascii=False)]
    for key in keys:
        listed.extend((",", *key))
    listed.append("]")
    content = expressions.result(alias, "content")
    digest = expressions.call("md5", expressions.call("convert_to", content, _UTF8))
    check = expressions.call("left", digest, expressions.number(CHECK_LENGTH))
    sealed = expressions.call("convert_to", expressions.concatenation((content, check)), _UTF8)
    query = Query().from_(query_source(Query().select(expressions.named(join_pieces(listed), "content")).text(), alias))
    return expressions.scalar(query.select(expressions.call("encode", sealed, _HEX)))
