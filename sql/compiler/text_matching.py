"""Conditions that a text holds another one, is like a pattern, or has its key in a range."""

from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.terms import Expression
from fieldstone.sql.compiler.text_keys import computed_once, text_key
from fieldstone.sql.plan.elements import Comparison, KeyRange, Matches, Place, Resembles
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.text_order import FOLD, HIGH, LOW

_ANYTHING = expressions.text_literal("%")
_BEFORE = (Place.ANYWHERE, Place.END)
_BEHIND = (Place.ANYWHERE, Place.START)


def compile_resembling(condition: Resembles, text: Expression) -> Expression:
    """Return the condition that the text has the parameter's in its place."""
    wanted = _raw(condition.text)
    if not condition.keeps_accents:
        return _folded(condition.place, text, wanted)
    exact = expressions.matches(text, _pattern(condition.place, wanted), case_sensitive=False)
    return expressions.all_of((_folded(condition.place, text, wanted), exact)) if condition.narrowed else exact


def compile_matching(condition: Matches, text: Expression) -> Expression:
    """Return the condition that the text matches the parameter's pattern."""
    exact = expressions.matches(text, expressions.parameter(condition.pattern), case_sensitive=condition.case_sensitive)
    if not condition.narrowed:
        return exact
    # Protected characters and single ones may be anything in the folded text: it has no accents on their own, which a
    # pattern counts as characters, and folding makes wildcards of some characters.
    known = expressions.call(
        "regexp_replace", _raw(condition.pattern), Expression("'\\\\.'"), _ANYTHING, expressions.text_literal("g")
    )
    loose = expressions.call("translate", _fold(known), expressions.text_literal("\\_"), expressions.text_literal("%%"))
    return expressions.all_of((expressions.matches(_fold(text), computed_once(loose), case_sensitive=True), exact))


def compile_range(condition: KeyRange, text: Expression) -> Expression:
    """Return the condition that the text's key is in the range of the parameter's."""
    bounds = (_raw(condition.text), expressions.TRUE if condition.whole else expressions.FALSE)
    key = text_key(text)
    return expressions.all_of(
        (
            expressions.compare(key, Comparison.GE, computed_once(expressions.call(LOW, *bounds))),
            expressions.compare(key, Comparison.LT, computed_once(expressions.call(HIGH, *bounds))),
        )
    )


def _raw(parameter: Parameter) -> Expression:
    """Return the parameter, for a value that is computed from it once."""
    return expressions.parameter(replace(parameter, unplanned=False) if parameter.unplanned else parameter)


def _fold(text: Expression) -> Expression:
    return expressions.call(FOLD, text)


def _folded(place: Place, text: Expression, wanted: Expression) -> Expression:
    if place is Place.WHOLE:
        return expressions.equal(_fold(text), computed_once(_fold(wanted)))
    # Folded first, and then escaped: folding makes wildcards of their full-width forms.
    return expressions.matches(_fold(text), _pattern(place, _fold(wanted)), case_sensitive=True)


def _pattern(place: Place, wanted: Expression) -> Expression:
    """Return the LIKE pattern of texts that have this one in their place."""
    escaped = expressions.call(
        "regexp_replace",
        wanted,
        Expression("'([\\\\%_])'"),
        Expression("'\\\\\\1'"),
        expressions.text_literal("g"),
    )
    parts = [escaped]
    if place in _BEFORE:
        parts.insert(0, _ANYTHING)
    if place in _BEHIND:
        parts.append(_ANYTHING)
    return computed_once(expressions.concatenation(parts))
