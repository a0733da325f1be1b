"""Conversions between column types: the new value of each value, and the values that lose a part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from psycopg import sql

from fieldstone.sql.frozen import frozen
from fieldstone.sql.types import SqlType

Term = sql.Composable

_NUMBERS = frozenset({SqlType.INTEGER, SqlType.BIGINT, SqlType.NUMERIC, SqlType.DOUBLE})
_BOUNDS: Mapping[SqlType, tuple[int, int]] = {
    SqlType.INTEGER: (-(1 << 31), (1 << 31) - 1),
    SqlType.BIGINT: (-(1 << 63), (1 << 63) - 1),
}

# The patterns match only texts that the casts behind them surely take; [0-9], as \d means other digits too.
_NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
_DATE = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

_MOST_DIGITS = 900


@frozen
class Conversion:
    """The conversion of a column's values.

    Attributes:
        value: the new value, NULL where there is none for it.
        kept: the condition that no part of the old value is lost; None where it holds for every value.
        is_same: the values stay as they are, down to their bytes.
    """

    value: Term
    kept: Term | None
    is_same: bool = False


def convert(
    column: Term, source: SqlType, target: SqlType, *, options: Sequence[str] | None = None
) -> Conversion | None:
    """Return how the values of a column become those of another type; None where there is no such conversion.

    Args:
        column: the column, or an expression.
        source: its type.
        target: the type that its values get.
        options: the texts that a new value may have, in their order; None for any.
    """
    if options is not None:
        return _to_options(column, source, target, options)
    if source is target:
        return Conversion(value=column, kept=None, is_same=True)
    match target:
        case SqlType.TEXT:
            return _to_text(column, source)
        case SqlType.JSONB:
            # In JSON a time is the text that the API shows.
            shown = column if source not in {SqlType.DATE, SqlType.TIMESTAMP} else _text_of(column, source)
            return None if shown is None else Conversion(value=_sql("to_jsonb({0})", shown), kept=None)
        case SqlType.TEXT_ARRAY if source is SqlType.TEXT:
            return Conversion(value=_sql("CASE WHEN {0} IS NOT NULL THEN ARRAY[{0}] END", column), kept=None)
        case _ if target in _NUMBERS:
            return _to_number(column, source, target)
        case _:
            return _from_text(column, source, target) or _between_others(column, source, target)


def to_micros(column: Term, source: SqlType) -> Conversion | None:
    """Return how numbers, or the texts of such, become millionths; None where the column has none."""
    number = _number_of(column, source)
    return None if number is None else convert(_sql("({0} * 1000000)", number), SqlType.NUMERIC, SqlType.BIGINT)


def from_micros(column: Term, target: SqlType) -> Conversion | None:
    """Return how millionths become numbers; None where the target is none."""
    if target not in _NUMBERS:
        return None
    conversion = convert(_sql("trim_scale({0} * 0.000001)", column), SqlType.NUMERIC, target)
    return None if conversion is None else replace(conversion, is_same=False)


def convert_back(
    column: Term, source: SqlType, target: SqlType, *, options: Sequence[str] | None = None
) -> Conversion | None:
    """Return how values become again those that `convert` made them of; None where there are no such values."""
    if source is SqlType.JSONB and target is SqlType.TEXT_ARRAY:
        return _from_json_list(column, options)
    is_spelled = source is SqlType.BOOLEAN and options is not None
    text = _spell(column, options or ()) if is_spelled else _text_of(column, source)
    conversion = None if text is None else convert(text, SqlType.TEXT, target, options=options)
    return None if conversion is None else replace(conversion, is_same=False)


def _spell(column: Term, options: Sequence[str]) -> Term:
    """Return the option that was read as a truth value; none where several were."""
    found = {word: [option for option in options if option.lower() == word] for word in ("true", "false")}
    true, false = (sql.Literal(spelled[0] if len(spelled) == 1 else None) for spelled in found.values())
    return _sql("CASE {0} WHEN true THEN {1}::text WHEN false THEN {2}::text END", column, true, false)


def _from_json_list(column: Term, options: Sequence[str] | None) -> Conversion:
    # No subquery can stand in the USING of ALTER TABLE; a column of pg_class has the type.
    items = _sql(
        "CASE WHEN jsonb_typeof({0}) = 'array' AND NOT jsonb_path_exists({0}, 'strict $[*] ? (@.type() != \"string\")')"
        " THEN (jsonb_populate_record(NULL::pg_catalog.pg_class, jsonb_build_object('reloptions', {0}))).reloptions"
        " END",
        column,
    )
    chosen = convert(items, SqlType.TEXT_ARRAY, SqlType.TEXT_ARRAY, options=options)
    is_known = _sql("({0}) IS NOT NULL", items)
    kept = is_known if chosen is None or chosen.kept is None else chosen.kept
    return Conversion(value=items, kept=kept)


def is_empty(column: Term, source: SqlType, *, default: str | None = None) -> Term:
    """Return the condition that there is nothing in a column that anybody would miss: nor is its default value."""
    nothing = ["[]", "{}", "null"] if source is SqlType.JSONB else [""]
    empty = _sql("{0} IS NULL OR {0}::text = ANY ({1})", column, sql.Literal(nothing))
    if default is None:
        return _sql("({0})", empty)
    return _sql("({0} OR {1} = {2}::{3})", empty, column, sql.Literal(default), sql.SQL(source.value))


def _sql(template: str, *terms: Term) -> sql.Composed:
    return sql.SQL(template).format(*terms)


def _to_options(column: Term, source: SqlType, target: SqlType, options: Sequence[str]) -> Conversion | None:
    known = sql.Literal(list(options))
    match source, target:
        case SqlType.TEXT, SqlType.TEXT:
            kept = _sql("{0} = ANY ({1})", column, known)
            return Conversion(value=_sql("CASE WHEN {1} THEN {0} END", column, kept), kept=kept, is_same=True)
        case SqlType.TEXT, SqlType.TEXT_ARRAY:
            kept = _sql("{0} = ANY ({1})", column, known)
            return Conversion(value=_sql("CASE WHEN {1} THEN ARRAY[{0}] END", column, kept), kept=kept)
        case SqlType.TEXT_ARRAY, SqlType.TEXT:
            first = _sql("CASE WHEN {0}[1] = ANY ({1}) THEN {0}[1] END", column, known)
            kept = _sql("cardinality({0}) = 0 OR (cardinality({0}) = 1 AND {0}[1] = ANY ({1}))", column, known)
            return Conversion(value=first, kept=kept)
        case SqlType.TEXT_ARRAY, SqlType.TEXT_ARRAY:
            chosen = _sql(
                "CASE WHEN {0} IS NOT NULL THEN ARRAY(SELECT option FROM unnest({1}::text[]) AS option"
                " WHERE option = ANY ({0})) END",
                column,
                known,
            )
            kept = _sql(
                "{0} <@ {1}::text[] AND cardinality({0}) = (SELECT count(DISTINCT item) FROM unnest({0}) AS item)",
                column,
                known,
            )
            return Conversion(value=chosen, kept=kept, is_same=True)
        case _:
            return None


def _text_of(column: Term, source: SqlType) -> Term | None:
    match source:
        case SqlType.DATE:
            return _sql("to_char({0}, 'YYYY-MM-DD')", column)
        case SqlType.TIMESTAMP:
            return _sql("(to_json(timezone('UTC', {0})) #>> '{{}}') || 'Z'", column)
        case SqlType.JSONB:
            return _sql("CASE jsonb_typeof({0}) WHEN 'string' THEN {0} #>> '{{}}' ELSE {0}::text END", column)
        case SqlType.UUID | SqlType.BOOLEAN | SqlType.INTEGER | SqlType.BIGINT | SqlType.NUMERIC | SqlType.DOUBLE:
            return _sql("{0}::text", column)
        case _:
            return None


def _to_text(column: Term, source: SqlType) -> Conversion | None:
    if source is SqlType.TEXT_ARRAY:
        value = _sql("CASE WHEN cardinality({0}) > 0 THEN array_to_string({0}, ', ') END", column)
        return Conversion(value=value, kept=_sql("cardinality({0}) < 2", column))
    text = _text_of(column, source)
    return None if text is None else Conversion(value=text, kept=None)


def _number_of(column: Term, source: SqlType) -> Term | None:
    match source:
        case SqlType.DOUBLE:
            # A cast would keep fifteen digits.
            return _sql("{0}::text::numeric", column)
        case SqlType.INTEGER | SqlType.BIGINT | SqlType.NUMERIC:
            return _sql("{0}::numeric", column)
        case SqlType.BOOLEAN:
            return _sql("{0}::integer::numeric", column)
        case SqlType.TEXT:
            return _sql(
                "CASE WHEN length({0}) <= {1} AND {0} ~ {2} THEN {0}::numeric END",
                column,
                sql.Literal(_MOST_DIGITS),
                sql.Literal(_NUMBER),
            )
        case _:
            return None


def _to_number(column: Term, source: SqlType, target: SqlType) -> Conversion | None:
    number = _number_of(column, source)
    if number is None:
        return None
    is_widening = source is SqlType.BOOLEAN or (source is SqlType.INTEGER and target is not SqlType.INTEGER)
    if target is SqlType.NUMERIC:
        return Conversion(value=number, kept=_sql("({0}) IS NOT NULL", number) if source is SqlType.TEXT else None)
    if bounds := _BOUNDS.get(target):
        low, high = map(sql.Literal, bounds)
        fits = _sql("round({0}) BETWEEN {1} AND {2}", number, low, high)
        value = _sql("CASE WHEN {1} THEN round({0})::{2} END", number, fits, sql.SQL(target.value))
        return Conversion(value=value, kept=None if is_widening else _sql("{1} AND {0} = round({0})", number, fits))
    # Nearer to zero there is nothing but zero, further away nothing at all.
    value = _sql("CASE WHEN abs({0}) < 1e-300 THEN 0 WHEN abs({0}) < 1e308 THEN ({0})::double precision END", number)
    return Conversion(value=value, kept=None if is_widening else _sql("({1})::text::numeric = {0}", number, value))


def _from_text(column: Term, source: SqlType, target: SqlType) -> Conversion | None:
    if source is not SqlType.TEXT:
        return None
    match target:
        case SqlType.UUID:
            value: Term = _sql("CASE WHEN {0} ~ {1} THEN {0}::uuid END", column, sql.Literal(_UUID))
        case SqlType.BOOLEAN:
            value = _sql("CASE lower({0}) WHEN 'true' THEN true WHEN 'false' THEN false END", column)
        case SqlType.DATE:
            value = _sql("CASE WHEN {1} THEN {0}::date END", column, _is_day(column, f"^{_DATE}$"))
        case SqlType.TIMESTAMP:
            is_local = _sql("{0} !~ {1}", column, sql.Literal(f"{_TIME}{_OFFSET}$"))
            pattern = f"^{_DATE}({_TIME}{_OFFSET}?)?$"
            moment = _sql(
                "CASE WHEN {1} THEN (CASE WHEN length({0}) = 10 THEN {0} || 'T00:00Z' WHEN {2} THEN {0} || 'Z' ELSE {0}"
                " END)::timestamptz END",
                column,
                _is_day(column, pattern),
                is_local,
            )
            # By its offset it may be in another year than the written one, in one that the API does not have.
            value = _sql("CASE WHEN extract(year FROM {0} AT TIME ZONE 'UTC') BETWEEN 1 AND 9999 THEN {0} END", moment)
        case _:
            return None
    return Conversion(value=value, kept=_sql("({0}) IS NOT NULL", value))


def _is_day(column: Term, pattern: str) -> Term:
    """Return whether a text has the pattern and begins with a day that exists in its month."""
    return _sql(
        "CASE WHEN {0} ~ {1} THEN substr({0}, 9, 2)::integer <="
        " extract(day FROM (left({0}, 7) || '-01')::date + interval '1 month' - interval '1 day') ELSE false END",
        column,
        sql.Literal(pattern),
    )


def _between_others(column: Term, source: SqlType, target: SqlType) -> Conversion | None:
    match source, target:
        case SqlType.DATE, SqlType.TIMESTAMP:
            return Conversion(value=_sql("{0}::timestamp AT TIME ZONE 'UTC'", column), kept=None)
        case SqlType.TIMESTAMP, SqlType.DATE:
            day = _sql("({0} AT TIME ZONE 'UTC')::date", column)
            return Conversion(value=day, kept=_sql("{1}::timestamp AT TIME ZONE 'UTC' = {0}", column, day))
        case _, SqlType.BOOLEAN if source in _NUMBERS:
            value = _sql("CASE {0} WHEN 1 THEN true WHEN 0 THEN false END", column)
            return Conversion(value=value, kept=_sql("{0} IN (0, 1)", column))
        case _:
            return None
