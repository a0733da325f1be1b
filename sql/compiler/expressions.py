"""Constructors of expressions, each a frozen piece of SQL text with the parentheses that it needs."""

from collections.abc import Iterable, Sequence

from fieldstone.sql.compiler.terms import Binding, Expression, Query, rows_source
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan.elements import Comparison, Table
from fieldstone.sql.plan.operands import Constant, Parameter
from fieldstone.sql.types import SqlType

TRUE = Expression("true")
FALSE = Expression("false")
NULL = Expression("NULL")
NOW = Expression("now()")
ONE = Expression("1")
COUNT = Expression("count(*)")
NULL_TEXT = Expression("NULL::text")
NULL_JSONB = Expression("NULL::jsonb")
SIMPLE = Expression("'simple'::regconfig")
WORDS = Expression("'fieldstone.words'::regconfig")
NO_UUIDS = Expression("'{}'::uuid[]")
NO_TEXTS = Expression("'{}'::text[]")
NULL_UUID = Expression("NULL::uuid")
NULL_UUIDS = Expression("NULL::uuid[]")

_SPELLED = {
    Comparison.CONTAINS: Binding.OPERATOR,
    Comparison.OVERLAPS: Binding.OPERATOR,
}


def column(alias: str, name: str) -> Expression:
    """Return a column of the source with this alias, by its physical name."""
    return Expression(alias + "." + quote_identifier(name))


def result(alias: str, name: str) -> Expression:
    """Return a column with a generated name."""
    return Expression(alias + "." + name)


def whole_row(alias: str) -> Expression:
    """All columns of the source with this alias; as a function's argument, its row."""
    return Expression(alias + ".*")


def number(value: int) -> Expression:
    """Return an integer that is part of the plan."""
    return Expression(str(value)) if value >= 0 else Expression("(" + str(value) + ")")


def text_literal(text: str) -> Expression:
    """Return a text that is part of the plan (standard_conforming_strings is on: a backslash is one)."""
    if "\0" in text:
        raise ValueError("a text holds a NUL character")
    return Expression("'" + text.replace("'", "''") + "'")


def bytes_literal(value: bytes) -> Expression:
    """Bytes that are part of the plan."""
    return Expression("'\\x" + value.hex() + "'::bytea")


def uuid_literal(text: str) -> Expression:
    """Return a UUID that is part of the plan."""
    return Expression(text_literal(text).text + "::uuid")


def table_oid(table: Table) -> Expression:
    """Return the number that PostgreSQL's catalog has of a table."""
    return Expression(text_literal(quote_table(table)).text + "::regclass")


def texts(values: Sequence[str]) -> Expression:
    """Return an array of texts that are part of the plan."""
    return Expression("ARRAY[" + ",".join([text_literal(value).text for value in values]) + "]::text[]")


def array(values: Sequence[Expression]) -> Expression:
    """Return the array of some values, one or more."""
    return Expression("ARRAY[" + ",".join([value.text for value in values]) + "]")


def positions(values: Expression, items: Expression) -> Expression:
    """Return the positions of an array's items among the values, in the items' order; NULL for NULL."""
    return _for_each(items, call("array_position", values, _ITEM))


def element(array: Expression, position: Expression) -> Expression:
    """Return the array's element at a position from 1, NULL where there is none."""
    return Expression("(" + array.text + ")[" + position.text + "]")


def elements(array: Expression, places: Expression) -> Expression:
    """Return the array's elements at these positions, in their order; NULL for NULL."""
    return _for_each(places, element(array, _ITEM))


_ITEM = Expression("e.v")


def _for_each(items: Expression, value: Expression) -> Expression:
    """Return the array of a value of `_ITEM` for each of an array's items, in their order; NULL for NULL."""
    query = Query().from_(rows_source(call("unnest", items), "e", ("v", "n"))).select(value).order(Expression("e.n"))
    return case([(is_null(items, negated=True), array_from(query))])


SETS = "f"
"""The alias of a statement's parameter sets, whose values are the columns p0, p1 and so on."""


def parameter(slot: Parameter) -> Expression:
    """Return the parameter, or the constant that stands for one, cast to its type."""
    if isinstance(slot, Constant):
        value = text_literal(slot.text).text
    else:
        value = SETS + ".p" + str(slot.slot) if slot.in_set else "$" + str(slot.slot + 1)
    kind = "::" + slot.type.value + ("[]" if slot.array else "")
    if not slot.unplanned:
        return Expression(value + kind)
    # ANY would take a sub-select without a cast around it for rows, not for an array.
    return Expression("(SELECT " + value + kind + ")" + (kind if slot.array else ""))


def json_parameter(slot: Parameter) -> Expression:
    """Return the parameter as json, which keeps the order and the spelling of its members."""
    return Expression("$" + str(slot.slot + 1) + "::json")


def cast_to_text(value: Expression) -> Expression:
    """Return the value's text."""
    return Expression(value.within(Binding.OPERATOR) + "::text")


def cast(value: Expression, kind: SqlType) -> Expression:
    """Return the value in another type."""
    return Expression(value.within(Binding.OPERATOR) + "::" + kind.value)


def cast_to_timestamp(value: Expression) -> Expression:
    """Return the date or the local time as a timestamp without a time zone."""
    return Expression(value.within(Binding.OPERATOR) + "::timestamp")


def as_decimal(value: Expression) -> Expression:
    """Return a double-precision value as the decimal number of its text: the cast itself keeps only 15 digits."""
    return Expression(cast_to_text(value).text + "::numeric")


def call(function: str, *arguments: Expression) -> Expression:
    """Return a function's result."""
    return Expression(function + "(" + ",".join([argument.text for argument in arguments]) + ")")


def json_list(*values: Expression) -> Expression:
    """Return the JSON list of values."""
    return call("json_build_array", *values)


def coalesce(*values: Expression) -> Expression:
    """Return the first value that is not NULL."""
    return values[0] if len(values) == 1 else call("COALESCE", *values)


def case(branches: Iterable[tuple[Expression, Expression]], *, otherwise: Expression | None = None) -> Expression:
    """Return the value of the first branch whose condition holds, else `otherwise` or NULL."""
    whens = " ".join(["WHEN " + condition.text + " THEN " + value.text for condition, value in branches])
    return Expression("CASE " + whens + ("" if otherwise is None else " ELSE " + otherwise.text) + " END")


def concatenation(parts: Sequence[Expression]) -> Expression:
    """Return the texts one after another."""
    if len(parts) == 1:
        return parts[0]
    texts = [part.text if part.binding > Binding.MATCH else "(" + part.text + ")" for part in parts]
    return Expression(" || ".join(texts), Binding.OPERATOR)


def parenthesised(value: Expression) -> Expression:
    """Return the value, to be computed before its neighbours."""
    return Expression("(" + value.text + ")")


def compare(left: Expression, comparison: Comparison, right: Expression) -> Expression:
    """Return the comparison of two values."""
    binding = _SPELLED.get(comparison, Binding.COMPARISON)
    return Expression(left.within(binding) + " " + comparison.value + " " + right.within(binding), binding)


def equal(left: Expression, right: Expression) -> Expression:
    """Return the condition that the values are equal."""
    return Expression(left.within(Binding.COMPARISON) + " = " + right.within(Binding.COMPARISON), Binding.COMPARISON)


def row(values: Sequence[Expression]) -> Expression:
    """Return a row of values, or the value where there is one."""
    return values[0] if len(values) == 1 else Expression("(" + ",".join([value.text for value in values]) + ")")


def arithmetic(left: Expression, operator: str, right: Expression) -> Expression:
    """Return the result of an operator on two numbers."""
    return Expression(
        left.within(Binding.OPERATOR) + " " + operator + " " + right.within(Binding.OPERATOR), Binding.OPERATOR
    )


def plus(left: Expression, right: Expression) -> Expression:
    """Return the sum of two numbers."""
    return Expression(left.within(Binding.OPERATOR) + " + " + right.within(Binding.OPERATOR), Binding.OPERATOR)


def items_without(array: Expression, others: Expression) -> Expression:
    """Return the array of an array's items that are not among the others, in their order."""
    return _items_where(array, unlike_all(_ITEM, others))


def items_among(array: Expression, others: Expression) -> Expression:
    """Return the array of an array's items that are among the others, in their order."""
    return _items_where(array, equal_to_any(_ITEM, others))


def _items_where(array: Expression, condition: Expression) -> Expression:
    query = Query().from_(rows_source(call("unnest", array), "e", ("v", "n"))).select(_ITEM)
    return array_from(query.only(condition).order(Expression("e.n")))


def is_marked(marks: Expression, place: int) -> Expression:
    """Return the condition that a text has a 1 at this place, from 0."""
    return equal(call("substr", marks, number(place + 1), ONE), text_literal("1"))


def less_one(value: Expression) -> Expression:
    """Return the number before it."""
    return Expression("(" + value.text + " - 1)")


def equal_to_any(left: Expression, array: Expression) -> Expression:
    """Return the condition that the value is an element of the array."""
    return Expression(left.within(Binding.COMPARISON) + " = ANY(" + array.text + ")", Binding.COMPARISON)


def equal_to_row_of(left: Expression, query: Query) -> Expression:
    """Return the condition that the value is one of a sub-select's: PostgreSQL may look it up in a hash of them."""
    return Expression(left.within(Binding.COMPARISON) + " IN (" + query.text() + ")", Binding.COMPARISON)


def unlike_all(left: Expression, array: Expression) -> Expression:
    """Return the condition that the value differs from every element of the array."""
    return Expression(left.within(Binding.COMPARISON) + " <> ALL(" + array.text + ")", Binding.COMPARISON)


def matches(text: Expression, pattern: Expression, *, case_sensitive: bool) -> Expression:
    """Return the condition that the text matches a LIKE pattern."""
    operator = " LIKE " if case_sensitive else " ILIKE "
    return Expression(text.within(Binding.MATCH) + operator + pattern.within(Binding.MATCH), Binding.MATCH)


def like_all(text: Expression, patterns: Expression) -> Expression:
    """Return the condition that the text matches every pattern of the array."""
    return Expression(text.within(Binding.COMPARISON) + " LIKE ALL(" + patterns.text + ")", Binding.COMPARISON)


def is_null(value: Expression, *, negated: bool = False) -> Expression:
    """Return the condition that the value is NULL, or is not."""
    return Expression(value.within(Binding.IS) + (" IS NOT NULL" if negated else " IS NULL"), Binding.IS)


def is_true(condition: Expression, *, negated: bool = False) -> Expression:
    """Return the condition (or the opposite), false (or true) where it is unknown.

    PostgreSQL makes no join of a sub-select in it.
    """
    return Expression(condition.within(Binding.IS) + (" IS NOT TRUE" if negated else " IS TRUE"), Binding.IS)


def is_distinct(left: Expression, right: Expression) -> Expression:
    """Return the condition that two values differ, where two NULLs are the same. Never unknown."""
    return Expression(left.within(Binding.IS) + " IS DISTINCT FROM " + right.within(Binding.IS), Binding.IS)


def is_empty(array: Expression, *, negated: bool = False) -> Expression:
    """Return the condition that the array has no elements, or has some; unknown where it is NULL."""
    comparison = " > 0" if negated else " = 0"
    return Expression("cardinality(" + array.text + ")" + comparison, Binding.COMPARISON)


def searches(vector: Expression, query: Expression) -> Expression:
    """Return the condition that the text search vector matches the query, whose words are taken as they stand."""
    return has_words(vector, call("to_tsquery", SIMPLE, query))


def has_words(vector: Expression, query: Expression) -> Expression:
    """Return the condition that the text search vector matches the query."""
    return Expression(vector.within(Binding.OPERATOR) + " @@ " + query.text, Binding.OPERATOR)


def negation(term: Expression) -> Expression:
    """Return the negation of a condition."""
    if term is TRUE:
        return FALSE
    if term is FALSE:
        return TRUE
    return Expression("NOT " + term.within(Binding.NOT), Binding.NOT)


def all_of(terms: Iterable[Expression]) -> Expression:
    """Return the AND of the terms: true where there are none."""
    return _joined([term for term in terms if term is not TRUE], TRUE, " AND ", Binding.AND)


def any_of(terms: Iterable[Expression]) -> Expression:
    """Return the OR of the terms: false where there are none."""
    return _joined([term for term in terms if term is not FALSE], FALSE, " OR ", Binding.OR)


def _joined(terms: list[Expression], empty: Expression, operator: str, binding: Binding) -> Expression:
    # A term that decides all (false AND ..) is no reason to drop the others: they may hold parameters.
    if len(terms) < 2:
        return terms[0] if terms else empty
    # AND and OR are associative, so an operand that binds equally needs no parentheses: the tree becomes flat.
    texts = [term.text if term.binding >= binding else "(" + term.text + ")" for term in terms]
    return Expression(operator.join(texts), binding)


def scalar(query: Query) -> Expression:
    """Return a sub-select's single value, or NULL where it has no row."""
    return Expression("(" + query.text() + ")")


def array_from(query: Query) -> Expression:
    """Return the array of a sub-select's values."""
    return Expression("ARRAY(" + query.text() + ")")


def array_of_common(queries: Sequence[Query]) -> Expression:
    """Return the array of the values that all of the sub-selects have."""
    return Expression("ARRAY(" + " INTERSECT ".join([query.text() for query in queries]) + ")")


def exists(query: Query, *, negated: bool = False) -> Expression:
    """There is a row, or there is none."""
    return Expression(("NOT EXISTS (" if negated else "EXISTS (") + query.text() + ")", Binding.NOT)


def is_more_than_one(value: Expression) -> Expression:
    """Return the condition that a number is more than one."""
    return Expression(value.within(Binding.COMPARISON) + " > 1", Binding.COMPARISON)


def listed(values: Sequence[Expression]) -> Expression:
    """Return the values with commas between them, as a clause lists them."""
    return Expression(",".join([value.text for value in values]))


def named(value: Expression, name: str) -> Expression:
    """Return the value as a column with a generated name (a select list's item)."""
    return Expression(value.text + " AS " + name)


def renamed(value: Expression, name: str) -> Expression:
    """Return the value as a column with a name of any characters (a select list's item)."""
    return Expression(value.text + " AS " + quote_identifier(name))


def ordered(value: Expression, *, descending: bool, nulls_first: bool | None) -> Expression:
    """Return an ORDER BY item; a `nulls_first` of None or PostgreSQL's default is left out, as in indexes."""
    direction = " DESC" if descending else ""
    nulls = ""
    if nulls_first is not None and nulls_first is not descending:
        nulls = " NULLS FIRST" if nulls_first else " NULLS LAST"
    return Expression(value.text + direction + nulls)


def rows_of_json(document: Expression, columns: Sequence[tuple[str, SqlType]]) -> Expression:
    """Return the rows of a JSON list of objects, with these columns."""
    definitions = ",".join([quote_identifier(name) + " " + kind.value for name, kind in columns])
    return Expression("ROWS FROM (json_to_recordset(" + document.text + ") AS (" + definitions + "))")
