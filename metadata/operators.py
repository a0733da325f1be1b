"""The filter operators, on columns and at paths: one entry each, its argument's shape and the condition it means."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import (
    Among,
    And,
    Compare,
    Comparison,
    Condition,
    IsEmpty,
    IsNull,
    JsonOperator,
    JsonTest,
    Matches,
    Or,
    Place,
    Resembles,
    Searches,
)
from fieldstone.sql.plan.operands import Moment, Operand, Parameter, Sorted, TimeUnit, column_of


class Argument(Enum):
    """The shape of an operator's argument."""

    VALUE = "one value of the field's scalar"
    VALUES = "a list of the field's scalar"
    RANGE = "a list of two of the field's scalar"
    TEXT = "text"
    FLAG = "true or false"
    PRESENCE = "NULL or NOT_NULL"
    TEXTS = "a list of text"
    PATHS = "a list of paths with operators"
    PERIOD = "a period of time relative to now"


@frozen
class Operator:
    """An operator.

    Attributes:
        condition: builds the condition for an operand and the argument's parameters (two for a RANGE, none for
            PRESENCE and FLAG).
        pattern: how TEXT becomes the parameter's text.
        is_relative: whether its meaning depends on the time.
        when_null: the condition of a null argument; None where null is refused.
        when_not_null: for PRESENCE, that of NOT_NULL.
        when_false: for a FLAG, that of false.
        when_empty: for VALUES, that of an empty list; None where it is that of `condition`.
    """

    name: str
    description: str
    argument: Argument
    condition: Callable[..., Condition]
    pattern: Callable[[str], str] = str
    is_relative: bool = False
    when_null: Callable[[Operand], Condition] | None = None
    when_not_null: Callable[[Operand], Condition] | None = None
    when_false: Callable[[Operand], Condition] | None = None
    when_empty: Callable[[Operand], Condition] | None = None


@frozen
class PathOperator:
    """An operator on the value at a path in a JSON document.

    Attributes:
        tests: those of the value: one; for a RANGE with its first and its second end, for a FLAG where it is true and
            where it is false, for PRESENCE that of NULL and that of NOT_NULL.
        when_null: the test of a null argument; None where null is refused.
        is_typed: whether a value is compared with those of its own type alone, and must have such a type.
        pattern: how TEXT, and a VALUE that is text, becomes a pattern; None where it does not.
    """

    name: str
    description: str
    argument: Argument
    tests: tuple[JsonOperator, ...]
    when_null: JsonOperator | None = None
    is_typed: bool = False
    pattern: Callable[[str], str] | None = None


def _checked_pattern(pattern: str) -> str:
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise InvalidValue("must not end with a backslash that escapes nothing")
    return pattern


def _literal(text: str) -> str:
    r"""Return a LIKE pattern that matches the text itself: `%`, `_` and `\` are literal."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_null(operand: Operand) -> Condition:
    return IsNull(column=column_of(operand))


def _is_not_null(operand: Operand) -> Condition:
    return IsNull(column=column_of(operand), negated=True)


def _compare(comparison: Comparison, *, ranked: bool = False) -> Callable[[Operand, Parameter], Condition]:
    def build(operand: Operand, value: Parameter) -> Condition:
        return Compare(left=operand if ranked else column_of(operand), comparison=comparison, right=value)

    return build


def _among(*, negated: bool) -> Callable[[Operand, Parameter], Condition]:
    return lambda operand, values: Among(column=column_of(operand), values=values, negated=negated)


def _to_itself(comparison: Comparison) -> Callable[[Operand], Condition]:
    """Return a condition that is the same for every value, and unknown for NULL."""
    return lambda operand: Compare(left=column_of(operand), comparison=comparison, right=column_of(operand))


def _resembles(place: Place) -> Callable[[Operand, Parameter], Condition]:
    """Return the condition on a text; options have no accents to fold."""
    return lambda operand, text: Resembles(
        column=column_of(operand), text=text, place=place, keeps_accents=not isinstance(operand, Sorted)
    )


def _matches(*, case_sensitive: bool = False) -> Callable[[Operand, Parameter], Condition]:
    return lambda operand, text: Matches(column=column_of(operand), pattern=text, case_sensitive=case_sensitive)


def _between(operand: Operand, low: Parameter, high: Parameter) -> Condition:
    from_low = Compare(left=operand, comparison=Comparison.GE, right=low)
    to_high = Compare(left=operand, comparison=Comparison.LE, right=high)
    return And(terms=(from_low, to_high))


def _is_empty(operand: Operand) -> Condition:
    return IsEmpty(column=column_of(operand))


def _has_items(operand: Operand) -> Condition:
    return IsEmpty(column=column_of(operand), negated=True)


def _searches(operand: Operand, query: Parameter) -> Condition:
    return Searches(column=column_of(operand), query=query)


def _words(text: str) -> str:
    """Return the text search query of all words in a text, each the beginning of one that is found."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in text.split())
    return " & ".join(f"'{word}':*" for word in quoted)


def _test_json(operator: JsonOperator) -> Callable[..., Condition]:
    def build(operand: Operand, value: Parameter | None = None) -> Condition:
        return JsonTest(column=column_of(operand), operator=operator, value=value)

    return build


def _all_paths(_: Operand, *terms: Condition) -> Condition:
    return And(terms=terms)


def _now(operand: Operand) -> Moment:
    return Moment(type=column_of(operand).type)


def _compare_now(comparison: Comparison) -> Callable[[Operand], Condition]:
    return lambda operand: Compare(left=column_of(operand), comparison=comparison, right=_now(operand))


def _within(operand: Operand, start: Moment, end: Moment, comparison: Comparison) -> Condition:
    column = column_of(operand)
    from_start = Compare(left=column, comparison=Comparison.GE, right=start)
    return And(terms=(from_start, Compare(left=column, comparison=comparison, right=end)))


def _is_today(operand: Operand) -> Condition:
    return And(terms=tuple(_against_today(operand, Comparison.GE, Comparison.LT)))


def _is_another_day(operand: Operand) -> Condition:
    return Or(terms=tuple(_against_today(operand, Comparison.LT, Comparison.GE)))


def _against_today(operand: Operand, start: Comparison, end: Comparison) -> Iterator[Compare]:
    """Yield comparisons with the start of this day in UTC and with that of the next."""
    column = column_of(operand)
    for days, comparison in enumerate((start, end)):
        moment = Moment(type=column.type, unit=TimeUnit.DAY, start=days)
        yield Compare(left=column, comparison=comparison, right=moment)


def _operator(
    name: str, description: str, argument: Argument, condition: Callable[..., Condition], **more: Any
) -> Operator:
    return Operator(name=name, description=description, argument=argument, condition=condition, **more)


def _at_path(name: str, description: str, argument: Argument, *tests: JsonOperator, **more: Any) -> PathOperator:
    return PathOperator(name=name, description=description, argument=argument, tests=tests, **more)


# One row an operator.
# fmt: off
EQ = _operator("eq", "Equal to; null: is NULL.", Argument.VALUE, _compare(Comparison.EQ), when_null=_is_null)
NEQ = _operator("neq", "Not equal to (a NULL never matches); null: is not NULL.", Argument.VALUE,
    _compare(Comparison.NE), when_null=_is_not_null)
IN = _operator("in", "Equal to one of these; an empty list matches nothing.", Argument.VALUES, _among(negated=False),
    when_empty=_to_itself(Comparison.NE))
NOT_IN = _operator("notIn", "Equal to none of these (a NULL never matches); an empty list matches every value.",
    Argument.VALUES, _among(negated=True), when_empty=_to_itself(Comparison.EQ))
GT = _operator("gt", "Greater than.", Argument.VALUE, _compare(Comparison.GT, ranked=True))
GTE = _operator("gte", "Greater than or equal to.", Argument.VALUE, _compare(Comparison.GE, ranked=True))
LT = _operator("lt", "Less than.", Argument.VALUE, _compare(Comparison.LT, ranked=True))
LTE = _operator("lte", "Less than or equal to.", Argument.VALUE, _compare(Comparison.LE, ranked=True))
BETWEEN = _operator("between", "At least the first and at most the second of two values.", Argument.RANGE, _between)
CONTAINS = _operator("contains", "Contains this text, whatever the case and the accents.", Argument.TEXT,
    _resembles(Place.ANYWHERE))
STARTS_WITH = _operator("startsWith", "Starts with this text, whatever the case and the accents.", Argument.TEXT,
    _resembles(Place.START))
ENDS_WITH = _operator("endsWith", "Ends with this text, whatever the case and the accents.", Argument.TEXT,
    _resembles(Place.END))
LIKE = _operator("like", "Matches this pattern: % is any text, _ any character, the backslash escapes.", Argument.TEXT,
    _matches(case_sensitive=True), pattern=_checked_pattern)
ILIKE = _operator("ilike", "Matches this pattern, whatever the case.", Argument.TEXT, _matches(),
    pattern=_checked_pattern)
IEQ = _operator("ieq", "Equal to, whatever the case and the accents.", Argument.TEXT, _resembles(Place.WHOLE))
IS = _operator("is", "Is NULL or NOT_NULL (null means NULL).", Argument.PRESENCE, _is_null, when_null=_is_null,
    when_not_null=_is_not_null)
IS_NOT = _operator("isNot", "Is not NULL, or is not NOT_NULL (null means NULL).", Argument.PRESENCE, _is_not_null,
    when_null=_is_not_null, when_not_null=_is_null)
JSON_CONTAINS = _operator("contains", "Contains this JSON value, as PostgreSQL's operator @> defines it.",
    Argument.VALUE, _compare(Comparison.CONTAINS))
CONTAINS_ANY = _operator("containsAny", "Has at least one of these; an empty list matches nothing.", Argument.VALUES,
    _compare(Comparison.OVERLAPS))
CONTAINS_ALL = _operator("containsAll", "Has each of these; an empty list matches every list, but not NULL.",
    Argument.VALUES, _compare(Comparison.CONTAINS))
IS_EMPTY = _operator("isEmpty", "Has no items, or, where false, has some (a NULL never matches).", Argument.FLAG,
    _is_empty, when_false=_has_items)
SEARCH = _operator("search",
    "Each word of this text begins a word of the field, whatever the case; a text without words matches nothing.",
    Argument.TEXT, _searches, pattern=_words)
WITHIN = _operator("within", "In a period relative to now.", Argument.PERIOD, _within, is_relative=True)
IS_TODAY = _operator("isToday", "On this day in UTC, or, where false, on another one (a NULL never matches).",
    Argument.FLAG, _is_today, when_false=_is_another_day, is_relative=True)
IN_PAST = _operator("inPast",
    "Before now (before today in UTC, for a date), or, where false, not before (a NULL never matches).",
    Argument.FLAG, _compare_now(Comparison.LT), when_false=_compare_now(Comparison.GE), is_relative=True)
IN_FUTURE = _operator("inFuture",
    "After now (after today in UTC, for a date), or, where false, not after (a NULL never matches).",
    Argument.FLAG, _compare_now(Comparison.GT), when_false=_compare_now(Comparison.LE), is_relative=True)
PATH = _operator("path", "Conditions on the values at paths; all of them must hold.", Argument.PATHS, _all_paths)
HAS_KEY = _operator("hasKey", "Has this key, or, as a list, this text.", Argument.TEXT,
    _test_json(JsonOperator.HAS_KEY))
HAS_ANY_KEYS = _operator("hasAnyKeys", "Has at least one of these keys; an empty list matches nothing.", Argument.TEXTS,
    _test_json(JsonOperator.HAS_ANY_KEY))
HAS_ALL_KEYS = _operator("hasAllKeys", "Has each of these keys; an empty list matches every value, but not NULL.",
    Argument.TEXTS, _test_json(JsonOperator.HAS_ALL_KEYS))
JSON_IS_EMPTY = _operator("isEmpty",
    "Is an object or a list without members, or, where false, another value (a NULL never matches).",
    Argument.FLAG, _test_json(JsonOperator.IS_EMPTY), when_false=_test_json(JsonOperator.HAS_MEMBERS))

AT_PATH = (
    _at_path("eq", EQ.description, Argument.VALUE, JsonOperator.EQ, when_null=JsonOperator.IS_NULL),
    _at_path("neq", NEQ.description, Argument.VALUE, JsonOperator.NE, when_null=JsonOperator.IS_NOT_NULL),
    _at_path("gt", "Greater than a text, a number or a boolean; values of other types never match.", Argument.VALUE,
        JsonOperator.GT, is_typed=True),
    _at_path("gte", "Greater than or equal to, as for `gt`.", Argument.VALUE, JsonOperator.GE, is_typed=True),
    _at_path("lt", "Less than, as for `gt`.", Argument.VALUE, JsonOperator.LT, is_typed=True),
    _at_path("lte", "Less than or equal to, as for `gt`.", Argument.VALUE, JsonOperator.LE, is_typed=True),
    _at_path("contains",
        "A text has this one in it, whatever the case; another value contains this one, as by PostgreSQL's @>.",
        Argument.VALUE, JsonOperator.CONTAINS, pattern=lambda text: f"%{_literal(text)}%"),
    _at_path("in", IN.description, Argument.VALUES, JsonOperator.AMONG),
    _at_path("notIn", NOT_IN.description, Argument.VALUES, JsonOperator.NOT_AMONG),
    _at_path("between", "From the first to the second of two values, both included, as for `gt`.", Argument.RANGE,
        JsonOperator.GE, JsonOperator.LE, is_typed=True),
    _at_path("startsWith", "A text that starts with this one, whatever the case.", Argument.TEXT, JsonOperator.ILIKE,
        pattern=lambda text: f"{_literal(text)}%"),
    _at_path("endsWith", "A text that ends with this one, whatever the case.", Argument.TEXT, JsonOperator.ILIKE,
        pattern=lambda text: f"%{_literal(text)}"),
    _at_path("like", "A text that matches this pattern: % is any text, _ any character, the backslash escapes.",
        Argument.TEXT, JsonOperator.LIKE, pattern=_checked_pattern),
    _at_path("ilike", "A text that matches this pattern, whatever the case.", Argument.TEXT, JsonOperator.ILIKE,
        pattern=_checked_pattern),
    _at_path("ieq", "A text equal to this one, whatever the case.", Argument.TEXT, JsonOperator.ILIKE,
        pattern=_literal),
    _at_path("hasKey", HAS_KEY.description, Argument.TEXT, JsonOperator.HAS_KEY),
    _at_path("hasAnyKeys", HAS_ANY_KEYS.description, Argument.TEXTS, JsonOperator.HAS_ANY_KEY),
    _at_path("hasAllKeys", HAS_ALL_KEYS.description, Argument.TEXTS, JsonOperator.HAS_ALL_KEYS),
    _at_path("isEmpty", "Is an object or a list without members, or, where false, another value.", Argument.FLAG,
        JsonOperator.IS_EMPTY, JsonOperator.HAS_MEMBERS),
    _at_path("is", "Is NULL (not there, or null) or NOT_NULL.", Argument.PRESENCE, JsonOperator.IS_NULL,
        JsonOperator.IS_NOT_NULL, when_null=JsonOperator.IS_NULL),
    _at_path("isNot", "Is not NULL, or is not NOT_NULL.", Argument.PRESENCE, JsonOperator.IS_NOT_NULL,
        JsonOperator.IS_NULL, when_null=JsonOperator.IS_NOT_NULL),
)
"""Those on the value at a path in a JSON document."""
# fmt: on

PRESENCE = (IS, IS_NOT)
EQUALITY = (EQ, NEQ, IN, NOT_IN, *PRESENCE)
ORDERED = (EQ, NEQ, IN, NOT_IN, GT, GTE, LT, LTE, BETWEEN, *PRESENCE)
DATED = (*(one for one in ORDERED if one not in PRESENCE), WITHIN, IS_TODAY, IN_PAST, IN_FUTURE, *PRESENCE)
TEXT = (EQ, NEQ, IN, NOT_IN, GT, GTE, LT, LTE, BETWEEN, CONTAINS, STARTS_WITH, ENDS_WITH, LIKE, ILIKE, IEQ, *PRESENCE)
DOCUMENT = (JSON_CONTAINS, PATH, HAS_KEY, HAS_ANY_KEYS, HAS_ALL_KEYS, JSON_IS_EMPTY, *PRESENCE)
LIST = (CONTAINS_ANY, CONTAINS_ALL, IS_EMPTY, *PRESENCE)
SEARCHED = (SEARCH, *PRESENCE)
ALL = tuple(dict.fromkeys((*EQUALITY, *ORDERED, *DATED, *TEXT, *DOCUMENT, *LIST, *SEARCHED)))


def meant(operator: Operator, value: JsonValue) -> Operator:
    """Return the operator that one means with a value: `is: true`, which Twenty's clients write, is `eq: true`."""
    if not isinstance(value, bool):
        return operator
    return EQ if operator is IS else NEQ if operator is IS_NOT else operator
