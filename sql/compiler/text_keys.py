"""The keys and the folded forms of texts, as `sql/text_order.py` has them."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.terms import Expression, FromItem, Query
from fieldstone.sql.text_order import KEY, LENGTH

_BORDER = Expression("E'\\x01'")


def text_key(text: Expression) -> Expression:
    """Return the text's key, in the one collation that has the keys in order."""
    return _in_order(expressions.call(KEY, text))


def text_keys(texts: Expression) -> Expression:
    """Return the array of the keys of an array's texts."""
    item = Expression("e.v")
    query = Query().from_(FromItem(expressions.call("unnest", texts).text, "e", ("v",))).select(text_key(item))
    return expressions.array_from(query)


def whole_key(text: Expression) -> Expression:
    """Return the text's key with all of the text in it."""
    rest = expressions.call("substr", text, expressions.number(LENGTH + 1))
    return _in_order(expressions.parenthesised(expressions.concatenation((expressions.call(KEY, text), rest))))


def text_of_key(key: Expression) -> Expression:
    """Return the text that a key has behind its border: its beginning, or all of it from a whole key."""
    border = expressions.call("strpos", key, _BORDER)
    return expressions.call("substr", key, Expression(border.text + " + 1"))


def computed_once(value: Expression) -> Expression:
    """Return the value, which depends on no row, computed once for all rows."""
    return Expression("(SELECT " + value.text + ")")


def _in_order(key: Expression) -> Expression:
    return Expression("(" + key.text + ' COLLATE "C")')
